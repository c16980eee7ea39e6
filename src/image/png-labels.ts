/** Reads label maps from PNG files of every form, in Node only. https://www.w3.org/TR/png-3/ */
import { labelMapOf, labelValuesOf } from "./label-values.js";
import type { LabelMap, LabelValues } from "./label-values.js";
import { openPng } from "./png-read.js";

/** A label map's values before anything says what they mean. @throws bad-image as labelValuesOf() */
export const decodeLabelValues = (bytes: Uint8Array, name: string): LabelValues => labelValuesOf(openPng(bytes, name));

/** A label map whose values are its labels. @throws bad-image as labelMapOf() */
export const decodeLabelPng = (bytes: Uint8Array, name = "PNG"): LabelMap => labelMapOf(openPng(bytes, name));
