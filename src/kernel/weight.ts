/** A constant of a network. */
import type { Shape } from "./shape.js";

/** Values in [out, in, kh, kw] or [c] order, as f32. They are read when a plan first needs them. */
export interface Weight {
  /** Its name in errors, as in the checkpoint. */
  readonly name: string;
  /** [out, in, kh, kw], or [channels]. */
  readonly shape: Shape;
  /** All values, as many as the shape says. @throws bad-weights where they cannot be read */
  read(): Promise<Float32Array>;
  /** As read(), `count` slices of the first axis from `first` on. Without it only the whole can be read. */
  readSlices?(first: number, count: number): Promise<Float32Array>;
  /** Values as the checkpoint has them, where read() gives them in another order or scale. Default: the same. */
  stored?(values: Float32Array): Float32Array;
}
