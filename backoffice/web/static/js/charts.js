// Charts. The numbers are those of the table beside each chart; a reader without charts has them all the same.

import { scriptAddress } from "./trusted.js";

const VIEWS = new WeakMap();
const drawing = new WeakSet();
let library;

export async function drawCharts(root = document) {
  await Promise.all([...root.querySelectorAll("[data-chart]")].map(draw));
}

// After its table was renewed: the same drawing with the new rows, or another try to draw it.
export function redrawCharts(region) {
  for (const figure of region.querySelectorAll("[data-chart]")) {
    const view = VIEWS.get(figure);
    if (view) view.data("rows", rowsOf(figure)).runAsync();
    else draw(figure);
  }
}

// A figure whose chart did not come (a busy server, a lost network) opens its table instead.
async function draw(figure) {
  if (drawing.has(figure)) return;
  drawing.add(figure);
  try {
    await loadLibrary();
    await embed(figure);
  } catch (error) {
    console.warn("no chart:", error);
    if (!VIEWS.has(figure)) figure.querySelector("details").open = true;
  } finally {
    drawing.delete(figure);
  }
}

function loadLibrary() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = scriptAddress(document.querySelector("script[data-vega]").dataset.vega);
    script.addEventListener("load", resolve);
    script.addEventListener("error", () => {
      library = null; // the next one to draw asks again
      script.remove();
      reject(new Error("the chart library did not come"));
    });
    document.head.append(script);
  });
  return library;
}

async function embed(figure) {
  const answer = await fetch(`/charts/${figure.dataset.chart}.json`);
  if (!answer.ok) throw new Error(`its specification: ${answer.status}`);
  const spec = withPalette(await answer.json());
  spec.data.find((source) => source.name === "rows").values = rowsOf(figure);
  const room = figure.querySelector(".chart-view");
  room.hidden = false;
  const { view } = await window.vegaEmbed(room, spec, {
    mode: "vega",
    ast: true, // no eval: the Content-Security-Policy forbids it
    actions: false,
    defaultStyle: false,
    renderer: "svg",
    tooltip: (_handler, event, _item, value) => showTip(event, value),
  });
  VIEWS.set(figure, view);
  new ResizeObserver(() => fit(view, room)).observe(room);
}

function fit(view, room) {
  if (!room.clientWidth) return;
  view.width(room.clientWidth).height(room.clientHeight).runAsync();
}

function rowsOf(figure) {
  return [...figure.querySelectorAll("tr[data-count]")].map((row) => ({
    label: row.dataset.label,
    count: Number(row.dataset.count),
    tip: row.dataset.tip,
    today: "today" in row.dataset,
  }));
}

// The specification names our colours; Vega wants them as values.
function withPalette(spec) {
  const style = getComputedStyle(document.documentElement);
  return JSON.parse(JSON.stringify(spec), (_key, value) =>
    typeof value === "string" && value.startsWith("var(--") ? style.getPropertyValue(value.slice(4, -1)).trim() : value,
  );
}

function showTip(event, words) {
  const tip = document.getElementById("chart-tip");
  if (!tip) return;
  tip.hidden = !words;
  tip.textContent = words || "";
  if (!words) return;
  const room = tip.getBoundingClientRect();
  tip.style.left = `${Math.min(event.clientX + 12, innerWidth - room.width - 8)}px`;
  tip.style.top = `${Math.max(event.clientY - room.height - 12, 8)}px`;
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const figure of document.querySelectorAll("[data-chart]")) draw(figure);
});
