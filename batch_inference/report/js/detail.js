// One image, with everything that is known of it.

const dialog = byId("detail");
let opened = null;

const shownImage = () => (opened === null ? null : list[opened]);

function openDetail(i) {
  opened = list.indexOf(i);
  if (opened < 0) return;
  fillDetail();
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("[data-first]").focus();
  heatOfDetail();
}

function fillDetail() {
  const i = shownImage();
  change({ open: image[i] });
  dialog.replaceChildren(el("div", { class: `pane ${verdict[i]}` }, picture(i), about(i)));
}

function goOn(step) {
  const to = opened + step;
  if (to < 0 || to >= list.length) return;
  const before = document.activeElement?.dataset.step;
  opened = to;
  fillDetail();
  (dialog.querySelector(`[data-step="${before}"]:not(:disabled)`) ?? dialog.querySelector("[data-first]")).focus();
  heatOfDetail();
}

function picture(i) {
  const frame = tile(i);
  const shown = frame.querySelector("img");
  shown?.addEventListener("load", heatOfDetail);
  if (shown) shown.alt = `Thumbnail of ${fileName[i].slice(0, 200)}`;
  const values = further(i);
  const tools = el("div", { class: "tools" });
  if (values?.heat) {
    const on = el("button", {
      type: "button",
      class: "toggle",
      text: "Heat map",
      "aria-pressed": String(state.heat),
      on: { click: () => (change({ heat: !state.heat }), on.setAttribute("aria-pressed", String(state.heat)), heatOfDetail()) },
    });
    tools.append(on, el("span", { class: "legend" }, ...heatLegend()), el("span", { text: `${values.side} × ${values.side} patches of the outlined part` }));
  } else {
    tools.append(el("span", { text: "There is no heat map of this image." }));
  }
  return el("div", { class: "picture" }, frame, tools);
}

function heatOfDetail() {
  const frame = dialog.querySelector(".tile");
  if (!frame) return;
  hideHeat(frame);
  if (state.heat) showHeat(frame, shownImage());
}

function about(i) {
  const values = further(i) ?? {};
  return el(
    "div",
    { class: "about" },
    way(),
    el("h2", { id: "detail-title" }, isolated(fileName[i])),
    el("div", { class: "head" }, verdictWord(i), el("span", { class: "p", text: probability[i] === null ? "" : shownProbability(probability[i]) })),
    probability[i] === null ? el("p", { text: `${DATA.reasons[reason[i]] ?? reason[i] ?? ""} ${values.detail ?? ""}` }) : el("div", {}, scale(i), ticks()),
    state.review && verdict[i] !== "error" ? markButtons(i) : null,
    provenance(i, values),
    table(i, values),
  );
}

function way() {
  const step = (text, words, by) =>
    el("button", { type: "button", class: "plain", text, "aria-label": words, "data-step": by, disabled: opened + by < 0 || opened + by >= list.length, on: { click: () => goOn(by) } });
  return el(
    "div",
    { class: "way" },
    el("span", { class: "place", text: `${number.format(opened + 1)} of ${number.format(list.length)}` }),
    step("←", "Previous image", -1),
    step("→", "Next image", 1),
    el("button", { type: "button", class: "plain", text: "Close", "data-first": true, on: { click: () => dialog.close() } }),
  );
}

function ticks() {
  const line = el("div", { class: "ticks", "aria-hidden": "true" }, el("span", { text: "0 real" }));
  if (DECISION) {
    const at = el("span", { text: `ai from ${DECISION.threshold}` });
    at.style.left = `${DECISION.threshold * 100}%`;
    if (DECISION.threshold < 0.88) line.append(at);
  }
  line.append(el("span", { class: "end", text: "1" }));
  return line;
}

function provenance(i, values) {
  const said = claims[i].map((claim) => el("li", {}, badge(claim), claim.sentence));
  if (generator[i]) said.push(el("li", {}, "It names its generator: ", isolated(generator[i])));
  for (const [where, what] of detailsOf(values.provenance_detail)) {
    said.push(el("li", {}, isolated(`${where}: `), isolated(what, { class: "mono" })));
  }
  if (!said.length) said.push(el("li", { text: "The file says nothing of its origin." }));
  return el("section", {}, el("h3", { text: "What the file says of itself" }), el("ul", { class: "said" }, ...said));
}

/** Where each claim was found; what is no JSON object is shown as it is. */
function detailsOf(text) {
  if (!text) return [];
  try {
    const found = JSON.parse(text);
    if (found && typeof found === "object" && !Array.isArray(found)) {
      return Object.entries(found).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]);
    }
  } catch {
    // Cut off, or made by another version: the text itself is all there is.
  }
  return [["detail", text]];
}

function table(i, values) {
  const size = COLUMNS.width[i] ? `${COLUMNS.width[i]} × ${COLUMNS.height[i]} px` : "";
  const facts = {
    image: image[i],
    key: COLUMNS.key[i],
    member: COLUMNS.member[i],
    verdict: verdict[i],
    probability: probability[i],
    logit: values.logit,
    reason: reason[i],
    detail: values.detail,
    format: COLUMNS.format.values[COLUMNS.format.codes[i]],
    size,
    bytes: values.bytes === null || values.bytes === undefined ? "" : `${shownBytes(values.bytes)} (${number.format(values.bytes)})`,
    sha256: values.sha256,
    etag: values.etag,
    "object version": values.object_version,
    "manifest entry": COLUMNS.entry[i],
    detector: COLUMNS.detector.values[COLUMNS.detector.codes[i]],
    graph: values.graph,
    lane: lane[i],
    scored: shownTime(COLUMNS.scored_at[i]),
    provenance: COLUMNS.provenance.values[COLUMNS.provenance.codes[i]],
    generator: generator[i],
  };
  const rows = Object.entries(facts)
    .filter(([, value]) => value !== null && value !== undefined && value !== "")
    .flatMap(([name, value]) => [el("dt", { text: name }), el("dd", {}, isolated(String(value), { class: "mono" }))]);
  return el("section", {}, el("dl", { class: "columns" }, ...rows), copyButton(i));
}

function copyButton(i) {
  const button = el("button", { type: "button", class: "plain", text: "Copy the URI" });
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(image[i]);
      button.textContent = "Copied";
    } catch {
      // Forbidden here: leave it selected, so that the usual keys copy it.
      getSelection().selectAllChildren(dialog.querySelector("dd"));
      button.textContent = "Selected: copy it with Ctrl+C";
    }
    setTimeout(() => (button.textContent = "Copy the URI"), 2000);
  });
  return el("p", {}, button);
}

function startDetail() {
  dialog.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "ArrowRight") goOn(1);
    else if (event.key === "ArrowLeft") goOn(-1);
    else return;
    event.preventDefault();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => {
    const place = opened;
    opened = null;
    change({ open: "" });
    dialog.replaceChildren();
    if (place !== null) activate(place);
  });
}
