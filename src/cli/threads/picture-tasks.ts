/** The tasks of a picture that need no GPU: it is read before the network sees it, and its files are made after. */
import { decodeDraft, decodePicture } from "../../image/decode.js";
import type { DecodedPicture } from "../../image/decode.js";
import { shrink } from "../../image/shrink.js";
import { uploadSize } from "../../models/preprocessing.js";
import type { Resize } from "../../models/preprocessing.js";
import { readListedFile } from "../listed-file.js";
import type { ListedPicture } from "../picture-list.js";
import { encodeResult } from "../segment-output.js";
import type { EncodedResult, LabelledPicture } from "../segment-output.js";

/** How pictures are read. */
export interface PictureReading {
  /** What the network asks for. */
  readonly resize: Resize;
  /** Whether drafts are good enough: see decodeDraft(). */
  readonly draft?: boolean;
}

export interface ReadTask extends PictureReading {
  readonly kind: "read";
  /** Path of the picture. */
  readonly image: string;
  /** What a list says of its file. */
  readonly listed?: ListedPicture;
}

export interface EncodeTask {
  readonly kind: "encode";
  readonly picture: LabelledPicture;
}

export type PictureTask = ReadTask | EncodeTask;

/**
 * A file's picture, also at the size in which it goes to the GPU, where that is another one. A picture with too many
 * pixels is decoded at the size that the network sees.
 * @throws bad-image, missing-package
 */
export async function decodeFor(
  bytes: Uint8Array,
  name: string,
  { resize, draft = false }: PictureReading,
): Promise<DecodedPicture> {
  const found = draft ? await decodeDraft(bytes, (height, width) => uploadSize(height, width, resize)) : undefined;
  if (found) return found;
  const picture = await decodePicture(bytes, name, resize === "none" ? undefined : resize);
  const { width, height } = picture;
  const [toHeight, toWidth] = uploadSize(height, width, resize);
  if (toHeight === height && toWidth === width) return picture;
  return { ...picture, shrunk: shrink(picture, toHeight, toWidth) };
}

/** @throws bad-image, also for a file that is not the one of its list; missing-package */
export const readTask = async ({ image, listed, ...reading }: ReadTask): Promise<DecodedPicture> =>
  decodeFor(await readListedFile(image, listed), image, reading);

export const encodeTask = ({ picture }: EncodeTask): EncodedResult => encodeResult(picture);
