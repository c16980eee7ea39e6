/** Reads files of lists: a file must be the one that the list names. */
import { createHash } from "node:crypto";
import { badImage } from "../image/picture.js";
import { readBytes } from "../image/read-file.js";
import type { ListedPicture } from "./picture-list.js";

const CURE = "copy it again, or make the list anew";

/** @throws bad-image for bytes that are not those of the list */
function checkListed(file: Uint8Array, image: string, { bytes, sha256 }: ListedPicture): void {
  if (bytes !== undefined && bytes !== file.length)
    throw badImage(image, `it has ${file.length} bytes, in the list ${bytes}; ${CURE}`);
  if (sha256 === undefined) return;
  const own = createHash("sha256").update(file).digest("hex");
  if (own !== sha256) throw badImage(image, `its SHA-256 is ${own}, in the list ${sha256}; ${CURE}`);
}

/**
 * The bytes of a picture's file. What a list says of it is compared with the bytes that are decoded.
 * @throws bad-image, also for a file that is not the one of the list
 */
export async function readListedFile(image: string, listed: ListedPicture | undefined): Promise<Uint8Array> {
  const bytes = await readBytes(image);
  if (listed) checkListed(bytes, image, listed);
  return bytes;
}
