/** Pictures that programs in Node give: paths, URLs, files in memory and pixels. Node only. */
import { fileURLToPath } from "node:url";
import { checkSignal } from "../base/abort.js";
import type { Abortable } from "../base/abort.js";
import { messageOf } from "../base/errors.js";
import { isTextOrUrl, typeName } from "../base/options.js";
import { decodePicture, readPictureFile } from "../image/decode.js";
import { badImage, bytesIn, copiedBytes, heldPixels } from "../image/picture.js";
import type { FileBytes, Picture, RgbaPicture } from "../image/picture.js";
import { proxiedFetch } from "../weights/proxied-fetch.js";
import { holdUrl } from "./held-url.js";
import { readHeld } from "./picture-call.js";
import type { HeldImage } from "./picture-call.js";

/** Pixels, or a PNG, JPEG or WebP file: its path, its URL, its bytes, or a Blob. */
export type NodePicture = Picture | string | URL | Blob | FileBytes;

/** Begins like a URL. Windows' `C:\` does not: its scheme has one letter. */
const URL_TEXT = /^(?:data:|blob:|[a-z][a-z\d+.-]+:\/\/)/i;

/** Pixels and the bytes of a file are copied at once; paths and Blobs are read when their turn comes. */
export function holdNodeImage(image: NodePicture, signal?: AbortSignal): HeldImage | Promise<HeldImage> {
  if (isTextOrUrl(image)) return holdText(String(image), signal);
  const bytes = bytesIn(image);
  if (bytes) {
    const copy = copiedBytes(bytes);
    return () => decodePicture(copy, "picture bytes");
  }
  if (/^(Blob|File)$/.test(typeName(image))) return () => decodeBlob(image as Blob);
  return heldPixels(image as Picture);
}

function holdText(text: string, signal: AbortSignal | undefined): HeldImage | Promise<HeldImage> {
  if (/^file:/i.test(text)) return () => readPictureFile(pathOf(text));
  if (URL_TEXT.test(text)) return holdUrl(text, decodePicture, { signal, fetch: proxiedFetch });
  return () => readPictureFile(text);
}

/** The path of a `file:` URL. @throws bad-image for a URL of another host and for encoded slashes */
function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw badImage(url.slice(0, 200), `it names no file of this machine: ${messageOf(error)}`, error);
  }
}

async function decodeBlob(blob: Blob): Promise<Picture> {
  const name = (blob as File).name || "picture bytes";
  let bytes: ArrayBuffer;
  try {
    bytes = await blob.arrayBuffer();
  } catch (error) {
    // The Blob of a file that was changed or removed after openAsBlob().
    throw badImage(name, `its ${blob.size} bytes could not be read (${messageOf(error)}); open the file again`, error);
  }
  return decodePicture(new Uint8Array(bytes), name);
}

/**
 * Reads a picture. PNG needs nothing else; JPEG, WebP and other formats need the optional package `sharp` and are
 * turned as their EXIF orientation says. A URL is downloaded.
 * @throws bad-image when the file cannot be read, downloaded or decoded; missing-package when sharp is not installed;
 * bad-option, the signal's reason
 * @example
 * import { readPicture } from "fcn-webgpu/node";
 *
 * const { width, height, data } = await readPicture("samples/photographs/coffee.png");
 * console.log(width, height, data.length / (width * height)); // prints 600 400 4
 */
export async function readPicture(image: NodePicture, options: Abortable = {}): Promise<RgbaPicture> {
  return readHeld(holdNodeImage, image, checkSignal("readPicture(picture", options));
}
