/**
 * `fcn-webgpu/image`: what to do with label maps. Overlays, legends, masks, boxes, polygons, palettes, label PNGs and
 * contact sheets, as pure functions on pictures `{ width, height, data }` and arrays of labels. It needs no GPU, no
 * canvas and nothing of Node, so it is the same in browsers, workers, Node and Deno. Pictures as files are written by a
 * canvas (`convertToBlob`) in browsers, and by `encodePng` of `fcn-webgpu/node` in Node.
 * @module fcn-webgpu/image
 */
export { FcnError, isFcnError } from "../base/errors.js";
export type { FcnErrorCode } from "../base/errors.js";
export { contactSheet } from "./contact-sheet.js";
export type { SheetColumn, SheetOptions, SheetRow } from "./contact-sheet.js";
export { labelPng, maskPng } from "./label-png.js";
export type { LabelMap } from "./label-values.js";
export { legendOf, legendOverlay, legendPicture } from "./legend.js";
export type { LegendEntry, LegendOptions } from "./legend.js";
export { classMask, keepClasses, labelsNamed } from "./masks.js";
export { colourMap, overlay } from "./overlay.js";
export type { OverlayOptions } from "./overlay.js";
export { classColour, paletteOf } from "./own-palette.js";
export { BACKGROUND_LABEL, VOC_CLASSES, VOID_LABEL, vocPalette } from "./palette.js";
export type { Colour } from "./palette.js";
export type { Picture, RgbaPicture } from "./picture.js";
export { classPolygons } from "./polygons.js";
export type { Polygon, Ring } from "./polygons.js";
export { readLabelPng } from "./read-label-png.js";
export type { Box, Region } from "./connected.js";
export { classAreas } from "./regions.js";
export type { ClassArea } from "./regions.js";
