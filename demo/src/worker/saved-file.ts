/** The PNG files that the page saves, at the size of the picture's file up to 24 megapixels, in VOC's colours. */
import { labelPng, vocPalette } from "fcn-webgpu";
import type { Picture } from "fcn-webgpu";
import type { Look, SavedKind } from "../messages.js";
import { blend } from "./cpu-painter.js";
import { decode } from "./pictures.js";
import { resizedLabels } from "./resized-labels.js";
import type { Scene } from "./scene.js";

const TYPE = { type: "image/png" };

/** @param look of the overlay; its divider is ignored */
export async function savedFile(kind: SavedKind, scene: Scene, labels: Uint8Array, look: Look): Promise<Blob> {
  const picture = await fullPicture(scene);
  const { width, height } = picture;
  const map = resizedLabels(labels, scene.picture, picture);
  if (kind === "labels") return new Blob([await labelPng(map, width, height)], TYPE);
  const canvas = new OffscreenCanvas(width, height);
  const pixels = blend(picture, { labels: map }, { ...look, split: 0 }, vocPalette());
  canvas.getContext("2d")?.putImageData(new ImageData(pixels, width, height), 0, 0);
  return canvas.convertToBlob(TYPE);
}

/** The picture as its file has it. A camera's frame is there only as the network saw it. */
async function fullPicture({ job, picture }: Scene): Promise<Picture> {
  if (job.picture instanceof ImageBitmap) return picture;
  return (await decode(job.picture, job.name, "full", false)).picture;
}
