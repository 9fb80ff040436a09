// When a page asks for itself again: one question at a time, however much happens; those of many pages not at once; none
// while nobody looks; after a failure later and later, and not before the server wishes it.

import { backoff_ms } from "./backoff.js";
import { Elapsed } from "./elapsed.js";

const AT_MOST_EVERY_MS = 1_000;
const AT_LEAST_EVERY_MS = 300_000; // some things change with no event: a machine falls silent, a day ends

export class Refresh {
  #due;
  #ask;
  #spread_ms;
  #timer = null;
  #asking = false;
  #failures = 0;
  #last = new Elapsed();
  #rest_ms = 0; // so long after the last question none is asked
  #oldTimer = null;

  // `due()`: is there a reason to ask? `ask()` asks; an object with `ok`, and `wish_ms` of a failure.
  // `spread_ms()`: over which time the questions of all pages are to be spread.
  constructor(due, ask, spread_ms) {
    this.#due = due;
    this.#ask = ask;
    this.#spread_ms = spread_ms;
    document.addEventListener("visibilitychange", this.consider);
    this.#grow();
  }

  consider = () => {
    if (this.#timer || this.#asking || document.hidden) return;
    const old = this.#last.ms >= AT_LEAST_EVERY_MS;
    if (!old && !this.#failures && !this.#due()) return;
    const wait_ms = Math.max(0, this.#rest_ms - this.#last.ms) + Math.random() * this.#spread_ms();
    this.#timer = setTimeout(() => this.#act(), wait_ms);
  };

  stop() {
    document.removeEventListener("visibilitychange", this.consider);
    clearTimeout(this.#timer);
    clearTimeout(this.#oldTimer);
    this.#asking = true; // for ever
  }

  async #act() {
    this.#timer = null;
    this.#asking = true;
    this.#last.begin();
    const { ok, ended, wish_ms = 0 } = await this.#ask();
    if (ended) return this.stop();
    this.#asking = false;
    this.#failures = ok ? 0 : this.#failures + 1;
    this.#rest_ms = ok ? AT_MOST_EVERY_MS : backoff_ms(this.#failures, wish_ms);
    this.#grow();
    this.consider();
  }

  #grow() {
    clearTimeout(this.#oldTimer);
    this.#oldTimer = setTimeout(this.consider, AT_LEAST_EVERY_MS * (1 + Math.random() / 5));
  }
}
