/**
 * Pictures as pages hold them: files in memory, elements, bitmaps and frames. The browser decodes files, without their
 * colour profiles, so that the values are those that are stored, as in Node.
 * https://html.spec.whatwg.org/multipage/imagebitmap-and-animations.html
 */
import { messageOf } from "../base/errors.js";
import { typeName } from "../base/options.js";
import { badImage, bytesIn, copiedBytes, heldPixels } from "./picture.js";
import type { FileBytes, Picture, RgbaPicture } from "./picture.js";

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

/** Pixels (ImageData is one kind), a file as a Blob or its bytes, or what a canvas draws. */
export type LocalPicture = Picture | Blob | FileBytes | DrawablePicture;

const DRAWABLE = /^(HTML(Image|Video|Canvas)Element|OffscreenCanvas|ImageBitmap|VideoFrame)$/;

/** The picture as it is now, which the function returned decodes. @throws bad-image */
export function holdPicture(image: LocalPicture): () => Picture | Promise<Picture> {
  const type = typeName(image);
  if (DRAWABLE.test(type)) {
    const pixels = pixelsOf(image as DrawablePicture);
    return () => pixels;
  }
  const bytes = bytesIn(image);
  if (!bytes && !/^(Blob|File)$/.test(type)) return heldPixels(image as Picture);
  const file = bytes ? new Blob([copiedBytes(bytes)]) : (image as Blob);
  return () => decodeFile(file);
}

/** @throws bad-image when the browser cannot decode it */
export async function decodeFile(file: Blob, name = (file as File).name || "picture"): Promise<Picture> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file, { colorSpaceConversion: "none" });
  } catch (error) {
    const what = `the browser cannot decode this file of ${file.size} bytes`;
    throw badImage(name, `${what}; give a whole PNG, JPEG, WebP, AVIF or GIF`, error);
  }
  try {
    return pixelsOf(bitmap);
  } finally {
    bitmap.close();
  }
}

/** What a canvas can be asked about, whichever it is. */
interface Facts {
  readonly complete?: boolean;
  readonly naturalWidth?: number;
  readonly naturalHeight?: number;
  readonly readyState?: number;
  readonly videoWidth?: number;
  readonly videoHeight?: number;
  readonly displayWidth?: number;
  readonly displayHeight?: number;
  readonly width?: number;
  readonly height?: number;
}

/** A video's readyState from which it has a frame: HAVE_CURRENT_DATA. */
const HAS_FRAME = 2;

/** Elements have a size on the page and one of their own, which counts. @throws bad-image while there are no pixels */
function sizeOf(source: DrawablePicture, name: string): [width: number, height: number] {
  const facts: Facts = source;
  const { complete = true, readyState = HAS_FRAME } = facts;
  const width = facts.naturalWidth ?? facts.videoWidth ?? facts.displayWidth ?? facts.width;
  const height = facts.naturalHeight ?? facts.videoHeight ?? facts.displayHeight ?? facts.height;
  if (width && height && complete && readyState >= HAS_FRAME) return [width, height];
  if (!complete) throw badImage(name, "it is not loaded yet; wait for its decode()");
  if ("naturalWidth" in source)
    throw badImage(name, "it shows no picture; set its src to one, and wait for its decode()");
  if ("videoWidth" in source) throw badImage(name, "it has no frame yet; wait for its event loadeddata");
  if ("getContext" in source) throw badImage(name, `it has ${width} x ${height} pixels; set its size and draw into it`);
  throw badImage(name, "it was closed or transferred; give it before that, or a clone");
}

/** @throws bad-image */
function pixelsOf(source: DrawablePicture): RgbaPicture {
  const name = typeName(source);
  const [width, height] = sizeOf(source, name);
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw badImage(name, `the browser has no canvas of ${width} x ${height}; resize it before`);
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  try {
    context.drawImage(source, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    return { width, height, data, channels: 4 };
  } catch (error) {
    const isForeign = (error as Error).name === "SecurityError";
    const cure = isForeign
      ? 'load its pictures of other origins with crossOrigin = "anonymous", from a server that allows that'
      : "it must be whole, and small enough for a canvas: resize it";
    throw badImage(name, `its pixels cannot be read (${messageOf(error)}); ${cure}`, error);
  }
}
