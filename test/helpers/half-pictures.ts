/** The labelled pictures of the icon network at half their size, for trainings in which it does not matter how well. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { toRgba } from "../../src/image/picture.js";
import { decodeLabelPng, decodePng } from "../../src/image/png.js";
import { encodeLabelPng, encodePng } from "../../src/image/png-write.js";
import { shrink } from "../../src/image/shrink.js";

const VAL = fileURLToPath(new URL("../fixtures/val", import.meta.url));

function halfPicture(name: string): Uint8Array {
  const picture = toRgba(decodePng(readFileSync(join(VAL, `${name}.png`))));
  return encodePng(shrink(picture, picture.height / 2, picture.width / 2));
}

/** Every second pixel of every second row. */
function halfLabels(name: string): Uint8Array {
  const { labels, width, height } = decodeLabelPng(readFileSync(join(VAL, `${name}.label.png`)));
  const half = new Uint8Array((width / 2) * (height / 2)).map((_, i) => {
    const [x, y] = [i % (width / 2), Math.floor(i / (width / 2))];
    return labels[2 * y * width + 2 * x] as number;
  });
  return encodeLabelPng(half, width / 2, height / 2);
}

/** Writes NAME.png of these names, and NAME.label.png of those with labels, to a folder that is made. */
export function writeHalves(folder: string, names: readonly string[], labelled: readonly string[] = names): void {
  mkdirSync(folder, { recursive: true });
  for (const name of names) writeFileSync(join(folder, `${name}.png`), halfPicture(name));
  for (const name of labelled) writeFileSync(join(folder, `${name}.label.png`), halfLabels(name));
}
