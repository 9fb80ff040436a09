// How long to wait before trying again: longer each time, never for ever, and not all at once.

const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;
const WISH_LONGEST_MS = 300_000;

// `failures` in a row so far; `wish_ms` is what the server asked for (Retry-After).
export function backoff_ms(failures, wish_ms = 0) {
  const step_ms = Math.min(FIRST_MS * 2 ** Math.min(failures, 10), LONGEST_MS);
  return Math.min(wish_ms, WISH_LONGEST_MS) + step_ms / 2 + (Math.random() * step_ms) / 2;
}

// The Retry-After of an answer; 0 when there is none. Its form with a date is for pages of another kind.
export function wishOf(answer) {
  const seconds = Number(answer.headers.get("retry-after"));
  return seconds > 0 ? seconds * 1000 : 0;
}
