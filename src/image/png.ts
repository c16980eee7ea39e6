/**
 * PNG in and out, in Node only. Two parts of reading are our own, around pngjs. Files may be hostile, so the whole file
 * is checked before anything trusts it (png-chunks.ts). Common forms are decoded in a fifth of the time (png-rows.ts);
 * pngjs reads the others. Raw indices of label maps and writing indexed files are ours too: pngjs has neither.
 * https://www.w3.org/TR/png-3/
 */
export { decodeLabelPng } from "./png-labels.js";
export type { LabelMap } from "./png-labels.js";
export { decodePng } from "./png-read.js";
export { encodeGreyPng, encodeLabelPng, encodePng, withTransparentBackground } from "./png-write.js";
