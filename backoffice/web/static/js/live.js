// Live updates. An event says only that something changed; the page is then asked for again and its live regions are
// exchanged. So there is one template for what a reader sees, and nothing is missed: a page knows its moment, and compares
// it with what it hears.

import { wishOf } from "./live/backoff.js";
import { exchange } from "./live/exchange.js";
import { listen } from "./live/listen.js";
import { Mark } from "./live/mark.js";
import { Refresh } from "./live/refresh.js";
import { Seen } from "./live/seen.js";
import { html } from "./trusted.js";

const ANSWER_MAX_MS = 30_000;

const parser = new DOMParser();
const regions = [...document.querySelectorAll("[data-live-on]")];
const topics = [...new Set(regions.flatMap(topicsOf))];
const { moment, login } = document.querySelector("script[data-moment]")?.dataset ?? {};

export function startLive(renewed) {
  if (!topics.length || moment === undefined) return;
  const mark = new Mark();
  const seen = new Seen(topics, moment);
  let state = { epoch: "", from: 0, last: {}, spread_ms: 0 };

  const refresh = new Refresh(() => seen.stale(state).length > 0, ask, () => state.spread_ms);
  const stopListening = listen(login, (newer) => {
    const happened = topics.filter((topic) => newer.last[topic] > (state.last[topic] ?? newer.from));
    state = newer;
    mark.hear(state);
    if (state.link === "ended") return end();
    if (happened.length) mark.beat(happened);
    refresh.consider();
  });

  async function ask() {
    const reason = state;
    const stale = seen.stale(reason);
    const asked = stale.length ? stale : topics;
    const { page, ...answer } = await load();
    if (answer.ended) end();
    else mark.renewed(answer.ok);
    if (answer.ok) {
      renew(page, asked, renewed);
      seen.renewed(asked, page.querySelector("script[data-moment]").dataset.moment, reason);
    }
    return answer;
  }

  function end() {
    stopListening();
    refresh.stop();
    mark.ended();
  }
}

// This page, as it is now: `{ ok, page }`, or `{ wish_ms }` if that failed, or `{ ended }` with its log-in.
async function load() {
  try {
    const answer = await fetch(location.href, {
      headers: { accept: "text/html" },
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_MAX_MS),
    });
    if (answer.type === "opaqueredirect" || answer.status === 401) return { ended: true };
    if (!answer.ok) return { ok: false, wish_ms: wishOf(answer) };
    const page = parser.parseFromString(html(await answer.text()), "text/html");
    const whose = page.querySelector("script[data-moment]")?.dataset.login;
    return whose === login ? { ok: true, page } : { ended: true };
  } catch {
    return { ok: false };
  }
}

function renew(page, asked, renewed) {
  for (const region of regions) {
    if (!topicsOf(region).some((topic) => asked.includes(topic))) continue;
    const newer = page.getElementById(region.id);
    if (newer) exchange(region, newer);
    renewed(region);
  }
}

function topicsOf(region) {
  return region.dataset.liveOn.split(" ");
}
