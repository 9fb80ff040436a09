// "3 minutes ago" stays true while the page is open.

const TICK_MS = 10_000;
const JUST_NOW_S = 45;
const RECENT_S = 7 * 86_400;
const STEPS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

const language = document.documentElement.lang;
const relative = new Intl.RelativeTimeFormat(language, { numeric: "always" });
const justNow = document.documentElement.dataset.justNow;

// The server's clock is the one that counts: a wrong clock of this computer must not make a machine look silent.
const skew_ms = Number(document.documentElement.dataset.now) * 1000 - Date.now();

export function startClock() {
  setInterval(() => tellTimes(document), TICK_MS);
}

export function tellTimes(root) {
  for (const element of root.querySelectorAll("time[data-ago]")) {
    element.textContent = ago(new Date(element.dateTime), element.dataset.ago);
  }
}

// What is long past has a date, as the server wrote it: by the clock of the place, not of this computer.
function ago(moment, date) {
  const past_s = Math.round((Date.now() + skew_ms - moment.getTime()) / 1000);
  if (Math.abs(past_s) < JUST_NOW_S) return justNow;
  if (past_s > RECENT_S) return date;
  const [unit, length_s] = STEPS.find(([, length]) => Math.abs(past_s) >= length * 1.2) ?? STEPS.at(-1);
  return relative.format(-Math.round(past_s / length_s), unit);
}
