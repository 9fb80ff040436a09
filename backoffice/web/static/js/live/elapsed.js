// Time that has passed, also while the computer slept (which some browsers' steady clock does not count) and also when
// somebody has set the computer's clock back (which its calendar does not survive).

export class Elapsed {
  constructor() {
    this.begin();
  }

  begin() {
    this.steady_ms = performance.now();
    this.calendar_ms = Date.now();
  }

  get ms() {
    return Math.max(performance.now() - this.steady_ms, Date.now() - this.calendar_ms);
  }
}
