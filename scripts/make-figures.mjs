/**
 * The figures of docs/how-fcns-work.md, from the shipped weights and a sample: `npm run build && node scripts/make-figures.mjs`.
 * What is drawn is what the networks compute: features and scores are outputs of graphs made of the library's own layers.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { argmax } from "../dist/shaders/argmax/kernel.js";
import { normalize } from "../dist/shaders/normalize/kernel.js";
import { num, svgFile } from "../dist/src/eval/svg.js";
import { Canvas, scaled, scaledLabels, textWidth } from "../dist/src/image/canvas.js";
import { colourMap } from "../dist/src/image/overlay.js";
import { layouts } from "../dist/src/layout.js";
import { FcnHead } from "../dist/src/models/fcn.js";
import { IMAGENET, constant } from "../dist/src/models/preprocessing.js";
import { ResNet101 } from "../dist/src/models/resnet101.js";
import {
  Graph,
  Plan,
  VOC_CLASSES,
  decodePng,
  defaultCheckpointUrl,
  encodePng,
  openCheckpoint,
  openSource,
  requestDevice,
  vocPalette,
} from "../dist/src/node.js";
import { WeightStore } from "../dist/src/weight-store.js";
import { Parameters } from "../dist/src/weights/parameters.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "docs/figures");
const picture = decodePng(readFileSync(join(root, "samples/street.png")), "street.png");
const { width, height } = picture;
const VARIANTS = ["fcn32s", "fcn16s", "fcn8s"];
const STRIDES = [8, 16, 32];
const GREY = [98, 106, 117];
/** The VOC palette on light ground: black is a large part of a figure. */
const palette = vocPalette();
palette.set([236, 240, 245]);
const classes = (labels, w, h) => colourMap(labels, w, h, palette);
const BUS = VOC_CLASSES.indexOf("bus");

/** Features, scores and labels of one run: values in [C, H, W] order, by name. */
async function compute() {
  const device = await requestDevice();
  const checkpoint = await openCheckpoint(await openSource(defaultCheckpointUrl()));
  const params = Parameters.of(checkpoint);
  const backbone = new ResNet101(params.at("backbone"));
  const graph = new Graph();
  const image = graph.input("picture", [1, 4, height, width], "rgba8");
  const x = graph.op(
    "normalize",
    normalize,
    { image, mean: constant("mean", IMAGENET.mean), std: constant("std", IMAGENET.std) },
    { height, width },
  ).y;
  const features = backbone.apply(graph, x);
  for (const stride of STRIDES) graph.output(`features ${stride}`, features[`stride${stride}`]);
  for (const variant of VARIANTS) {
    const { labels, scores } = new FcnHead(params.at(variant), variant, backbone.channels).scored(graph, features, [
      height,
      width,
    ]);
    graph.output(`${variant} labels`, labels);
    graph.output(`${variant} scores`, scores);
    graph.output(`${variant} cells`, graph.op(`${variant} cells`, argmax, { x: scores }).y);
  }
  const plan = await Plan.create(device, graph, new WeightStore(device));
  const { outputs } = await plan.run({ picture: picture.data });
  return new Map(
    [...outputs].map(([name, { bytes, layout, shape }]) => [
      name,
      { values: layouts[layout].unpack(bytes, shape), channels: shape[1], height: shape[2], width: shape[3] },
    ]),
  );
}

/** Dark blue over green to yellow, evenly bright steps (viridis, by five of its points). */
const RAMP = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
];
function heat(values, w, h) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const data = new Uint8Array(w * h * 4).fill(255);
  for (let i = 0; i < w * h; i++) {
    const at = ((values[i] - low) / (high - low || 1)) * (RAMP.length - 1);
    const k = Math.min(RAMP.length - 2, Math.floor(at));
    for (let c = 0; c < 3; c++) data[i * 4 + c] = Math.round(RAMP[k][c] + (at - k) * (RAMP[k + 1][c] - RAMP[k][c]));
  }
  return { width: w, height: h, data, channels: 4 };
}

/** A picture of cells of `stride` pixels at the scale of a panel of w x h, and cut to it: cells reach over the picture's border. */
function blocks(cells, stride, w, h) {
  const side = (w / width) * stride;
  const canvas = new Canvas(w, h);
  canvas.draw(scaled(cells, Math.round(cells.width * side), Math.round(cells.height * side)), 0, 0);
  return canvas;
}

const mean = ({ values, channels, width: w, height: h }) =>
  Float32Array.from({ length: w * h }, (_, i) => {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += values[c * w * h + i];
    return sum / channels;
  });

const GAP = 16;
const HEAD = 44;

/** Panels side by side with a title and a line below it. */
function strip(panels) {
  const canvas = new Canvas(
    panels.reduce((sum, { image }) => sum + image.width + GAP, GAP),
    HEAD + panels[0].image.height + GAP,
  );
  let left = GAP;
  for (const { title, note, image } of panels) {
    canvas.text(title, left, 6, { font: "strong" });
    canvas.text(note, left, 24, { colour: GREY });
    if (textWidth(note) > image.width) throw new Error(`"${note}" is wider than its panel`);
    canvas.draw(image, left, HEAD);
    canvas.frame(left, HEAD, image.width, image.height, [208, 213, 219]);
    left += image.width + GAP;
  }
  return canvas;
}

function grid(canvas, step) {
  for (let x = step; x < canvas.width; x += step) canvas.fill(Math.round(x), 0, 1, canvas.height, [90, 98, 110], 0.4);
  for (let y = step; y < canvas.height; y += step) canvas.fill(0, Math.round(y), canvas.width, 1, [90, 98, 110], 0.4);
  return canvas;
}

/** Few colours: an indexed file of a fifth of the size. */
async function save(name, canvas) {
  const png = await sharp(Buffer.from(encodePng(canvas)))
    .png({ palette: true, colours: 192, effort: 10, dither: 0 })
    .toBuffer();
  writeFileSync(join(folder, name), png);
  process.stdout.write(`docs/figures/${name}: ${canvas.width} x ${canvas.height}, ${png.length} bytes\n`);
}

const made = await compute();
mkdirSync(folder, { recursive: true });
const [W, H] = [300, Math.round((300 * height) / width)];

await save(
  "encoder.png",
  strip([
    { title: "picture", note: `3 x ${height} x ${width}`, image: scaled(picture, W, H) },
    ...STRIDES.map((stride) => {
      const map = made.get(`features ${stride}`);
      return {
        title: `stride ${stride}`,
        note: `${map.channels} x ${map.height} x ${map.width}, their mean`,
        image: blocks(heat(mean(map), map.width, map.height), stride, W, H),
      };
    }),
  ]),
);

const scores = made.get("fcn32s scores");
const cells = made.get("fcn32s cells");
const plane = scores.values.subarray(BUS * scores.width * scores.height, (BUS + 1) * scores.width * scores.height);
const coarse = grid(blocks(heat(plane, scores.width, scores.height), 32, W, H), (32 * W) / width);
const labelled = grid(blocks(classes(cells.values, cells.width, cells.height), 32, W, H), (32 * W) / width);
const final = made.get("fcn32s labels");
await save(
  "projection.png",
  strip([
    { title: "picture", note: `${height} x ${width}`, image: scaled(picture, W, H) },
    { title: 'score of "bus"', note: `one of 21 maps, ${scores.height} x ${scores.width}`, image: coarse },
    { title: "best class of each cell", note: `argmax over 21, ${cells.height} x ${cells.width}`, image: labelled },
    {
      title: "FCN-32s",
      note: "scores upsampled by 32, then argmax",
      image: scaled(classes(final.values, width, height), W, H),
    },
  ]),
);

// The cyclist's corner, where strides matter most.
const crop = { left: 400, top: 122, side: 240 };
const cut = (data, channels) => {
  const out = new Uint8Array(crop.side * crop.side * channels);
  for (let y = 0; y < crop.side; y++)
    out.set(
      data.subarray(
        ((crop.top + y) * width + crop.left) * channels,
        ((crop.top + y) * width + crop.left + crop.side) * channels,
      ),
      y * crop.side * channels,
    );
  return out;
};
const seen = scaled({ width: crop.side, height: crop.side, data: cut(picture.data, 4) }, 300, 300);
await save(
  "skips.png",
  strip([
    { title: "picture", note: `${crop.side} x ${crop.side} pixels of it`, image: seen },
    ...VARIANTS.map((variant, i) => {
      const stride = 32 >> i;
      const labels = scaledLabels(
        cut(made.get(`${variant} labels`).values, 1),
        { width: crop.side, height: crop.side },
        300,
        300,
      );
      const canvas = new Canvas(300, 300);
      canvas.draw(classes(labels, 300, 300), 0, 0);
      return {
        title: `FCN-${stride}s`,
        note: `the grid is ${stride} x ${stride} pixels`,
        image: grid(canvas, (stride * 300) / crop.side),
      };
    }),
  ]),
);

/** What each of four scores adds to each output of a step by 4, one on top of the other: kernel 8, padding 2. */
function stamps() {
  const [stride, kernel, padding] = [4, 8, 2];
  const inputs = [1.6, 3.4, 2.4, 4.2];
  const size = (inputs.length - 1) * stride + kernel;
  const [left, bottom, step, scale] = [40, 226, 34, 40];
  const parts = [];
  for (let j = 0; j < size; j++) {
    let y = bottom;
    const cropped = j < padding || j >= size - padding;
    inputs.forEach((value, i) => {
      const k = j - i * stride;
      if (k < 0 || k >= kernel) return;
      const share = (1 - Math.abs(k - (kernel - 1) / 2) / stride) * value * scale;
      y -= share;
      parts.push(
        `<g class="${["s0", "s1", "s2", "all"][i]}"><rect class="fill" x="${num(left + j * step)}" y="${num(y)}" width="${step - 4}" height="${num(share)}"${cropped ? ' opacity="0.25"' : ""}/></g>`,
      );
    });
    if (!cropped)
      parts.push(
        `<text x="${num(left + j * step + (step - 4) / 2)}" y="${bottom + 16}" text-anchor="middle">${j - padding}</text>`,
      );
  }
  inputs.forEach((value, i) => {
    const x = left + (i * stride + kernel / 2) * step - 2;
    parts.push(
      `<g class="${["s0", "s1", "s2", "all"][i]}"><circle class="ring" cx="${num(x)}" cy="${num(bottom - value * scale)}" r="6"/></g><text class="v" x="${num(x)}" y="${num(bottom - value * scale - 12)}" text-anchor="middle">score ${i}</text>`,
    );
  });
  parts.push(
    `<path class="axis" d="M${left} ${bottom}H${left + size * step}"/><text x="${left}" y="${bottom + 34}">output position; pale: cropped by padding 2</text>`,
  );
  return svgFile({
    name: "stamps",
    title: "Transposed convolution by 4 of four scores, bilinear kernel of 8",
    width: left * 2 + size * step,
    height: bottom + 46,
    body: parts.join(""),
  });
}
writeFileSync(join(folder, "stamps.svg"), stamps());
process.exit(0);
