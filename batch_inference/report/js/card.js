// One image of the list, as a card or as a line.

function verdictWord(i) {
  return el("span", { class: "verdict" }, sign(verdict[i]), verdict[i]);
}

/** The calibrated scale with the threshold, the unsure band, and where the image lies. */
function scale(i) {
  const bar = el("span", { class: "scale", "aria-hidden": "true" });
  if (DECISION) bar.append(el("span", { class: "band" }), el("span", { class: "cut-mark" }));
  if (probability[i] !== null) {
    const at = el("span", { class: "at" });
    at.style.setProperty("--at", probability[i]);
    bar.append(at);
  }
  return bar;
}

function badge(claim) {
  return el("span", {
    class: `badge${claim.says ? ` says-${claim.says}` : ""}`,
    text: claim.badge,
    title: claim.sentence,
    "aria-description": claim.sentence,
  });
}

/** The strongest claim and how many more there are; all of them where there is room. */
function badges(i, { all = false } = {}) {
  const more = all ? [] : claims[i].slice(1);
  const line = el("span", { class: "badges" }, ...(all ? claims[i] : claims[i].slice(0, 1)).map(badge));
  if (more.length) {
    const sentences = more.map((claim) => claim.sentence).join(" ");
    line.append(el("span", { class: "badge", text: `+${more.length}`, title: sentences, "aria-description": sentences }));
  }
  if (generator[i]) {
    const name = isolated(generator[i]);
    line.append(el("span", { class: "badge made-with", title: "The generator that the file names" }, name));
  }
  return line;
}

/** The thumbnail, or why there is none. */
function tile(i) {
  const frame = el("span", { class: "tile" });
  const values = further(i);
  if (values?.thumbnail) {
    const picture = el("img", { alt: "", decoding: "async" });
    picture.addEventListener("load", () => {
      if (frame.closest(".item")?.matches(":hover, :focus") || state.heat) showHeat(frame, i);
    });
    picture.src = `data:${DATA.thumbnail_type};base64,${values.thumbnail}`;
    frame.append(picture);
  } else {
    const why = values === null ? "loading" : verdict[i] === "error" ? (reason[i] ?? "").replaceAll("_", " ") : "no thumbnail";
    frame.append(el("span", { class: "none" }, sign(verdict[i]), el("span", { text: why })));
    if (values === null) frame.dataset.waits = "";
  }
  return frame;
}

/** What a screen reader says of an image at once. */
function spoken(i) {
  const said = [fileName[i].slice(0, 200), verdict[i]];
  if (probability[i] !== null) said.push(`probability ${shownProbability(probability[i])}`);
  if (reason[i]) said.push(reason[i].replaceAll("_", " "));
  said.push(...claims[i].map((claim) => claim.badge));
  if (marks.has(image[i])) said.push(`marked ${marks.get(image[i]).label}`);
  return said.join(", ");
}

function markButtons(i) {
  const marked = marks.get(image[i])?.label;
  const button = (label, word, key) =>
    el("button", {
      type: "button",
      class: "mark",
      tabindex: "-1",
      text: word,
      title: `Key ${key}`,
      "aria-pressed": label === "" ? undefined : String(marked === label),
      on: { click: (event) => (event.stopPropagation(), mark(i, label)) },
    });
  return el("span", { class: "marks" }, button("real", "Real", 1), button("ai", "AI", 2), button("", "Clear", 3));
}

function ribbon(i) {
  const marked = marks.get(image[i])?.label;
  return marked ? el("span", { class: "marked", text: `marked ${marked}` }) : null;
}

function name(i) {
  return el("span", { class: "name", title: path[i].slice(0, 500) }, isolated(fileName[i].slice(0, 300)));
}

function card(i) {
  const value = probability[i] === null ? (reason[i] ?? "").replaceAll("_", " ") : shownProbability(probability[i]);
  return el(
    "div",
    { role: "gridcell", class: `item card ${verdict[i]}`, "aria-label": spoken(i) },
    ribbon(i),
    tile(i),
    el(
      "span",
      { class: "body" },
      el("span", { class: "head" }, verdictWord(i), el("span", { class: "p", text: value })),
      scale(i),
      name(i),
      badges(i),
      state.review && verdict[i] !== "error" ? markButtons(i) : null,
    ),
  );
}

const cell = (attributes, ...children) => el("span", { role: "gridcell", ...attributes }, ...children);

function line(i) {
  const value = probability[i] === null ? "" : shownProbability(probability[i]);
  const size = COLUMNS.width[i] ? `${COLUMNS.width[i]} × ${COLUMNS.height[i]}` : "";
  const last = state.review && verdict[i] !== "error" ? markButtons(i) : el("span", { text: shownTime(COLUMNS.scored_at[i]).slice(0, 16) });
  return el(
    "div",
    { role: "row", class: `item list ${verdict[i]}`, "aria-label": spoken(i) },
    cell({}, tile(i)),
    cell({}, verdictWord(i)),
    cell({ class: "meter" }, el("span", { class: "p", text: value }), scale(i)),
    cell({ class: "name" }, ribbon(i), isolated(path[i].slice(0, 500), { title: path[i].slice(0, 500) })),
    cell({}, probability[i] === null ? el("span", { class: "small", text: (reason[i] ?? "").replaceAll("_", " ") }) : badges(i, { all: true })),
    cell({ class: "small", text: size }),
    cell({ class: `small${state.review ? " keep" : ""}` }, last),
  );
}

const TITLES = ["", "Verdict", "Probability", "Name", "Provenance", "Pixels", "Scored (UTC)"];

function titles() {
  const words = state.review ? [...TITLES.slice(0, -1), "Mark"] : TITLES;
  const cells = words.map((text, n) => el("span", { role: "columnheader", class: state.review && n === 6 ? "keep" : undefined, text: text || undefined, "aria-label": text ? undefined : "Thumbnail" }));
  return el("div", { role: "row", class: "list titles", "aria-rowindex": "1" }, ...cells);
}
