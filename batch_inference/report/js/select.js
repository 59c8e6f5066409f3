// Which images are looked at, in which order.

/** Return the places of the rows that fit the filters, sorted. */
function selected() {
  const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  const whole = state.from <= 0 && state.to >= 1;
  const fits = (i) =>
    (!state.verdict.length || state.verdict.includes(verdict[i])) &&
    (!state.reason.length || state.reason.includes(reason[i])) &&
    (!state.lane.length || state.lane.includes(lane[i])) &&
    (!state.claim.length || state.claim.some((code) => claimed(i, code))) &&
    (whole || (probability[i] !== null && probability[i] >= state.from && within(probability[i]))) &&
    (!state.under || path[i].startsWith(state.under)) &&
    (!state.mark || (state.mark === "marked") === marks.has(image[i])) &&
    words.every((word) => searched[i].includes(word));
  const found = [];
  for (let i = 0; i < ROWS; i += 1) if (fits(i)) found.push(i);
  return found.sort(ORDERS[state.sort]);
}

// The upper end belongs to the next range, but for 1 itself: as the bars of the histogram have it.
const within = (p) => (state.to >= 1 ? p <= 1 : p < state.to);
const claimed = (i, code) =>
  code === "none" ? !claims[i].length : claims[i].some((claim) => claim.code === code);

// Without a probability: last, whichever way.
const by = (value) => (a, b) => value(a) - value(b) || a - b;
const ORDERS = {
  ai: by((i) => (probability[i] === null ? 2 : -probability[i])),
  real: by((i) => probability[i] ?? 2),
  unsure: by((i) => (probability[i] === null ? 2 : Math.abs(probability[i] - THRESHOLD))),
  teach: by((i) => teaches[i]),
  key: (a, b) => (path[a] < path[b] ? -1 : path[a] > path[b] ? 1 : a - b),
  time: by((i) => COLUMNS.scored_at[i] ?? 0),
};
