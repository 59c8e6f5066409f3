// Heat maps: which patches of the part that was looked at pushed the detector, and where to.

const AI_COLOUR = [213, 94, 0];
const REAL_COLOUR = [0, 114, 178];
const OPAQUE = 205;
// Under 1: weak pushes stay visible beside strong ones.
const FADE = 0.75;

/** Draw a heat map, one pixel a patch; one scale for all images, so that they can be compared. */
function paintHeat(canvas, { heat, side, peak }) {
  const bytes = Uint8Array.from(atob(heat), (sign) => sign.charCodeAt(0));
  const values = new Int8Array(bytes.buffer);
  if (values.length !== side * side) return false;
  canvas.width = side;
  canvas.height = side;
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(side, side);
  values.forEach((value, n) => {
    const push = Math.max(-1, Math.min(1, (value / 127) * (peak / DATA.heat_scale)));
    const colour = push > 0 ? AI_COLOUR : REAL_COLOUR;
    pixels.data.set([...colour, Math.round(Math.abs(push) ** FADE * OPAQUE)], n * 4);
  });
  context.putImageData(pixels, 0, 0);
  return true;
}

/** Where the picture lies in a box that it is fitted into, and the looked-at part within it. */
function placeOf(picture, box, crop) {
  const factor = Math.min(box.width / picture.width, box.height / picture.height);
  const [x, y, w, h] = crop ?? [0, 0, 1, 1];
  const [width, height] = [picture.width * factor, picture.height * factor];
  return {
    left: (box.width - width) / 2 + x * width,
    top: (box.height - height) / 2 + y * height,
    width: w * width,
    height: h * height,
  };
}

/** Lay a row's heat map over its picture; do nothing where there is none. */
function showHeat(tile, i) {
  const values = further(i);
  const picture = tile.querySelector("img");
  if (!values?.heat || !picture?.naturalWidth || tile.querySelector("canvas")) return;
  const canvas = el("canvas", { "aria-hidden": "true" });
  if (!paintHeat(canvas, values)) return;
  const size = { width: picture.naturalWidth, height: picture.naturalHeight };
  const box = { width: tile.clientWidth, height: tile.clientHeight };
  for (const [name, value] of Object.entries(placeOf(size, box, values.crop))) {
    canvas.style[name] = `${value}px`;
  }
  tile.append(canvas);
  tile.classList.add("hot");
}

function hideHeat(tile) {
  tile.querySelector("canvas")?.remove();
  tile.classList.remove("hot");
}

const HAS_HEAT = DATA.heat_scale !== null;

function heatLegend() {
  return [
    document.createTextNode("pushed towards real"),
    el("span", { class: "ramp", "aria-hidden": "true" }),
    document.createTextNode("towards AI"),
  ];
}
