/** A chosen picture as "Teach it" knows it. */
import type { GalleryPicture } from "../ui/gallery.js";
import type { TeachPicture } from "./messages.js";

export function paintedPicture({ picture, name, sample }: GalleryPicture): TeachPicture {
  const version = picture instanceof File ? picture.lastModified : 0;
  return { key: sample ?? `${name} ${picture.size} ${version}`, name, file: picture };
}
