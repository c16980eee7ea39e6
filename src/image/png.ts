/**
 * PNG in and out, in Node only. Reading is our own on top of pngjs for two reasons: files may be hostile, so the whole file is
 * checked before it is believed (png-chunks.ts); and the common forms are decoded at a fifth of the cost (png-rows.ts). pngjs
 * reads the other forms. It has neither the raw indices of a label map nor writes indexed files; both are ours.
 * https://www.w3.org/TR/png-3/
 */
export { decodeLabelPng } from "./png-labels.js";
export type { LabelMap } from "./png-labels.js";
export { decodePng } from "./png-read.js";
export { encodeGreyPng, encodeLabelPng, encodePng, withTransparentBackground } from "./png-write.js";
