/** Pictures of one size go through the network together: how they are grouped, and the bytes that are uploaded. */
import type { PictureSize, RgbaPicture } from "../image/picture.js";
import { shrink } from "../image/shrink.js";
import { uploadSize } from "./preprocessing.js";
import type { Resize } from "./preprocessing.js";

/** What one plan computes: outputs of one kind for `count` pictures of `width` x `height` pixels. */
export interface Batch<Kind extends string = string> {
  readonly kind: Kind;
  readonly count: number;
  readonly height: number;
  readonly width: number;
}

/** Indices of what has the same size: pictures, costs. Groups are in the order of their first member. */
export function groupBySize(sized: readonly PictureSize[]): number[][] {
  const groups = new Map<string, number[]>();
  sized.forEach(({ width, height }, index) => {
    const key = `${width}x${height}`;
    const group = groups.get(key);
    if (group) group.push(index);
    else groups.set(key, [index]);
  });
  return [...groups.values()];
}

/** RGBA bytes of pictures of one size, at their upload size, one picture after the other. One is not copied. */
export function uploadBytes(pictures: readonly RgbaPicture[], resize: Resize): RgbaPicture["data"] {
  const { width, height } = pictures[0] as RgbaPicture;
  const [uploadHeight, uploadWidth] = uploadSize(height, width, resize);
  const isShrunk = uploadHeight !== height || uploadWidth !== width;
  const ofPicture = (picture: RgbaPicture): RgbaPicture["data"] => {
    if (!isShrunk) return picture.data;
    const { shrunk, ...own } = picture;
    const isOfSize = shrunk?.width === uploadWidth && shrunk.height === uploadHeight;
    return (isOfSize ? shrunk : shrink(own, uploadHeight, uploadWidth)).data;
  };
  if (pictures.length === 1) return ofPicture(pictures[0] as RgbaPicture);
  const pictureBytes = uploadHeight * uploadWidth * 4;
  const bytes = new Uint8Array(pictures.length * pictureBytes);
  pictures.forEach((picture, i) => bytes.set(ofPicture(picture), i * pictureBytes));
  return bytes;
}
