// A newer page's regions take the place of those on the screen, element by element, so that what the reader holds (focus,
// an open table, a drawn chart) stays.

const FRESH_MS = 2_500;

export function exchange(region, newer) {
  const before = keyed(region);
  const held = region.contains(document.activeElement) && region !== document.activeElement ? document.activeElement : null;
  const scrolled = [...region.querySelectorAll(".chart-table")].map((table) => [table, table.scrollTop]);
  document.adoptNode(newer);
  keepCharts(region, newer);
  region.replaceChildren(...newer.childNodes);
  for (const [table, top] of scrolled) table.scrollTop = top;
  if (held) (held.isConnected ? held : sameIn(region, held))?.focus({ preventScroll: true });
  markFresh(region, before);
}

// A drawn chart stays with all that is open and chosen in it; its table gets the newer rows.
function keepCharts(region, newer) {
  for (const figure of region.querySelectorAll("[data-chart]")) {
    const fresh = newer.querySelector(`[data-chart="${CSS.escape(figure.dataset.chart)}"]`);
    if (!fresh) continue;
    figure.querySelector("tbody").replaceWith(fresh.querySelector("tbody"));
    fresh.replaceWith(figure);
  }
}

function sameIn(region, held) {
  const href = held.getAttribute("href");
  const address = held.id ? `#${CSS.escape(held.id)}` : href && `[href="${CSS.escape(href)}"]`;
  return address ? region.querySelector(address) : null;
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
