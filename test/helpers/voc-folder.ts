/** A small PASCAL VOC folder: JPEGs, palette label maps with void borders, and one fault of each kind. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { encodeLabelPng } from "../../src/image/png.js";
import { seeded } from "./random.js";

export const COUNT = 23;
export const idOf = (i: number): string => `2011_${String(i).padStart(6, "0")}`;
/** A JPEG that is cut off, a label map of another size, a picture without a label map. */
export const CUT_OFF = idOf(4);
export const WRONG_SIZE = idOf(9);
export const NO_LABEL = idOf(14);

const VOID = 255;
const BORDER = 2;

export interface Scene {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
  readonly labels: Uint8Array;
}

/** Three rectangles on a background, each with a void border two pixels wide. */
export function scene(seed: number): Scene {
  const random = seeded(seed);
  const int = (n: number): number => Math.floor(random() * n);
  const [width, height] = seed % 3 === 0 ? [64, 48] : [72, 56];
  const rgb = Uint8Array.from({ length: width * height * 3 }, (_, i) => 90 + int(40) + (i % 3) * 20);
  const labels = new Uint8Array(width * height);
  for (let k = 0; k < 3; k++) {
    const [label, left, top, w, h] = [1 + int(20), int(40), int(24), 12 + int(20), 12 + int(16)];
    const colour = [int(256), int(256), int(256)];
    for (let y = top; y < Math.min(height, top + h); y++) {
      for (let x = left; x < Math.min(width, left + w); x++) {
        const toBorder = Math.min(x - left, y - top, left + w - 1 - x, top + h - 1 - y);
        labels[y * width + x] = toBorder < BORDER ? VOID : label;
        rgb.set(colour, (y * width + x) * 3);
      }
    }
  }
  return { width, height, rgb, labels };
}

async function jpegOf({ rgb, width, height }: Scene): Promise<Buffer> {
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 92 })
    .toBuffer();
}

/** Writes the folder. Its list of pictures runs backwards. */
export async function writeVocFolder(root: string): Promise<void> {
  for (const folder of ["JPEGImages", "SegmentationClass", "ImageSets/Segmentation"])
    await mkdir(join(root, folder), { recursive: true });
  for (let i = 0; i < COUNT; i++) {
    const own = scene(i);
    const id = idOf(i);
    const jpeg = await jpegOf(own);
    const written = id === CUT_OFF ? jpeg.subarray(0, jpeg.length * 0.6) : jpeg;
    await writeFile(join(root, "JPEGImages", `${id}.jpg`), written);
    if (id === NO_LABEL) continue;
    const map =
      id === WRONG_SIZE
        ? encodeLabelPng(own.labels.slice(0, 40 * 30), 40, 30)
        : encodeLabelPng(own.labels, own.width, own.height);
    await writeFile(join(root, "SegmentationClass", `${id}.png`), map);
  }
  const ids = Array.from({ length: COUNT }, (_, i) => idOf(COUNT - 1 - i));
  await writeFile(join(root, "ImageSets/Segmentation/val.txt"), ids.map((id) => `${id}\n`).join(""));
}
