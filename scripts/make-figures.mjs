/**
 * Makes the figures of docs/how-fcns-work.md from the shipped weights and a sample picture:
 * `npm run build && node scripts/make-figures.mjs`. The figures show what the networks compute: features and scores are
 * outputs of graphs made of the library's own layers.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { decodePng, encodePng, requestDevice } from "../dist/src/node.js";
import { alignmentFigure } from "./figures/alignment.mjs";
import { encoderFigure } from "./figures/encoder.mjs";
import { runNetworks } from "./figures/networks.mjs";
import { projectionFigure } from "./figures/projection.mjs";
import { skipsFigure } from "./figures/skips.mjs";
import { stampsFigure } from "./figures/stamps.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "docs/figures");

/** Writes an indexed PNG: figures have few colours, and the file is a fifth of the size. */
async function save(/** @type {string} */ name, /** @type {import("../dist/src/image/canvas.js").Canvas} */ canvas) {
  const png = await sharp(Buffer.from(encodePng(canvas)))
    .png({ palette: true, colours: 192, effort: 10, dither: 0 })
    .toBuffer();
  writeFileSync(join(folder, name), png);
  process.stdout.write(`docs/figures/${name}: ${canvas.width} x ${canvas.height}, ${png.length} bytes\n`);
}

const picture = decodePng(readFileSync(join(root, "samples/street.png")), "street.png");
const device = await requestDevice();
const maps = await runNetworks(device, picture);
device.dispose();

mkdirSync(folder, { recursive: true });
await save("encoder.png", encoderFigure(picture, maps));
await save("projection.png", projectionFigure(picture, maps));
await save("skips.png", skipsFigure(picture, maps));
writeFileSync(join(folder, "stamps.svg"), stampsFigure());
writeFileSync(join(folder, "alignment.svg"), alignmentFigure());
