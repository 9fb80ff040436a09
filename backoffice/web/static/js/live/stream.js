// The one stream of a log-in: opened, watched, and opened again after any end, until the log-in ends.
//
// It keeps a *state* and tells it; what happened is in the state, not in the telling. Whoever missed some tellings reads
// from the next what came meanwhile:
//
//   link       "wait" (not yet), "live", "again" (lost, trying again), "ended" (the log-in has ended)
//   heard_at   when the server was heard last, as this computer's calendar has it; 0: never
//   epoch      counts of another epoch cannot be compared with these
//   from       the count after which everything is known
//   last       for each topic, the count to which its last event led
//   spread_ms  over which time what an event starts is to be spread

import { backoff_ms, wishOf } from "./backoff.js";
import { Elapsed } from "./elapsed.js";
import { messages } from "./messages.js";

const OPENING_MS = 20_000; // for an answer, and from there to the first message
const PINGS_MISSED = 3;
const WATCH_MS = 5_000;
const STEADY_MS = 10_000; // a stream that lived so long was a good one

// Whether the server itself refused: a proxy between says 403 too, for reasons of its own, and its words are others.
async function isOurs(answer) {
  const said = await answer.json().catch(() => null);
  return typeof said?.error?.code === "string";
}

export class Stream {
  state = { link: "wait", heard_at: 0, epoch: "", from: 0, last: {}, spread_ms: 0 };
  #login;
  #tell;
  #running = null; // aborts the whole
  #count = 0;
  #failures = 0;
  #silence = new Elapsed();
  #silence_max_ms = OPENING_MS;

  constructor(login, tell) {
    this.#login = login;
    this.#tell = tell;
    addEventListener("online", () => this.#wake?.());
  }

  #wake = null; // ends the pause between two tries

  start() {
    if (!this.#running && this.state.link !== "ended") this.#run((this.#running = new AbortController()));
  }

  stop() {
    this.#running?.abort();
    this.#running = null;
    this.#wake?.();
    if (this.state.link !== "ended") this.state.link = "wait";
  }

  async #run(running) {
    while (!running.signal.aborted) {
      const wish_ms = await this.#listen(running);
      if (running.signal.aborted) return;
      this.#tell(structuredClone(this.state));
      if (this.state.link === "ended") return;
      await this.#pause(backoff_ms(this.#failures++, wish_ms) + Math.random() * this.state.spread_ms);
    }
  }

  // One connection, to its end. How long the server wishes to be left alone.
  async #listen(running) {
    const connection = new AbortController();
    const hangUp = () => connection.abort();
    running.signal.addEventListener("abort", hangUp);
    const watch = setInterval(() => this.#silence.ms > this.#silence_max_ms && hangUp(), WATCH_MS);
    this.#silence.begin();
    this.#silence_max_ms = OPENING_MS;
    const age = new Elapsed();
    try {
      const answer = await fetch(`/events?login=${this.#login}`, {
        headers: { accept: "text/event-stream" },
        cache: "no-store",
        redirect: "manual",
        signal: connection.signal,
      });
      if (answer.ok && answer.headers.get("content-type")?.startsWith("text/event-stream")) {
        await this.#hear(answer.body, running);
      } else {
        return await this.#refused(answer);
      }
    } catch {
      // No server, no network, a stream that broke, silence: all the same, and told by the state.
    } finally {
      hangUp();
      clearInterval(watch);
      running.signal.removeEventListener("abort", hangUp);
    }
    if (this.state.link === "live" && age.ms > STEADY_MS) this.#failures = 0;
    if (!running.signal.aborted) this.state.link = "again";
    return 0;
  }

  async #refused(answer) {
    this.state.link = answer.status === 401 || (answer.status === 403 && (await isOurs(answer))) ? "ended" : "again";
    return wishOf(answer);
  }

  async #hear(body, running) {
    for await (const complete of messages(body)) {
      if (running.signal.aborted) return;
      this.#silence.begin();
      for (const message of complete) this.#take(message);
      if (this.state.link !== "live") continue; // no greeting yet
      this.state.heard_at = Date.now();
      this.#tell(structuredClone(this.state));
    }
  }

  #take({ event, data, id }) {
    const [epoch, digits] = id.split("-");
    const count = Number(digits);
    const greeting = event === "hello";
    if (epoch !== this.state.epoch || (greeting && count !== this.#count) || event === "missed") {
      Object.assign(this.state, { epoch, from: count, last: {} });
    }
    this.#count = count;
    if (greeting || event === "ping") this.#signOfLife(JSON.parse(data));
    else if (event !== "missed") this.state.last[event] = count;
  }

  #signOfLife({ ping_ms, spread_ms }) {
    this.#silence_max_ms = PINGS_MISSED * ping_ms;
    this.state.spread_ms = spread_ms;
    this.state.link = "live";
  }

  #pause(wait_ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, wait_ms);
      this.#wake = () => (clearTimeout(timer), resolve());
    });
  }
}
