/**
 * Distillation: a network that knows the classes gives a probability of each for every pixel, and these are the targets
 * in place of labels. https://arxiv.org/abs/1503.02531
 */
import { FcnError, badOption, badShape } from "../base/errors.js";
import { typeName } from "../base/options.js";
import { deflated, inflatedUpTo } from "../base/deflate-streams.js";
import type { RgbaPicture } from "../image/picture.js";
import type { PixelSize } from "../models/network.js";
import type { Fcn } from "../models/segmenter.js";
import type { FeatureStore } from "./feature-cache.js";
import { roundedTargets, unpackedTargets } from "./soft-targets.js";
import { keptIn } from "./training-arguments.js";

/** A network that loadFcn() or createFcn() gave. It stays the caller's. */
type KnowingNetwork = Pick<Fcn<RgbaPicture>, "classes" | "probabilities">;

/**
 * A network with the same classes, or a function from a picture, as the network that learns sees it, to probabilities
 * [classes, height, width] of its size, which add up to 1 at each pixel.
 */
export type Teacher = KnowingNetwork | ((picture: RgbaPicture) => Promise<Float32Array>);

/** Kept targets are a feature map of this stride, deflated. */
const STRIDE = 1;
const FORMAT = "deflate-raw";
/** Follows the key of a picture: features, whose keys end otherwise, may lie in the same store. */
const TARGETS = " targets";

/** @throws bad-option unless it is a function, or a network of as many classes */
export function checkTeacher(teacher: Teacher, classes: number): void {
  if (typeof teacher === "function") return;
  if (typeof teacher.probabilities !== "function")
    throw badOption(`createTrainer: teacher must be a function or what loadFcn() gives, got ${typeName(teacher)}`);
  if (teacher.classes === classes) return;
  throw badOption(
    `createTrainer: the teacher has ${teacher.classes} classes, the network that learns ${classes}; ` +
      "give a teacher with the same classes",
  );
}

export interface TeachingOptions {
  readonly teacher: Teacher;
  readonly classes: number;
  /** Where targets are kept. */
  readonly store: FeatureStore;
}

/** How far the sum of a pixel's probabilities may lie from 1: those in f16, of many classes, are not exact. */
const SUM_TOLERANCE = 0.01;

/** @throws bad-image for values that are not probabilities, and for those of a pixel that do not add up to 1 */
function checkProbabilities(key: string, data: Float32Array, pixels: number): void {
  const wrong = data.find((value) => !(value >= 0 && value <= 1.001));
  if (wrong !== undefined) {
    const has = Number.isNaN(wrong) ? "no number" : wrong.toPrecision(3);
    throw new FcnError("bad-image", `teacher: ${key} needs probabilities from 0 to 1, has ${has}`);
  }
  const sums = new Float32Array(pixels);
  for (let at = 0; at < data.length; at += pixels)
    for (let pixel = 0; pixel < pixels; pixel++) sums[pixel] = (sums[pixel] ?? 0) + (data[at + pixel] ?? 0);
  const other = sums.find((sum) => Math.abs(sum - 1) > SUM_TOLERANCE);
  if (other !== undefined)
    throw new FcnError(
      "bad-image",
      `teacher: ${key} has a pixel whose probabilities add up to ${other.toPrecision(3)}, not 1; give a softmax`,
    );
}

/** Asks the teacher once for each picture, as long as the store keeps what it said. */
export class Teaching {
  constructor(private readonly options: TeachingOptions) {}

  /**
   * Bytes of the probabilities, in layout nhwc4. `key` is the same for the same picture. They are rounded as they are
   * kept, also where they have just been computed: a training does not depend on what the store forgets.
   * @throws bad-shape for another number of values; bad-image for values that are not probabilities; what the teacher
   * throws
   */
  async targetsOf(key: string, size: PixelSize, shown: () => RgbaPicture): Promise<Uint8Array> {
    const { classes, store } = this.options;
    const kept = (await keptIn(store, key + TARGETS))?.get(STRIDE);
    if (kept) {
      const { bytes } = await inflatedUpTo([kept], classes * size[0] * size[1], FORMAT);
      return unpackedTargets(key, bytes, { classes, size });
    }
    const rounded = roundedTargets(await this.#ask(key, shown()), classes);
    await store.set(key + TARGETS, new Map([[STRIDE, await deflated(rounded, FORMAT)]]));
    return unpackedTargets(key, rounded, { classes, size });
  }

  async #ask(key: string, picture: RgbaPicture): Promise<Float32Array> {
    const { teacher, classes } = this.options;
    const { height, width } = picture;
    const data = typeof teacher === "function" ? await teacher(picture) : (await teacher.probabilities(picture)).data;
    const count = classes * height * width;
    const got = (data as Float32Array | undefined)?.length ?? "none";
    if (got !== count)
      throw badShape(
        `teacher: ${classes} classes of ${width} x ${height} pixels need ${count} probabilities, got ${got}`,
      );
    checkProbabilities(key, data, height * width);
    return data;
  }
}
