/** A constant of a network. */
import type { Shape } from "./shape.js";

/** Values in [out, in, kh, kw] or [c] order, as f32. They are read when a plan first needs them. */
export interface Weight {
  readonly name: string;
  readonly shape: Shape;
  read(): Promise<Float32Array>;
  /** As read(), `count` slices of the first axis from `first` on. Without it only the whole can be read. */
  readSlices?(first: number, count: number): Promise<Float32Array>;
  /** Values as the checkpoint has them, where read() gives them in another order or scale. Default: the same. */
  stored?(values: Float32Array): Float32Array;
}
