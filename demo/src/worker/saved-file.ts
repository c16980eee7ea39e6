/** The PNG files that the page saves, at the size that the network saw. */
import { labelPng } from "fcn-webgpu";
import type { Picture } from "fcn-webgpu";
import type { Look, SavedKind } from "../messages.js";
import { blend } from "./cpu-painter.js";

const TYPE = { type: "image/png" };

/** @param look of the overlay; its divider is ignored */
export async function savedFile(kind: SavedKind, picture: Picture, labels: Uint8Array, look: Look): Promise<Blob> {
  const { width, height } = picture;
  if (kind === "labels") return new Blob([await labelPng(labels, width, height)], TYPE);
  const canvas = new OffscreenCanvas(width, height);
  const pixels = blend(picture, labels, { ...look, split: 0 });
  canvas.getContext("2d")?.putImageData(new ImageData(pixels, width, height), 0, 0);
  return canvas.convertToBlob(TYPE);
}
