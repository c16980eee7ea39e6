/**
 * Pictures as pages hold them: files in memory, elements, bitmaps and frames. The browser decodes files, without their
 * colour profiles, so that the values are those that are stored, as in Node.
 * https://html.spec.whatwg.org/multipage/imagebitmap-and-animations.html
 */
import { messageOf } from "../base/errors.js";
import { typeName } from "../base/options.js";
import { badImage, heldPixels } from "./picture.js";
import type { Picture, RgbaPicture } from "./picture.js";

/** The type of a global class, and never where the types of the DOM are not there, as in Node. */
type Global<Name extends string> =
  typeof globalThis extends Record<Name, { readonly prototype: infer Instance }> ? Instance : never;

/** What a canvas draws: an image, a video's frame, a canvas, a bitmap. */
export type DrawablePicture =
  | Global<"HTMLImageElement">
  | Global<"HTMLVideoElement">
  | Global<"HTMLCanvasElement">
  | Global<"OffscreenCanvas">
  | Global<"ImageBitmap">
  | Global<"VideoFrame">;

/**
 * Pixels (ImageData is one kind), a file as a Blob or its bytes, or what a canvas draws. The last is read at the call,
 * in the colours that the page shows.
 */
export type BrowserPicture = Picture | Blob | ArrayBuffer | Uint8Array | DrawablePicture;

const DRAWABLE = /^(HTML(Image|Video|Canvas)Element|OffscreenCanvas|ImageBitmap|VideoFrame)$/;
const FILE = /^(Blob|File|ArrayBuffer|Uint8Array)$/;

/** The picture as it is now, which the function returned decodes. @throws bad-image */
export function holdPicture(image: BrowserPicture): () => Picture | Promise<Picture> {
  const type = typeName(image);
  if (DRAWABLE.test(type)) {
    const pixels = pixelsOf(image as DrawablePicture);
    return () => pixels;
  }
  if (!FILE.test(type)) return heldPixels(image as Picture);
  const file = /^(Blob|File)$/.test(type) ? (image as Blob) : new Blob([new Uint8Array(image as ArrayBuffer)]);
  return () => decodeFile(file);
}

/**
 * Reads a picture. The values of a file are those that it stores; transparency is put over white.
 * @throws bad-image when the browser cannot decode it or may not read it
 */
export async function readBrowserPicture(image: BrowserPicture): Promise<Picture> {
  return holdPicture(image)();
}

async function decodeFile(file: Blob): Promise<Picture> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file, { colorSpaceConversion: "none" });
  } catch (error) {
    const what = `the browser cannot decode this file of ${file.size} bytes`;
    throw badImage("picture", `${what}; give a whole PNG, JPEG, WebP, AVIF or GIF`, error);
  }
  try {
    return pixelsOf(bitmap);
  } finally {
    bitmap.close();
  }
}

/** Elements have a size on the page and one of their own, which counts. */
function sizeOf(source: DrawablePicture): [width: number, height: number] {
  if ("naturalWidth" in source) return [source.naturalWidth, source.naturalHeight];
  if ("videoWidth" in source) return [source.videoWidth, source.videoHeight];
  if ("displayWidth" in source) return [source.displayWidth, source.displayHeight];
  return [source.width, source.height];
}

/** @throws bad-image */
function pixelsOf(source: DrawablePicture): RgbaPicture {
  const name = typeName(source);
  const [width, height] = sizeOf(source);
  if (!width || !height)
    throw badImage(name, "it has no pixels now; wait until it is loaded, and do not close it before the call");
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw badImage(name, `the browser has no canvas of ${width} x ${height}; make the picture smaller`);
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  try {
    context.drawImage(source, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    return { width, height, data, channels: 4 };
  } catch (error) {
    const cure = "a picture of another origin must be loaded with crossorigin, and be whole";
    throw badImage(name, `its pixels cannot be read (${messageOf(error)}); ${cure}`, error);
  }
}
