// What is looked at, and how: kept in the address, so that a link opens the same view.

const DEFAULTS = {
  verdict: [],
  reason: [],
  claim: [],
  lane: [],
  q: "",
  under: "",
  from: 0,
  to: 1,
  mark: "",
  sort: "ai",
  view: "cards",
  heat: false,
  review: false,
  open: "",
};
const FILTERS = ["verdict", "reason", "claim", "lane", "q", "under", "from", "to", "mark"];
const SORTS = ["ai", "real", "unsure", "teach", "key", "time"];
const state = { ...DEFAULTS };
const watchers = [];

/** Be told of every change, with the names of what changed. */
const watch = (watcher) => watchers.push(watcher);

function change(values) {
  const changed = Object.keys(values).filter((key) => String(state[key]) !== String(values[key]));
  if (!changed.length) return;
  Object.assign(state, values);
  writeAddress();
  for (const watcher of watchers) watcher(changed);
}

const clearFilters = () => change(Object.fromEntries(FILTERS.map((key) => [key, DEFAULTS[key]])));
const filtered = () => FILTERS.some((key) => String(state[key]) !== String(DEFAULTS[key]));

function writeAddress() {
  const words = new URLSearchParams();
  for (const [key, value] of Object.entries(state)) {
    if (String(value) === String(DEFAULTS[key])) continue;
    words.set(key, value === true ? "1" : String(value));
  }
  const fragment = words.toString();
  try {
    history.replaceState(null, "", fragment ? `#${fragment}` : location.pathname + location.search);
  } catch {
    // A page opened from a place without an address of its own keeps its view, but has no link.
  }
}

/** A share in [0, 1], or what it is without one. */
function share(text, otherwise) {
  const value = Number.parseFloat(text);
  return Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : otherwise;
}

function readAddress() {
  const words = new URLSearchParams(location.hash.slice(1));
  const read = {};
  for (const [key, value] of Object.entries(DEFAULTS)) {
    const text = words.get(key);
    if (text === null) read[key] = value;
    else if (Array.isArray(value)) read[key] = text.split(",").filter(Boolean);
    else if (typeof value === "number") read[key] = share(text, value);
    else if (typeof value === "boolean") read[key] = text === "1";
    else read[key] = text;
  }
  if (!SORTS.includes(read.sort)) read.sort = DEFAULTS.sort;
  if (read.view !== "table") read.view = DEFAULTS.view;
  return read;
}
