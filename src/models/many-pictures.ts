/** Checks of what segmentAll() and segmentBatch() are given. */
import { FcnError } from "../base/errors.js";
import { typeName } from "../base/options.js";

/** @throws bad-image */
export function checkIterable(images: unknown): void {
  const isObject = typeof images === "object" && images !== null;
  if (!isObject || !(Symbol.iterator in images || Symbol.asyncIterator in images))
    throw new FcnError("bad-image", `segmentAll needs an iterable of pictures, got ${typeName(images)}`);
}

/** @throws bad-image */
export function checkArray(images: unknown): void {
  if (!Array.isArray(images))
    throw new FcnError("bad-image", `segmentBatch needs an array of pictures, got ${typeName(images)}`);
}
