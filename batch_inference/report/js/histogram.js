// How many images have which probability; a bar is also a filter.

const HISTOGRAM = DATA.histogram;
const STACK = ["real", "unsure", "ai"];
const BINS = HISTOGRAM.counts.real.length;
const totals = HISTOGRAM.counts.real.map((_, n) => STACK.reduce((sum, word) => sum + HISTOGRAM.counts[word][n], 0));
const area = byId("histogram");
const space = { top: 20, bottom: 36, side: 12 };
let stop = 0;

const edge = (n) => n / BINS;
const binWords = (n) => `${edge(n).toFixed(3)} to ${edge(n + 1).toFixed(3)}`;
const inRange = (n) => edge(n) >= state.from - 1e-9 && edge(n + 1) <= state.to + 1e-9;
const isOneBin = (n) => Math.abs(state.from - edge(n)) < 1e-9 && Math.abs(state.to - edge(n + 1)) < 1e-9;

function drawHistogram() {
  const width = Math.max(240, area.clientWidth);
  const high = Math.max(160, area.clientHeight);
  const floor = high - space.bottom;
  const x = (p) => space.side + p * (width - 2 * space.side);
  // Square roots, so that a few doubtful images show beside thousands of clear ones.
  const tallest = Math.sqrt(Math.max(1, ...totals));
  const y = (count) => (count ? Math.max(2, (Math.sqrt(count) / tallest) * (floor - space.top)) : 0);
  const focused = area.contains(document.activeElement);
  const drawing = svg("svg", {
    viewBox: `0 0 ${width} ${high}`,
    height: high,
    role: "group",
    "aria-label": "Histogram of probabilities. Arrow keys move between bars, Enter filters by one.",
  });
  if (DECISION) drawing.append(...band(x, floor));
  for (let n = 0; n < BINS; n += 1) drawing.append(bin(n, x, y, floor));
  drawing.append(svg("line", { class: "axis", x1: x(0), x2: x(1), y1: floor, y2: floor }));
  for (const p of [0, 0.25, 0.5, 0.75, 1]) {
    drawing.append(svg("text", { x: x(p), y: floor + 15, "text-anchor": "middle", text: String(p) }));
  }
  if (DECISION) drawing.append(...cuts(x, floor, width));
  const told = svg("text", { class: "told", x: x(0), y: 12, "aria-hidden": "true" });
  drawing.append(told);
  area.replaceChildren(drawing);
  if (focused) area.querySelectorAll(".bin")[stop].focus();
}

function band(x, floor) {
  const [from, to] = [x(DECISION.unsure_from), x(DECISION.threshold)];
  return [svg("rect", { class: "zone", x: from, width: to - from, y: space.top, height: floor - space.top })];
}

function cuts(x, floor, width) {
  const [from, to] = [x(DECISION.unsure_from), x(DECISION.threshold)];
  const words = (text, at, y) =>
    svg("text", { x: Math.min(width - 40, Math.max(40, at)), y, "text-anchor": "middle", text });
  const parts = [
    svg("line", { class: "cut-low", x1: from, x2: from, y1: space.top, y2: floor }),
    svg("line", { class: "cut", x1: to, x2: to, y1: space.top, y2: floor }),
    words(`ai from ${DECISION.threshold}`, (to + x(1)) / 2, floor + 31),
    words(`real below ${DECISION.unsure_from}`, (x(0) + from) / 2, floor + 31),
  ];
  if (to - from > 60) parts.push(words("unsure", (from + to) / 2, floor + 31));
  return parts;
}

function bin(n, x, y, floor) {
  const [left, right] = [x(edge(n)), x(edge(n + 1))];
  const group = svg("g", {
    class: `bin${inRange(n) ? "" : " out"}`,
    role: "button",
    tabindex: n === stop ? 0 : -1,
    "aria-label": `Probability ${binWords(n)}: ${number.format(totals[n])} images`,
    "aria-pressed": String(isOneBin(n)),
    on: {
      click: () => toggleBin(n),
      keydown: (event) => binKey(event, n),
      mouseenter: () => tell(n),
      mouseleave: () => tell(null),
      focus: () => tell(n),
      blur: () => tell(null),
    },
  });
  group.append(svg("rect", { class: "hit", x: left, width: right - left, y: space.top, height: floor - space.top }));
  let [top, below] = [floor, 0];
  for (const word of STACK) {
    below += HISTOGRAM.counts[word][n];
    const next = floor - y(below);
    const shape = { x: left + 1, width: Math.max(1, right - left - 2), y: next, height: top - next };
    if (HISTOGRAM.counts[word][n]) group.append(svg("rect", { class: `fill-${word}`, ...shape }));
    top = next;
  }
  return group;
}

function tell(n) {
  const told = area.querySelector(".told");
  told.textContent = n === null ? "" : `${binWords(n)}: ${number.format(totals[n])} images`;
}

function toggleBin(n) {
  stop = n;
  change(isOneBin(n) ? { from: 0, to: 1 } : { from: edge(n), to: edge(n + 1) });
}

function binKey(event, n) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step) {
    const bars = area.querySelectorAll(".bin");
    bars[stop].setAttribute("tabindex", -1);
    stop = Math.max(0, Math.min(BINS - 1, n + step));
    bars[stop].setAttribute("tabindex", 0);
    bars[stop].focus();
  } else if (event.key === "Enter" || event.key === " ") toggleBin(n);
  else return;
  event.preventDefault();
}
