/**
 * Distillation: a network that knows the classes gives a probability of each for every pixel, and these are the targets
 * in place of labels. https://arxiv.org/abs/1503.02531
 */
import { FcnError, badOption, badShape } from "../base/errors.js";
import { typeName } from "../base/options.js";
import type { RgbaPicture } from "../image/picture.js";
import { layouts } from "../kernel/layout.js";
import type { Fcn } from "../models/segmenter.js";
import { MemoryFeatures } from "./feature-cache.js";

/** A network that loadFcn() or createFcn() gave. It stays the caller's. */
type KnowingNetwork = Pick<Fcn<RgbaPicture>, "classes" | "probabilities">;

/**
 * A network with the same classes, or a function from a picture, as the network that learns sees it, to probabilities
 * [classes, height, width] of its size.
 */
export type Teacher = KnowingNetwork | ((picture: RgbaPicture) => Promise<Float32Array>);

/** What is kept of the probabilities that were computed: those of 384 x 512 pixels and 21 classes take 19 MB. */
const CACHE_BYTES = 256e6;
/** The probabilities are a feature map of this stride. */
const STRIDE = 1;

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

export class Teaching {
  readonly #kept = new MemoryFeatures(CACHE_BYTES);

  constructor(
    private readonly teacher: Teacher,
    private readonly classes: number,
  ) {}

  /**
   * Bytes of the probabilities, in layout nhwc4. `key` is the same for the same picture.
   * @throws bad-shape for another number of values; bad-image for values that are no probabilities; what the teacher
   * throws
   */
  async targetsOf(key: string, shown: () => RgbaPicture): Promise<Uint8Array> {
    const known = this.#kept.get(key)?.get(STRIDE);
    if (known) return known;
    const { teacher, classes } = this;
    const picture = shown();
    const { height, width } = picture;
    const data = typeof teacher === "function" ? await teacher(picture) : (await teacher.probabilities(picture)).data;
    const count = classes * height * width;
    if (data.length !== count)
      throw badShape(
        `teacher: ${classes} classes of ${width} x ${height} pixels need ${count} probabilities, got ${data.length}`,
      );
    const wrong = data.find((value) => !(value >= 0 && value <= 1.001));
    if (wrong !== undefined) {
      const got = Number.isNaN(wrong) ? "no number" : wrong.toPrecision(3);
      throw new FcnError("bad-image", `teacher: ${key} needs probabilities from 0 to 1, has ${got}`);
    }
    const bytes = new Uint8Array(layouts.nhwc4.pack(data, [1, classes, height, width]));
    this.#kept.set(key, new Map([[STRIDE, bytes]]));
    return bytes;
  }
}
