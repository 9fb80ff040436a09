// The mark of a page that moves: whether it does, and of which moment what it shows is. "Live" stands beside the time at
// which the server was last heard: whatever stands still, that time stays true.

const TICK_MS = 5_000;
const SILENCE_MAX_MS = 35_000; // more than three of the server's signs of life
const JUST_NOW_MS = 8_000;

const language = document.documentElement.lang;
const clock = new Intl.DateTimeFormat(language, { timeStyle: "medium" });
const calendar = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });

export class Mark {
  #place = document.getElementById("live-state");
  #heard = { link: "wait", heard_at: 0 };
  #shown_at = Date.now(); // what the page shows is of this moment
  #failed = false; // what it shows could not be renewed
  #debit_at = 0;

  constructor() {
    if (!this.#place) return;
    setInterval(() => this.#show(), TICK_MS);
    addEventListener("pageshow", () => this.#show());
    document.addEventListener("visibilitychange", () => this.#show());
    this.#show();
  }

  hear(state) {
    this.#heard = state;
    this.#show();
  }

  // The page was asked for again.
  renewed(ok) {
    this.#failed = !ok;
    if (ok) this.#shown_at = Date.now();
    this.#show();
  }

  ended() {
    this.hear({ ...this.#heard, link: "ended" });
  }

  // Something has happened: the mark pulses, and says for a while what it was.
  beat(topics) {
    if (!this.#place) return;
    this.#place.classList.remove("beat");
    void this.#place.offsetWidth; // begins the pulse anew
    this.#place.classList.add("beat");
    if (!topics.includes("debit")) return;
    this.#debit_at = Date.now();
    setTimeout(() => this.#show(), JUST_NOW_MS);
    this.#show();
  }

  #show() {
    if (!this.#place) return;
    const state = this.#state();
    const { dataset } = this.#place;
    dataset.state = state;
    const fresh = state === "live" && Date.now() - this.#debit_at < JUST_NOW_MS;
    const since = state === "again" ? this.#heard.heard_at || this.#shown_at : this.#shown_at;
    this.#say(".words", dataset[fresh ? "debit" : state].replace("{time}", told(since)));
    this.#say(".at", state === "live" ? clock.format(this.#heard.heard_at) : "");
    this.#place.querySelector("a").hidden = state !== "ended";
  }

  #state() {
    const { link, heard_at } = this.#heard;
    if (link === "live" && Date.now() - heard_at > SILENCE_MAX_MS) return "again";
    return link === "live" && this.#failed ? "old" : link;
  }

  #say(part, words) {
    const place = this.#place.querySelector(part);
    if (place.textContent !== words) place.textContent = words;
  }
}

function told(moment) {
  const today = new Date(moment).toDateString() === new Date().toDateString();
  return (today ? clock : calendar).format(moment);
}
