/** The tasks of a picture that need no GPU: it is read before the network sees it, and its files are made after. */
import type { DecodedPicture, SizeOf } from "../../image/decode.js";
import { shrink } from "../../image/shrink.js";
import { uploadSize } from "../../models/preprocessing.js";
import type { Resize } from "../../models/preprocessing.js";
import { readListedPicture } from "../listed-file.js";
import type { ListedPicture } from "../picture-list.js";
import { encodeResult } from "../segment-output.js";
import type { EncodedResult, LabelledPicture } from "../segment-output.js";

export interface ReadTask {
  readonly kind: "read";
  /** Path of the picture. */
  readonly image: string;
  /** What the network asks for. */
  readonly resize: Resize;
  /** Whether drafts are good enough: see decodeDraft(). */
  readonly draft?: boolean;
  /** What a list says of its file. */
  readonly listed?: ListedPicture;
}

export interface EncodeTask {
  readonly kind: "encode";
  readonly picture: LabelledPicture;
}

export type PictureTask = ReadTask | EncodeTask;

/** Adds the picture at the size in which it goes to the GPU, where that is another one. */
export function withShrunk(picture: DecodedPicture, resize: Resize): DecodedPicture {
  const { width, height, shrunk } = picture;
  if (shrunk) return picture;
  const [toHeight, toWidth] = uploadSize(height, width, resize);
  if (toHeight === height && toWidth === width) return picture;
  return { ...picture, shrunk: shrink(picture, toHeight, toWidth) };
}

/** A picture with too many pixels is decoded at the size that the network sees. @throws bad-image, missing-package */
export async function readTask({ image, resize, draft, listed }: ReadTask): Promise<DecodedPicture> {
  const side = resize === "none" ? undefined : resize;
  const sizeOf: SizeOf = (height, width) => uploadSize(height, width, resize);
  return withShrunk(await readListedPicture(image, listed, side, draft ? sizeOf : undefined), resize);
}

export const encodeTask = ({ picture }: EncodeTask): EncodedResult => encodeResult(picture);
