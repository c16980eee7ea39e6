/** Trainings that the device has no memory for: how much was needed, and what would help. */
import { counted } from "../base/counted.js";
import { FcnError, isTooLarge } from "../base/errors.js";
import type { Device } from "../gpu/device.js";
import { checkFits } from "../gpu/memory.js";
import { layouts } from "../kernel/layout.js";
import { elements } from "../kernel/shape.js";
import type { Weight } from "../kernel/weight.js";
import type { PixelSize } from "../models/network.js";

interface Asked {
  readonly mode: "heads" | "all";
  /** Pictures that go through the network at once, and their size as it sees them. Missing before the first step. */
  readonly pieces?: readonly { readonly count: number; readonly size: PixelSize }[];
  /** Whether the largest of what is trained is of the head, whose size depends on the number of classes. */
  readonly isOfHead?: boolean;
  /** Whether the picture alone is too large, whatever the network. */
  readonly isPicture?: boolean;
}

/** The error of a step or of the start with what would help. Other errors as they are. */
export function tooLargeToTrain(error: unknown, asked: Asked): unknown {
  const { mode, pieces, isOfHead = false, isPicture = false } = asked;
  if (!isTooLarge(error)) return error;
  const pixels = ({ count, size: [height, width] }: { count: number; size: PixelSize }) => count * height * width;
  const [largest] = [...(pieces ?? [])].sort((a, b) => pixels(b) - pixels(a));
  const other = mode === "all" ? 'mode "heads"' : "a smaller backbone";
  const cures = [
    ...(largest ? ["a smaller resize (--resize)"] : []),
    ...(largest && largest.count > 1 ? [`a maxPiece below ${largest.count}`] : []),
    ...(isPicture ? [] : [isOfHead ? "fewer classes" : other]),
  ];
  const what = largest
    ? `a step of ${counted(largest.count, "picture")} of ${largest.size[1]} x ${largest.size[0]}`
    : `a training in mode "${mode}"`;
  const message = `${what} is too large for this device: ${error.message}; use ${cures.join(" or ")}`;
  return new FcnError(error.code, message, { cause: error });
}

/** The weight of the most values. */
export const largestOf = (weights: readonly Weight[]): Weight =>
  weights.reduce((most, weight) => (elements(weight.shape) > elements(most.shape) ? weight : most));

/** To be asked before labels and pixels are resized in memory. @throws limit-too-small, with what would help */
export function checkPictureFits(device: Device, size: PixelSize, mode: Asked["mode"]): void {
  try {
    checkFits(device, "picture", layouts.rgba8, [1, 4, ...size]);
  } catch (error) {
    throw tooLargeToTrain(error, { mode, pieces: [{ count: 1, size }], isPicture: true });
  }
}
