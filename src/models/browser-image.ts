/** Pictures that pages give: what image/browser-picture.ts reads, and URLs. */
import { checkSignal } from "../base/abort.js";
import type { Abortable } from "../base/abort.js";
import { isTextOrUrl } from "../base/options.js";
import { decodeFile, holdPicture } from "../image/browser-picture.js";
import type { LocalPicture } from "../image/browser-picture.js";
import type { RgbaPicture } from "../image/picture.js";
import { relativeToPage } from "../weights/urls.js";
import { holdUrl } from "./held-url.js";
import { readHeld } from "./picture-call.js";
import type { HeldImage } from "./picture-call.js";

/**
 * Pixels, a file as a Blob or its bytes, its URL (text is relative to the page), or what a canvas draws. The last is
 * read at the call, in the colours that the page shows.
 */
export type BrowserPicture = LocalPicture | string | URL;

/** The picture as it is now. @throws bad-image */
export function holdBrowserImage(image: BrowserPicture, signal?: AbortSignal): HeldImage | Promise<HeldImage> {
  if (!isTextOrUrl(image)) return holdPicture(image);
  return holdUrl(String(relativeToPage(image)), (bytes, name) => decodeFile(new Blob([bytes]), name), { signal });
}

/**
 * Reads a picture. The values of a file are those that it stores; transparency is put over white. A URL is downloaded.
 * @throws bad-image when it cannot be downloaded, or the browser cannot decode it or may not read it; bad-option, the
 * signal's reason
 * @example
 * import { readPicture } from "fcn-webgpu";
 *
 * const image = document.querySelector("img");
 * if (!image) throw new Error("the page has no picture");
 * const { width, height, data } = await readPicture(image);
 * console.log(width, height, data.length / (width * height)); // 4 bytes a pixel
 */
export async function readBrowserPicture(image: BrowserPicture, options: Abortable = {}): Promise<RgbaPicture> {
  return readHeld(holdBrowserImage, image, checkSignal("readPicture(picture", options));
}
