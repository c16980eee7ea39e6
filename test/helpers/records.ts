/** Headers and records of comparisons, small and whole. */
import { FORMAT, SET_FORMAT, scorePicture } from "../../src/eval/records.js";
import type { CostRecord, FailureRecord, PictureRecord, RunHeader } from "../../src/eval/records.js";
import { VOC_CLASSES } from "../../src/image/palette.js";
import { COMPARED } from "../../src/models/compared.js";
import { seeded } from "./random.js";

export const HEADER: RunHeader = {
  format: FORMAT,
  variants: COMPARED,
  classNames: VOC_CLASSES,
  boundaryWidth: 3,
  weights: "weights",
  adapter: "an adapter",
  precision: "f32",
};

const SIZE = { width: 12, height: 9 };

/** Of two files over one backbone, and one over another. */
export const SET_HEADER: RunHeader = {
  ...HEADER,
  format: SET_FORMAT,
  variants: ["fcn8s of a", "fcn8s of b", "fcn8s of c"],
  groups: [
    { name: "a + b", weights: "a.pth (9 bytes), b.pth (9 bytes)", variants: ["fcn8s of a", "fcn8s of b"], resize: 384 },
    { name: "c", weights: "c.pth (9 bytes)", variants: ["fcn8s of c"] },
  ],
};

/** A picture of random labels, in a run of SET_HEADER. */
export function setRecord(picture: string, seed = 1): PictureRecord {
  const stages = { "shared of a + b": 4, "shared of c": 2, "fcn8s of a": 1, "fcn8s of b": 1, "fcn8s of c": 1 };
  return { ...randomRecord(SET_HEADER, picture, seed), ms: { total: 9, groups: [6, 3], stages } };
}

/** A picture of random labels. */
export function pictureRecord(picture: string, seed = 1): PictureRecord {
  const stages = { shared: 4, fcn32s: 1, fcn16s: 1, fcn8s: 1 };
  return { ...randomRecord(HEADER, picture, seed), ms: { total: 9, stages } };
}

function randomRecord(header: RunHeader, picture: string, seed: number): Omit<PictureRecord, "ms"> {
  const random = seeded(seed);
  const map = (): Uint8Array =>
    Uint8Array.from({ length: SIZE.width * SIZE.height }, () => Math.floor(random() * VOC_CLASSES.length));
  const maps = Object.fromEntries(header.variants.map((variant) => [variant, map()]));
  return { picture, ...SIZE, ...scorePicture(header, maps, SIZE, map()) };
}

export const failureRecord = (picture: string, error = `${picture}: it is damaged`): FailureRecord => ({
  picture,
  error,
});

export const costRecord = (variant: CostRecord["cost"]["variant"], scale = 1): CostRecord => ({
  cost: {
    variant,
    width: SIZE.width * scale,
    height: SIZE.height,
    ms: 10 * scale,
    sharedFlops: 5e9,
    headFlops: 1e8,
    sharedParameters: 3e6,
    headParameters: 1e5,
    weightBytes: 2e7,
    planBytes: 1e7,
  },
});

/** The text of a results.jsonl. */
export const linesOf = (...values: readonly object[]): string =>
  values.map((value) => `${JSON.stringify(value)}\n`).join("");
