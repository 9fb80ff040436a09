// How long to wait before the next attempt, counted down. Without a script the sentence says what it said at first.

const TICK_MS = 250;
const STEPS = [
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

const place = document.querySelector("[data-wait]");

if (place) {
  const words = place.querySelector("strong");
  const end_ms = performance.now() + Number(place.dataset.wait) * 1000;
  place.removeAttribute("role"); // it was said once; nobody wants to hear every second
  const tick = setInterval(() => {
    const left_s = Math.ceil((end_ms - performance.now()) / 1000);
    words.textContent = left_s > 0 ? place.dataset.words.replace("{time}", span(left_s)) : place.dataset.over;
    if (left_s <= 0) clearInterval(tick);
  }, TICK_MS);
}

function span(seconds) {
  const [unit, unit_s] = STEPS.find(([, length_s]) => seconds > 2 * length_s) ?? STEPS.at(-1);
  const language = document.documentElement.lang;
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(Math.ceil(seconds / unit_s));
}
