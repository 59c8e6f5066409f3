// Puts the page together: the state is read from the address, and every change of it is drawn.

const SELECTS = [...FILTERS, "sort"];
const THEME_KEPT = "aidetect.theme";

function showCount() {
  const all = ROWS === DATA.rows ? "" : ` (${number.format(DATA.rows)} in the batch)`;
  byId("count").textContent = `${number.format(list.length)} of ${number.format(ROWS)} images${all}`;
  byId("empty").hidden = list.length > 0;
}

function showChange(changed) {
  showState();
  if (changed.some((key) => SELECTS.includes(key))) {
    setList(selected());
    showCount();
  } else if (changed.includes("view") || changed.includes("review")) redraw();
  if (changed.includes("heat")) showAllHeat();
  if (changed.includes("from") || changed.includes("to")) drawHistogram();
  byId("review-bar").hidden = !state.review;
  if (changed.includes("review")) showReview();
}

function showAllHeat() {
  for (const node of grid.querySelectorAll(".item[data-place]")) {
    const frame = node.querySelector(".tile");
    if (state.heat) showHeat(frame, list[Number(node.dataset.place)]);
    else hideHeat(frame);
  }
}

function showTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

function startTheme() {
  const box = byId("theme");
  box.value = stored.read(THEME_KEPT) ?? "";
  showTheme(box.value);
  box.addEventListener("change", () => {
    stored.write(THEME_KEPT, box.value);
    showTheme(box.value);
  });
}

function startKeys() {
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key !== "/" || typing || dialog.open) return;
    event.preventDefault();
    byId("search").focus();
  });
  byId("skip").addEventListener("click", (event) => {
    // Not by the address, which holds the view.
    event.preventDefault();
    activate(active);
  });
}

function openFromAddress() {
  const i = image.indexOf(state.open);
  if (i >= 0 && list.includes(i)) openDetail(i);
}

function start() {
  Object.assign(state, readAddress());
  const bands = document.documentElement.style;
  if (DECISION) {
    bands.setProperty("--threshold", DECISION.threshold);
    bands.setProperty("--unsure-from", DECISION.unsure_from);
  }
  startTheme();
  startReview();
  startFilters();
  startDetail();
  startGrid();
  startKeys();
  byId("heat").hidden = !HAS_HEAT;
  byId("legend").hidden = !HAS_HEAT;
  byId("legend").append(...heatLegend());
  watch(showChange);
  showChange(SELECTS);
  showReview();
  new ResizeObserver(oncePerFrame(drawHistogram)).observe(area);
  addEventListener("hashchange", () => {
    if (dialog.open) dialog.close();
    change(readAddress());
    openFromAddress();
  });
  whenLoaded(() => {
    // Thumbnails come last in the file: draw those that were waited for.
    if (grid.querySelector("[data-waits]")) redraw();
    openFromAddress();
  });
}

const whenLoaded = (work) =>
  document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", work) : work();

start();
