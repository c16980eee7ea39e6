/**
 * PNG in and out, in Node only. Reading is our own. Files may be hostile, so a file is checked before its pixels are
 * unpacked (png-chunks.ts), and nothing but what was checked is decoded (png-samples.ts, png-colours.ts). Raw values of
 * label maps and writing indexed files are ours too. pngjs writes pictures. https://www.w3.org/TR/png-3/
 */
export { decodeLabelPng } from "./png-labels.js";
export type { LabelMap } from "./label-values.js";
export { decodePng } from "./png-read.js";
export { encodeGreyPng, encodeLabelPng, encodePng, withTransparentBackground } from "./png-write.js";
