// The list: only what can be seen is in the document, so that thousands of images scroll at once.

const grid = byId("grid");
// Rows drawn above and below what is seen.
const SPARE = 2;
// Milliseconds of a frame for making rows while scrolling: the browser needs the rest to show them.
const PATIENCE = 5;
// Of a page on paper: the first ones of the list.
const PRINTED = 120;
const sizes = { cards: 15.5, review: 17.75, line: 3.25, least: 10.25 };
const drawn = new Map();
let list = [];
let active = 0;
let columns = 1;
let height = 1;
let printing = false;

const isTable = () => state.view === "table";
const rem = () => Number.parseFloat(getComputedStyle(document.documentElement).fontSize);

/** Measure anew: how many columns, how high a row. */
function layOut() {
  const unit = rem();
  const gap = isTable() ? 0 : Number.parseFloat(getComputedStyle(grid).getPropertyValue("--gap")) * unit;
  const width = grid.clientWidth;
  const least = Math.min(sizes.least * unit, (width - gap) / 2);
  columns = isTable() ? 1 : Math.max(1, Math.floor((width + gap) / (least + gap)));
  const high = isTable() ? sizes.line : state.review ? sizes.review : sizes.cards;
  height = Math.round(high * unit + gap);
  grid.style.setProperty("--columns", columns);
  grid.classList.toggle("table", isTable());
  grid.style.height = `${rowCount() * height}px`;
  grid.setAttribute("aria-rowcount", rowCount());
  grid.setAttribute("aria-colcount", isTable() ? TITLES.length : columns);
}

// The titles of the table are its first row.
const rowCount = () => Math.ceil(list.length / columns) + (isTable() ? 1 : 0);
const rowOf = (place) => Math.floor(place / columns) + (isTable() ? 1 : 0);

/** Draw all anew, for another list or another look. */
function redraw() {
  for (const row of drawn.values()) row.remove();
  drawn.clear();
  layOut();
  draw();
}

/** Draw what has come into sight and drop what has left it; go on in the next frame if need be. */
function draw(patience = Infinity) {
  const began = performance.now();
  const wanted = visibleRows();
  for (const [index, row] of drawn) {
    if (wanted.has(index)) continue;
    row.remove();
    drawn.delete(index);
  }
  for (const index of wanted) {
    if (drawn.has(index)) continue;
    if (performance.now() - began > patience) {
      drawSome();
      return;
    }
    insert(index, makeRow(index));
  }
}

// While scrolling.
const drawSome = oncePerFrame(() => draw(PATIENCE));

function visibleRows() {
  const rows = rowCount();
  const top = -grid.getBoundingClientRect().top;
  const first = printing ? 0 : Math.max(0, Math.floor(top / height) - SPARE);
  const last = printing ? Math.ceil(PRINTED / columns) : Math.ceil((top + innerHeight) / height) + SPARE;
  const wanted = new Set();
  for (let index = first; index < Math.min(rows, last); index += 1) wanted.add(index);
  // The one that has the focus stays, wherever it is, and the titles.
  if (list.length) wanted.add(rowOf(Math.min(active, list.length - 1)));
  if (isTable() && rows > 0) wanted.add(0);
  return wanted;
}

function insert(index, row) {
  let after = null;
  for (const [other, node] of drawn) {
    if (other > index && (after === null || other < after.index)) after = { index: other, node };
  }
  grid.insertBefore(row, after ? after.node : null);
  drawn.set(index, row);
}

function makeRow(index) {
  const row = el("div", { class: "row" });
  row.style.transform = `translateY(${index * height}px)`;
  row.style.height = `${isTable() ? height : height - gapHeight()}px`;
  if (isTable()) {
    row.setAttribute("role", "presentation");
    row.append(index === 0 ? titles() : item(index - 1));
    return row;
  }
  row.setAttribute("role", "row");
  row.setAttribute("aria-rowindex", index + 1);
  const end = Math.min(list.length, (index + 1) * columns);
  for (let place = index * columns; place < end; place += 1) row.append(item(place));
  return row;
}

const gapHeight = () => height - Math.round((state.review ? sizes.review : sizes.cards) * rem());

function item(place) {
  const i = list[place];
  const node = isTable() ? line(i) : card(i);
  node.dataset.place = place;
  node.tabIndex = place === active ? 0 : -1;
  if (isTable()) node.setAttribute("aria-rowindex", place + 2);
  else node.setAttribute("aria-colindex", (place % columns) + 1);
  const marked = marks.get(image[i])?.label;
  if (marked) node.dataset.mark = marked;
  return node;
}

const nodeAt = (place) => grid.querySelector(`[data-place="${place}"]`);

/** Draw one image anew, as when it was marked; it keeps the focus. */
function redrawItem(place) {
  const old = nodeAt(place);
  if (!old) return;
  const focused = old === document.activeElement || old.contains(document.activeElement);
  const fresh = item(place);
  old.replaceWith(fresh);
  if (focused) fresh.focus({ preventScroll: true });
}

/** Make a place the one that the keyboard is at. */
function activate(place, { focus = true } = {}) {
  if (!list.length) return;
  const before = nodeAt(active);
  if (before) before.tabIndex = -1;
  active = Math.max(0, Math.min(list.length - 1, place));
  reveal(rowOf(active));
  draw();
  const node = nodeAt(active);
  node.tabIndex = 0;
  if (focus) node.focus({ preventScroll: true });
}

function reveal(row) {
  const box = grid.getBoundingClientRect();
  const covered = document.querySelector(".bar").getBoundingClientRect();
  const lid = getComputedStyle(document.querySelector(".bar")).position === "sticky" ? covered.height : 0;
  const top = box.top + row * height;
  // The bar of the review lies over the lower end, a little above it.
  const floor = innerHeight - (state.review ? byId("review-bar").offsetHeight + 24 : 0);
  if (top < lid) scrollBy(0, top - lid);
  else if (top + height > floor) scrollBy(0, top + height - floor);
}

const placeOfEvent = (event) => {
  const node = event.target.closest?.(".item");
  return node ? Number(node.dataset.place) : null;
};

const STEPS = {
  ArrowRight: () => 1,
  ArrowLeft: () => -1,
  ArrowDown: () => columns,
  ArrowUp: () => -columns,
  PageDown: () => columns * Math.max(1, Math.floor(innerHeight / height) - 1),
  PageUp: () => -columns * Math.max(1, Math.floor(innerHeight / height) - 1),
};

function gridKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || placeOfEvent(event) === null) return;
  if (event.key in STEPS) {
    const to = active + STEPS[event.key]();
    if (to >= 0 && to < list.length) activate(to);
    else if (event.key.startsWith("Page")) activate(to);
  } else if (event.key === "Home") activate(0);
  else if (event.key === "End") activate(list.length - 1);
  else if (event.key === "Enter") openDetail(list[active]);
  else return;
  event.preventDefault();
}

function startGrid() {
  grid.addEventListener("keydown", gridKey);
  grid.addEventListener("click", (event) => {
    const place = placeOfEvent(event);
    if (place === null) return;
    activate(place);
    openDetail(list[place]);
  });
  grid.addEventListener("focusin", (event) => {
    const place = placeOfEvent(event);
    if (place === null) return;
    const before = nodeAt(active);
    if (before && place !== active) before.tabIndex = -1;
    active = place;
    heatOf(event.target.closest(".item"), true);
  });
  grid.addEventListener("focusout", (event) => heatOf(event.target.closest(".item"), false));
  grid.addEventListener("mouseover", (event) => heatOf(event.target.closest(".item"), true));
  grid.addEventListener("mouseout", (event) => {
    const node = event.target.closest(".item");
    if (node && !node.contains(event.relatedTarget)) heatOf(node, false);
  });
  addEventListener("scroll", drawSome, { passive: true });
  new ResizeObserver(oncePerFrame(redrawIfWider)).observe(grid);
  addEventListener("beforeprint", () => ((printing = true), redraw()));
  addEventListener("afterprint", () => ((printing = false), redraw()));
}

let lastWidth = 0;
function redrawIfWider() {
  if (grid.clientWidth === lastWidth) return;
  lastWidth = grid.clientWidth;
  const focused = grid.contains(document.activeElement);
  redraw();
  if (focused) activate(active);
}

function heatOf(node, wanted) {
  if (!node || node.dataset.place === undefined) return;
  const frame = node.querySelector(".tile");
  const place = Number(node.dataset.place);
  if (wanted) showHeat(frame, list[place]);
  else if (!state.heat && !node.matches(":focus, :hover")) hideHeat(frame);
}

/** Take up another selection; the keyboard starts again at its first image. */
function setList(found) {
  list = found;
  active = 0;
  redraw();
}
