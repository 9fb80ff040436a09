// What of a page is older than what has happened. A page carries its moment, "<epoch>-<count>"; a state (stream.js) has
// the counts of what happened since. Where they cannot be compared, the page is taken for old, once for each such state.

export class Seen {
  #topics = new Map();

  constructor(topics, moment) {
    for (const topic of topics) this.#topics.set(topic, { ...parsed(moment), doubt: "" });
  }

  stale(state) {
    return [...this.#topics.keys()].filter((topic) => this.#isStale(topic, state));
  }

  // The page was asked for again because of this state, and what it says of these topics is of this moment.
  renewed(topics, moment, state) {
    for (const topic of topics) this.#topics.set(topic, { ...parsed(moment), doubt: doubt(state, topic) });
  }

  #isStale(topic, state) {
    if (!state.epoch) return false;
    const known = this.#topics.get(topic);
    if (state.epoch !== known.epoch) return known.doubt !== doubt(state, topic);
    return Math.max(state.from, state.last[topic] ?? 0) > known.count;
  }
}

function parsed(moment) {
  const [epoch, digits] = moment.split("-");
  return { epoch, count: Number(digits) };
}

function doubt(state, topic) {
  return `${state.epoch} ${state.from} ${state.last[topic]}`;
}
