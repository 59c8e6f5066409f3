// The rows of the page. What is needed of one image at a time is parsed when it is looked at.

const DATA = JSON.parse(byId("data").textContent);
const REVIEW = JSON.parse(byId("review").textContent);
const COLUMNS = DATA.columns;
const ROWS = DATA.shown;
const DECISION = DATA.decision;
const THRESHOLD = DECISION ? DECISION.threshold : 0.5;
const CLAIMS = new Map(DATA.claims.map((claim) => [claim.code, claim]));

const spread = ({ values, codes }) => codes.map((code) => values[code]);
const bucket = spread(COLUMNS.bucket);
const verdict = spread(COLUMNS.verdict);
const reason = spread(COLUMNS.reason);
const lane = spread(COLUMNS.lane);
const generator = spread(COLUMNS.generator);
const probability = COLUMNS.probability;
const claimsOfValue = COLUMNS.provenance.values.map((value) =>
  (value ?? "").split(",").map((code) => CLAIMS.get(code)).filter(Boolean),
);
const claims = COLUMNS.provenance.codes.map((code) => claimsOfValue[code]);
// As in the rows: the object, and #member for an image inside an archive.
const path = COLUMNS.key.map((key, i) => (COLUMNS.member[i] === null ? key : `${key}#${COLUMNS.member[i]}`));
const image = path.map((name, i) => `s3://${bucket[i]}/${name}`);
const fileName = path.map((name) => name.slice(name.lastIndexOf("/") + 1) || name);
const folder = path.map((name) => name.slice(0, name.lastIndexOf("/") + 1));
const searched = path.map((name) => name.toLowerCase());

/** How little is learnt from a mark: unsure and contradicted ones first, then near the threshold. */
const teaches = verdict.map((word, i) => {
  if (probability[i] === null) return 9;
  const opposite = { ai: "real", real: "ai" }[word];
  const contradicted = claims[i].some((claim) => claim.says === opposite);
  return (word === "unsure" || contradicted ? 0 : 2) + Math.abs(probability[i] - THRESHOLD);
});

/** Everything else of a row, by column; null while the page is still being loaded. */
function further(i) {
  const script = byId(`i${i}`);
  // What follows it tells that it is there to its end.
  if (!script || (!script.nextElementSibling && document.readyState === "loading")) return null;
  const values = JSON.parse(script.textContent);
  return Object.fromEntries(DATA.further.map((field, n) => [field, values[n]]));
}

const number = new Intl.NumberFormat("en");
const shownProbability = (p) => (p === null ? "" : p.toFixed(p > 0.995 || p < 0.005 ? 3 : 2));
const shownTime = (ms) => (ms === null ? "" : `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`);
function shownBytes(bytes) {
  if (bytes === null) return "";
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
