/** Names of files that belong to a picture: its label map, and what `fcn segment` and `fcn demo` write about it. */
import { createHash } from "node:crypto";
import { basename, extname } from "node:path";
import { nameBytes, nameLength } from "../base/native-path.js";
import { PICTURE_ENDINGS } from "../image/decode.js";
import { VARIANTS } from "../node.js";
import { ENDINGS } from "./segment-output.js";

const LABEL_ENDING = ".label.png";
const RESULT_ENDINGS = Object.values(ENDINGS);
const DEMO_ENDINGS = VARIANTS.map((variant) => `.${variant}${ENDINGS.labels}`);

/** `photos/cat.png` to `cat`. */
export const stem = (path: string): string => basename(path, extname(path));

export const isPicture = (path: string): boolean =>
  PICTURE_ENDINGS.some((ending) => path.toLowerCase().endsWith(ending));

/** Of own endings those of pictures: only these can be taken for pictures. */
const PICTURES_ABOUT_PICTURES = [LABEL_ENDING, ...DEMO_ENDINGS, ...RESULT_ENDINGS].filter(isPicture);

/** Bytes that file systems take for a name. */
const LONGEST_NAME = 255;
const ROOM_FOR_ENDING = Math.max(...RESULT_ENDINGS.map((ending) => ending.length));
const HASH_DIGITS = 12;

/** The name, with room for an ending. A longer one is cut, with a hash of the whole name at its end. */
export function fittedName(name: string): string {
  const room = LONGEST_NAME - ROOM_FOR_ENDING;
  if (nameLength(name) <= room) return name;
  const mark = `~${createHash("sha256").update(nameBytes(name)).digest("hex").slice(0, HASH_DIGITS)}`;
  let cut = "";
  let length = mark.length;
  for (const sign of name) {
    length += nameLength(sign);
    if (length > room) break;
    cut += sign;
  }
  return cut + mark;
}

/** Names, without endings, that label maps and results of these pictures of one folder begin with. */
export function namesOfPictures(names: readonly string[]): Set<string> {
  const pictures = names.filter(isPicture).map((name) => basename(name));
  return new Set(pictures.flatMap((name) => [stem(name), name, fittedName(stem(name)), fittedName(name)]));
}

/** Whether a file is the label map or a result of one of the pictures, by its name. */
export function belongsToPicture(file: string, pictures: ReadonlySet<string>): boolean {
  const name = basename(file);
  return PICTURES_ABOUT_PICTURES.some((ending) => name.endsWith(ending) && pictures.has(name.slice(0, -ending.length)));
}
