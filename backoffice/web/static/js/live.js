// Live updates. An event says only that something changed; the page is then asked for again and its live regions are
// exchanged. So there is one template for what a reader sees, and nothing is missed: the stream is told at which moment the
// page was made, and says so if something has happened since, at its first connection as after a lost one.

import { html } from "./trusted.js";

const AT_MOST_EVERY_MS = 1_000;
const FRESH_MS = 2_500;
const JUST_NOW_MS = 8_000;

let saying;
const parser = new DOMParser();

export function startLive(renewed) {
  const regions = [...document.querySelectorAll("[data-live-on]")];
  const topics = new Set(regions.flatMap((region) => region.dataset.liveOn.split(" ")));
  if (!topics.size) return;

  const refresh = atMostEvery(AT_MOST_EVERY_MS, (changed) => renew(changed, renewed));
  const { moment = "" } = document.querySelector("script[data-moment]")?.dataset ?? {};
  const stream = new EventSource(`/events?since=${moment}`);

  stream.addEventListener("open", () => show("live"));
  stream.addEventListener("error", () => show("lost"));
  stream.addEventListener("missed", () => refresh([...topics]));
  for (const topic of topics) {
    stream.addEventListener(topic, () => {
      beat(topic);
      refresh([topic]);
    });
  }
}

// The first call acts at once; those that come too soon after are joined into one.
function atMostEvery(interval_ms, act) {
  let waiting = null;
  let free = true;
  const run = async (topics) => {
    free = false;
    const started = Date.now();
    await act(topics);
    setTimeout(() => {
      free = true;
      if (!waiting) return;
      const joined = [...waiting];
      waiting = null;
      run(joined);
    }, Math.max(0, interval_ms - (Date.now() - started)));
  };
  return (topics) => {
    if (free) return void run(topics);
    waiting = new Set([...(waiting ?? []), ...topics]);
  };
}

async function renew(topics, renewed) {
  let answer;
  try {
    answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "manual" });
  } catch {
    return show("lost");
  }
  if (answer.type === "opaqueredirect" || answer.status === 401) return location.reload(); // signed out meanwhile
  if (!answer.ok) return show("lost");
  const page = parser.parseFromString(html(await answer.text()), "text/html");
  for (const region of document.querySelectorAll("[data-live-on]")) {
    if (!region.dataset.liveOn.split(" ").some((topic) => topics.includes(topic))) continue;
    const newer = page.getElementById(region.id);
    if (newer) exchange(region, newer);
    renewed(region);
  }
}

// Element by element, so that what the reader holds (focus, an open table, a drawn chart) stays.
function exchange(region, newer) {
  const before = keyed(region);
  if (region.querySelector("[data-chart]")) {
    exchangeCharts(region, newer);
  } else if (!region.contains(document.activeElement) || region === document.activeElement) {
    region.replaceChildren(...document.adoptNode(newer).childNodes);
  } else {
    keepFocus(region, newer);
  }
  markFresh(region, before);
}

function exchangeCharts(region, newer) {
  const bodies = newer.querySelectorAll("[data-chart] tbody");
  region.querySelectorAll("[data-chart] tbody").forEach((body, index) => {
    if (bodies[index]) body.replaceWith(document.adoptNode(bodies[index]));
  });
}

function keepFocus(region, newer) {
  const held = document.activeElement;
  const address = held.id ? `#${CSS.escape(held.id)}` : held.getAttribute("href") && `[href="${CSS.escape(held.getAttribute("href"))}"]`;
  region.replaceChildren(...document.adoptNode(newer).childNodes);
  if (address) region.querySelector(address)?.focus({ preventScroll: true });
}

function keyed(region) {
  return new Map([...region.querySelectorAll("[data-key]")].map((one) => [one.dataset.key, one.dataset.value]));
}

// What is new, or shows another value than before, lights up for a moment.
function markFresh(region, before) {
  for (const one of region.querySelectorAll("[data-key]")) {
    if (before.has(one.dataset.key) && before.get(one.dataset.key) === one.dataset.value) continue;
    one.classList.add("fresh");
    setTimeout(() => one.classList.remove("fresh"), FRESH_MS);
  }
}

function show(state) {
  const mark = document.getElementById("live-state");
  if (!mark) return;
  mark.dataset.state = state;
  say(mark, state === "live" ? mark.dataset.liveWords : mark.dataset.lostWords);
}

// The mark pulses and says for a while what has just happened.
function beat(topic) {
  const mark = document.getElementById("live-state");
  if (!mark) return;
  mark.classList.remove("beat");
  void mark.offsetWidth; // begins the pulse anew
  mark.classList.add("beat");
  if (topic !== "debit") return;
  say(mark, mark.dataset.debitWords);
  clearTimeout(saying);
  saying = setTimeout(() => show(mark.dataset.state), JUST_NOW_MS);
}

function say(mark, words) {
  const place = mark.querySelector(".words");
  if (place.textContent !== words) place.textContent = words;
}
