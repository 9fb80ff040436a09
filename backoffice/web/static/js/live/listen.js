// How a page hears: from the worker that it shares with the other tabs of its log-in, or, where a browser has none, from a
// stream of its own while somebody looks at it. `hear` is given the states of stream.js. What is returned ends it.

import { scriptAddress } from "../trusted.js";
import { Elapsed } from "./elapsed.js";
import { Stream } from "./stream.js";

const SILENCE_MAX_MS = 35_000;
const WATCH_MS = 5_000;

export function listen(login, hear) {
  let stop;
  try {
    stop = shared(login, hear, () => (stop = own(login, hear)));
  } catch {
    stop = own(login, hear); // no shared workers, or not for this page
  }
  return () => stop();
}

function shared(login, hear, without) {
  const silence = new Elapsed();
  let state = null;
  let port = null;

  const here = () => port.postMessage("here");
  const connect = () => {
    port?.close();
    const worker = new SharedWorker(scriptAddress(new URL("./worker.js", import.meta.url)), {
      type: "module",
      name: login,
    });
    worker.onerror = () => (stop(), without()); // its script did not come, or is not understood
    port = worker.port;
    port.onmessage = ({ data }) => {
      silence.begin();
      hear((state = data));
      here();
    };
    here();
  };
  connect();

  // A worker that does not speak any more has died, or stands still; one that never spoke is of no use here.
  const watch = setInterval(() => {
    if (silence.ms < SILENCE_MAX_MS) return;
    if (!state) return stop(), without();
    silence.begin();
    if (state.link === "live") hear((state = { ...state, link: "again" }));
    connect();
  }, WATCH_MS);
  const leave = () => port.postMessage("leave");
  const look = () => document.visibilityState === "visible" && here();
  addEventListener("pagehide", leave);
  addEventListener("pageshow", here);
  document.addEventListener("visibilitychange", look);

  function stop() {
    clearInterval(watch);
    leave();
    port.close();
    removeEventListener("pagehide", leave);
    removeEventListener("pageshow", here);
    document.removeEventListener("visibilitychange", look);
  }
  return stop;
}

function own(login, hear) {
  const stream = new Stream(login, hear);
  const look = () => (document.visibilityState === "visible" ? stream.start() : stream.stop());
  const leave = () => stream.stop();
  document.addEventListener("visibilitychange", look);
  addEventListener("pagehide", leave);
  addEventListener("pageshow", look);
  look();
  return () => {
    stream.stop();
    document.removeEventListener("visibilitychange", look);
    removeEventListener("pagehide", leave);
    removeEventListener("pageshow", look);
  };
}
