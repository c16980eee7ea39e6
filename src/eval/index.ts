/**
 * `fcn-webgpu/eval`: metrics of label maps, whatever made them. Pure arithmetic, for browsers, workers and Node.
 * @module fcn-webgpu/eval
 */
export { BOUNDARY_WIDTH, trimap } from "./boundary.js";
export { ConfusionMatrix } from "./confusion.js";
export type { ConfusionJson } from "./confusion.js";
