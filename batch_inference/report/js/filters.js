// What the list can be narrowed to, each with how many images of the page it would leave.

const form = byId("filters");
// Folders that are offered while one is typed.
const OFFERED = 60;

const tally = (values) => values.reduce((found, value) => found.set(value, (found.get(value) ?? 0) + 1), new Map());

function checkboxes(key, title, choices) {
  if (!choices.length) return null;
  const boxes = choices.map(({ value, words, count, title: hint }) =>
    el(
      "label",
      { class: "check", title: hint },
      el("input", { type: "checkbox", name: key, value, on: { change: () => change({ [key]: ticked(key) }) } }),
      el("span", { class: "what" }, ...[words].flat()),
      el("span", { class: "how-many", text: number.format(count) }),
    ),
  );
  return el("fieldset", {}, el("legend", { text: title }), ...boxes);
}

const ticked = (key) => [...form.querySelectorAll(`input[name="${key}"]:checked`)].map((box) => box.value);

function verdictChoices() {
  const counts = tally(verdict);
  return ["ai", "unsure", "real", "error"]
    .filter((word) => counts.has(word))
    .map((word) => ({
      value: word,
      words: el("span", { class: `verdict ${word}` }, sign(word), word),
      count: counts.get(word),
    }));
}

function claimChoices() {
  const counts = tally(claims.flat().map((claim) => claim.code));
  const found = DATA.claims
    .filter((claim) => counts.has(claim.code))
    .map((claim) => ({ value: claim.code, words: claim.badge, count: counts.get(claim.code), title: claim.sentence }));
  const none = claims.filter((some) => !some.length).length;
  return found.length ? [...found, { value: "none", words: "no claim", count: none }] : [];
}

const plainChoices = (values, words = (value) => value) =>
  [...tally(values.filter((value) => value !== null))]
    .sort((a, b) => b[1] - a[1])
    .map(([value, count]) => ({ value, words: words(value), count, title: DATA.reasons[value] }));

function folders() {
  const counts = new Map();
  for (const name of folder) {
    const levels = name.split("/").slice(0, -1).slice(0, 4);
    levels.forEach((_, n) => {
      const prefix = `${levels.slice(0, n + 1).join("/")}/`;
      counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
    });
  }
  return [...counts].sort((a, b) => b[1] - a[1]).slice(0, OFFERED);
}

function makeFilters() {
  const offered = el("datalist", { id: "folders" });
  for (const [prefix, count] of folders()) offered.append(el("option", { value: prefix, label: `${prefix} (${count})` }));
  const under = el("input", { type: "text", id: "under", list: "folders", autocomplete: "off", spellcheck: "false", placeholder: "any folder" });
  under.addEventListener("input", () => change({ under: under.value }));
  const lanes = plainChoices(lane);
  form.append(
    ...[
      checkboxes("verdict", "Verdict", verdictChoices()),
      checkboxes("reason", "Why there is no verdict", plainChoices(reason, (code) => code.replaceAll("_", " "))),
      checkboxes("claim", "What the file says of itself", claimChoices()),
      rangeField(),
      el("label", { class: "field" }, el("span", { text: "Folder begins with" }), under, offered),
      lanes.length > 1 ? checkboxes("lane", "Lane", lanes) : null,
      markField(),
      el("button", { type: "button", id: "reset", class: "plain", text: "Clear the filters", on: { click: clearFilters } }),
    ].filter(Boolean),
  );
  form.addEventListener("submit", (event) => event.preventDefault());
}

function rangeField() {
  const end = (id, key, words) => {
    const box = el("input", { type: "number", id, min: 0, max: 1, step: "any", inputmode: "decimal", "aria-label": words });
    box.addEventListener("change", () => change({ [key]: share(box.value, DEFAULTS[key]) }));
    return box;
  };
  return el(
    "fieldset",
    {},
    el("legend", { text: "Probability" }),
    el("span", { class: "range" }, end("from", "from", "Probability from"), "to", end("to", "to", "Probability below")),
  );
}

function markField() {
  const box = el("select", { id: "mark" }, ...[["", "any"], ["marked", "marked"], ["unmarked", "not marked"]].map(([value, text]) => el("option", { value, text })));
  box.addEventListener("change", () => change({ mark: box.value }));
  return el("label", { class: "field" }, el("span", { text: "Your mark" }), box);
}

/** Show in every control what the state says, wherever it was changed. */
function showState() {
  for (const box of form.querySelectorAll('input[type="checkbox"]')) box.checked = state[box.name].includes(box.value);
  for (const key of ["under", "mark", "from", "to"]) showValue(byId(key), String(state[key]));
  showValue(byId("search"), state.q);
  byId("sort").value = state.sort;
  for (const button of byId("tallies").children) {
    button.setAttribute("aria-pressed", String(state.verdict.includes(button.dataset.verdict)));
  }
  byId("view-cards").setAttribute("aria-pressed", String(state.view === "cards"));
  byId("view-table").setAttribute("aria-pressed", String(state.view === "table"));
  byId("heat").setAttribute("aria-pressed", String(state.heat));
  byId("review-toggle").setAttribute("aria-pressed", String(state.review));
  byId("reset").disabled = !filtered();
}

function showValue(box, value) {
  if (box.value !== value) box.value = value;
}

function startFilters() {
  makeFilters();
  for (const button of byId("tallies").children) {
    button.querySelector(".word").prepend(sign(button.dataset.verdict));
    button.addEventListener("click", () => {
      const word = button.dataset.verdict;
      change({ verdict: state.verdict.includes(word) ? state.verdict.filter((other) => other !== word) : [...state.verdict, word] });
    });
  }
  byId("search").addEventListener("input", (event) => change({ q: event.target.value }));
  byId("sort").addEventListener("change", (event) => change({ sort: event.target.value }));
  byId("view-cards").addEventListener("click", () => change({ view: "cards" }));
  byId("view-table").addEventListener("click", () => change({ view: "table" }));
  byId("heat").addEventListener("click", () => change({ heat: !state.heat }));
  byId("empty-reset").addEventListener("click", clearFilters);
  byId("filters-toggle").addEventListener("click", (event) => {
    const open = form.classList.toggle("open");
    event.target.setAttribute("aria-expanded", String(open));
  });
}
