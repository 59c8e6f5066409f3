// Marks: what a person holds an image for, kept in this browser, and handed in as corrections.

const KEPT = `aidetect.review.${DATA.batch}`;
const NAME_KEPT = "aidetect.reviewer";
const MAX_NAME = 120;
const marks = new Map();
const undone = [];
let keeps = true;
let saved = { text: "", marks: "" };

function readMarks() {
  try {
    const known = new Set(image);
    for (const [name, value] of Object.entries(JSON.parse(stored.read(KEPT) ?? "{}"))) {
      if (known.has(name) && ["real", "ai"].includes(value?.label)) marks.set(name, { label: value.label, at: String(value.at) });
    }
  } catch {
    // Something else wrote there: start without marks.
  }
}

const keepMarks = () => (keeps = stored.write(KEPT, JSON.stringify(Object.fromEntries(marks))));

/** Mark an image as `real` or `ai`, or clear its mark with an empty label. */
function mark(i, label) {
  const before = marks.get(image[i]) ?? null;
  if (verdict[i] === "error" || (before?.label ?? "") === label) return;
  undone.push({ i, before });
  setMark(i, label ? { label, at: new Date().toISOString() } : null);
}

function setMark(i, value) {
  if (value) marks.set(image[i], value);
  else marks.delete(image[i]);
  keepMarks();
  // The same image may have been dropped twice.
  list.forEach((other, place) => image[other] === image[i] && redrawItem(place));
  if (shownImage() !== null) remarkDetail();
  showReview(`${fileName[i].slice(0, 80)} ${value ? `marked ${value.label}` : "has no mark"}`);
}

function remarkDetail() {
  const old = dialog.querySelector(".marks");
  if (!old) return;
  const word = old.contains(document.activeElement) ? document.activeElement.textContent : null;
  const fresh = markButtons(shownImage());
  old.replaceWith(fresh);
  if (word) [...fresh.children].find((button) => button.textContent === word).focus();
}

function undo() {
  const last = undone.pop();
  if (last) setMark(last.i, last.before);
}

/** Go to the next image that has no mark, from where the keyboard is. */
function nextUnmarked() {
  const from = opened ?? active;
  for (let step = 1; step <= list.length; step += 1) {
    const place = (from + step) % list.length;
    if (marks.has(image[list[place]]) || verdict[list[place]] === "error") continue;
    if (opened === null) activate(place);
    else goOn(place - opened);
    return;
  }
  showReview("Every image of this list has a mark");
}

const KEYS = { 1: "real", 2: "ai", 3: "", 0: "", Backspace: "" };

function reviewKey(event) {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (!state.review || typing || event.ctrlKey || event.metaKey || event.altKey || !list.length) return;
  const i = shownImage() ?? list[active];
  if (event.key in KEYS) mark(i, KEYS[event.key]);
  else if (event.key === "u") undo();
  else if (event.key === "n") nextUnmarked();
  else return;
  event.preventDefault();
}

/** All marks as JSONL, a correction a line: detector/feedback.py. */
function corrections() {
  const lines = [];
  const told = new Set();
  for (let i = 0; i < ROWS; i += 1) {
    const marked = marks.get(image[i]);
    if (!marked || told.has(image[i])) continue;
    told.add(image[i]);
    const correction = {
      schema: "aidetect.feedback/1",
      batch: DATA.batch,
      image: image[i],
      label: marked.label,
      verdict: verdict[i],
      probability: probability[i],
      detector: COLUMNS.detector.values[COLUMNS.detector.codes[i]],
      marked_at: marked.at,
      reviewer: reviewer(),
      sha256: further(i)?.sha256 ?? null,
    };
    lines.push(`${JSON.stringify(correction)}\n`);
  }
  return lines.join("");
}

// What was saved, to tell whether anything was marked since.
const signature = () => JSON.stringify([reviewer(), ...marks]);

const reviewer = () => (REVIEW?.reviewer || byId("reviewer")?.value || "").slice(0, MAX_NAME);

/** Hand in by the URL that the page was given, or else as a file. */
async function save() {
  const text = corrections();
  const count = marks.size;
  const problem = await handIn(text);
  if (problem === null) {
    saved = { text: `${number.format(count)} handed in at ${new Date().toTimeString().slice(0, 5)}.`, marks: signature() };
  } else {
    const file = `${DATA.batch}-feedback.jsonl`;
    download(text, file);
    saved = { text: `${problem} ${number.format(count)} written to a file; hand it in with: aidetect feedback add ${file}`, marks: signature() };
  }
  showReview();
}

/** Return null when it was taken, else why it was not. */
async function handIn(text) {
  if (!REVIEW) return "This page cannot hand in by itself; one opened with aidetect report can.";
  if (Date.now() >= Date.parse(REVIEW.expires_at)) return "The time to hand in from this page is over.";
  try {
    const answer = await fetch(REVIEW.put_url, {
      method: "PUT",
      body: text,
      headers: { "Content-Type": "application/x-ndjson" },
      credentials: "omit",
      referrerPolicy: "no-referrer",
    });
    return answer.ok ? null : `The store refused it (status ${answer.status}).`;
  } catch {
    return "The store could not be reached.";
  }
}

function download(text, file) {
  const url = URL.createObjectURL(new Blob([text], { type: "application/x-ndjson" }));
  el("a", { href: url, download: file }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

function makeReviewBar() {
  const key = (...words) => words.flatMap((word) => [el("kbd", { text: word }), " "]);
  const help = el("span", { class: "small" }, ...key("1"), "real  ", ...key("2"), "ai  ", ...key("3"), "clear  ", ...key("u"), "undo  ", ...key("n"), "next without a mark");
  const name = el("input", { type: "text", id: "reviewer", maxlength: MAX_NAME, placeholder: "Your name", "aria-label": "Your name, kept with each mark", autocomplete: "name" });
  name.value = stored.read(NAME_KEPT) ?? "";
  name.addEventListener("input", () => (stored.write(NAME_KEPT, name.value), showReview()));
  byId("review-bar").append(
    el("p", { class: "told" }, el("span", { id: "review-count", role: "status", "aria-live": "polite" }), help),
    ...(REVIEW?.reviewer ? [] : [name]),
    el("button", { type: "button", id: "undo", class: "plain", text: "Undo", on: { click: undo } }),
    el("button", { type: "button", id: "next", class: "plain", text: "Next", on: { click: nextUnmarked } }),
    el("button", { type: "button", id: "save", class: "plain primary", text: "Save", on: { click: save } }),
  );
}

function showReview(news = "") {
  const count = [...marks.values()].length;
  const real = [...marks.values()].filter(({ label }) => label === "real").length;
  const words = count ? `${number.format(count)} marked: ${real} real, ${count - real} ai.` : "No image is marked yet.";
  const unsaved = count > 0 && saved.marks !== signature();
  const state_ = unsaved ? (saved.text ? "Not all of it is saved." : "Not saved yet.") : saved.text;
  const lost = keeps ? "" : "This browser keeps nothing: save before you close the page.";
  byId("review-count").textContent = [news && `${news}.`, words, state_, lost].filter(Boolean).join(" ");
  byId("undo").disabled = !undone.length;
  byId("save").disabled = !count;
}

function startReview() {
  readMarks();
  makeReviewBar();
  byId("review-toggle").addEventListener("click", () => {
    // The order that teaches most, unless another one was asked for.
    const sort = state.review ? (state.sort === "teach" ? DEFAULTS.sort : state.sort) : state.sort === DEFAULTS.sort ? "teach" : state.sort;
    change({ review: !state.review, sort });
  });
  document.addEventListener("keydown", reviewKey);
}
