/** skips.png: a part of the picture as FCN-32s, FCN-16s and FCN-8s label it, under the grid of their strides. */
import { Canvas } from "../../dist/src/image/canvas.js";
import { scaled, scaledLabels } from "../../dist/src/image/scale.js";
import { VARIANTS } from "./networks.mjs";
import { classColours, drawGrid, strip } from "./panels.mjs";

/** The cyclist's corner, where the strides differ most. */
const CROP = { left: 400, top: 122, side: 240 };
/** Width and height of a panel. */
const SIDE = 300;

/** The crop's part of rows of `width` pixels. */
function crop(data, width, channels) {
  const rowBytes = CROP.side * channels;
  const out = new Uint8Array(CROP.side * rowBytes);
  for (let y = 0; y < CROP.side; y++) {
    const from = ((CROP.top + y) * width + CROP.left) * channels;
    out.set(data.subarray(from, from + rowBytes), y * rowBytes);
  }
  return out;
}

function labelsPanel(labels, stride) {
  const size = { width: CROP.side, height: CROP.side };
  const canvas = new Canvas(SIDE, SIDE);
  canvas.draw(classColours(scaledLabels(labels, size, SIDE, SIDE), SIDE, SIDE), 0, 0);
  return drawGrid(canvas, (stride * SIDE) / CROP.side);
}

export function skipsFigure(picture, maps) {
  const { width, data } = picture;
  const part = { width: CROP.side, height: CROP.side, data: crop(data, width, 4) };
  const variants = VARIANTS.map((variant, i) => {
    const stride = 32 / 2 ** i;
    return {
      title: `FCN-${stride}s`,
      note: `the grid is ${stride} x ${stride} pixels`,
      image: labelsPanel(crop(maps.get(`${variant} labels`).values, width, 1), stride),
    };
  });
  const note = `${CROP.side} x ${CROP.side} pixels of it`;
  return strip([{ title: "picture", note, image: scaled(part, SIDE, SIDE) }, ...variants]);
}
