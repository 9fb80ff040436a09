// A shared worker: the one stream of all tabs that belong to one log-in, whose key is the worker's name. A tab says "here"
// when it wants to hear, and after each state that it was told; so nothing piles up before one that sleeps, and one that
// is gone without a word is forgotten. A tab that wakes says "here" and is told how things stand now.

import { Elapsed } from "./elapsed.js";
import { Stream } from "./stream.js";

const BEAT_MS = 10_000; // tabs take silence for the worker's end
const FORGET_MS = 60_000;

const tabs = new Map(); // port -> since when its answer is awaited, and whether there is more to tell
const stream = new Stream(self.name, tellAll);

self.onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data }) => (data === "leave" ? forget(port) : answered(port));
};
setInterval(tellAll, BEAT_MS);

function answered(port) {
  const more = tabs.get(port)?.more ?? true;
  tabs.set(port, { waiting: null, more: false });
  stream.start();
  if (more) tell(port);
}

function tellAll() {
  for (const [port, { waiting }] of tabs) {
    if (waiting?.ms > FORGET_MS) forget(port);
    else tell(port);
  }
}

function tell(port) {
  const tab = tabs.get(port);
  if (tab.waiting) tab.more = true;
  else {
    tab.waiting = new Elapsed();
    port.postMessage(stream.state);
  }
}

function forget(port) {
  tabs.delete(port);
  if (!tabs.size) stream.stop();
}
