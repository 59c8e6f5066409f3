// Elements without markup: text of any origin only ever becomes text.

const SVG = "http://www.w3.org/2000/svg";
const byId = (id) => document.getElementById(id);

/** Make an element: `on` are listeners, `text` its text, the rest are attributes. */
function el(tag, { text, on = {}, ...attributes } = {}, ...children) {
  return fill(document.createElement(tag), { text, on, attributes }, children);
}

/** Make an SVG element, likewise. */
function svg(tag, { text, on = {}, ...attributes } = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), { text, on, attributes }, children);
}

function fill(node, { text, on, attributes }, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value);
  }
  for (const [name, listener] of Object.entries(on)) node.addEventListener(name, listener);
  if (text !== undefined) node.textContent = text;
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Text that may be written right to left, or turn the writing round: kept to itself. */
const isolated = (text, attributes = {}) => el("bdi", { text, ...attributes });

const SIGNS = {
  ai: "M8 1.5 9.8 6.2 14.5 8 9.8 9.8 8 14.5 6.2 9.8 1.5 8 6.2 6.2Z",
  unsure: "M5.2 5.6a2.9 2.9 0 1 1 4.3 2.7c-1 .6-1.5 1.1-1.5 2.2M8 13.2v.3",
  real: "M2.5 8.5 6.2 12.2 13.5 4",
  error: "M8 2 14.5 13.5H1.5ZM8 6.5v3.2M8 11.6v.2",
};

/** The sign of a verdict: a shape of its own, so that colour is not needed. */
function sign(verdict) {
  const filled = verdict === "ai";
  return svg(
    "svg",
    { class: "sign", viewBox: "0 0 16 16", "aria-hidden": "true" },
    svg("path", {
      d: SIGNS[verdict],
      fill: filled ? "currentColor" : "none",
      stroke: "currentColor",
      "stroke-width": filled ? 1 : 1.8,
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
    }),
  );
}

/** Call at most once a frame, however often it is asked for. */
function oncePerFrame(work) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      work();
    });
  };
}

/** The browser's store, or nothing where it is switched off, full or forbidden. */
const stored = {
  read(key) {
    try {
      return window.localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  write(key, value) {
    try {
      window.localStorage.setItem(key, value);
      return true;
    } catch {
      return false;
    }
  },
};
