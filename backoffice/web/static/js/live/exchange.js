// A newer page's regions take the place of those on the screen, element by element, so that what the reader holds (focus,
// an open table, a drawn chart) stays.

const FRESH_MS = 2_500;

export function exchange(region, newer) {
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
