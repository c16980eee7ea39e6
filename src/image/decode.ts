/**
 * Reads picture files of any usual kind, in Node only. PNG always goes through png.ts. JPEG, WebP and the rest need the
 * optional package `sharp`, which also turns a picture as its EXIF orientation says. Label maps must be PNG: the other
 * formats are lossy.
 * https://sharp.pixelplumbing.com
 */
import type { SharpConstructor } from "sharp";
import { firstLineOf, messageOf } from "../base/errors.js";
import { labelsMeant } from "./label-meaning.js";
import type { LabelMeaning, MeantLabels } from "./label-meaning.js";
import { badImage } from "./picture.js";
import type { PictureSize, RgbaPicture } from "./picture.js";
import { decodeLabelValues } from "./png-labels.js";
import { decodePng } from "./png.js";
import { readBytes } from "./read-file.js";

/** Endings of the files that a search of folders finds. */
export const PICTURE_ENDINGS = [".png", ".jpg", ".jpeg", ".webp"] as const;

/** The format that the first bytes show; undefined for PNG and for everything unknown. */
function formatOf(bytes: Uint8Array): string | undefined {
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, 16));
  if (text.startsWith("\xff\xd8")) return "JPEG";
  if (text.startsWith("RIFF") && text.slice(8, 12) === "WEBP") return "WebP";
  if (/^GIF8[79]a/.test(text)) return "GIF";
  if (/^ftyp(avif|heic|mif1)/.test(text.slice(4))) return "AVIF or HEIF";
  if (/^(II\*\0|MM\0\*)/.test(text)) return "TIFF";
  return undefined;
}

const firstLine = (error: unknown): string => firstLineOf(messageOf(error));

let loaded: Promise<SharpConstructor> | undefined;

/** Loads sharp for the first picture that needs it. @throws bad-image when it is not installed */
async function sharpFor(format: string, name: string): Promise<SharpConstructor> {
  loaded ??= import("sharp").then((module) => module.default);
  try {
    return await loaded;
  } catch (error) {
    loaded = undefined;
    const reason = `reading ${format} needs the npm package "sharp" (${firstLine(error)})`;
    throw badImage(name, `${reason}: npm install sharp, or give the picture as PNG`, error);
  }
}

/** A file's pixels as opaque RGBA; transparency is put over white. @throws bad-image */
export async function decodePicture(bytes: Uint8Array, name: string): Promise<RgbaPicture> {
  const format = formatOf(bytes);
  if (format === undefined) return decodePng(bytes, name); // explains what is wrong with bytes of no known format
  const sharp = await sharpFor(format, name);
  try {
    // Refuses files that are cut off, but not the many harmless oddities of cameras.
    const { data, info } = await sharp(bytes, { failOn: "truncated" })
      .rotate()
      .flatten({ background: "#ffffff" })
      .toColourspace("srgb")
      .ensureAlpha()
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    const pixels = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return { width: info.width, height: info.height, data: pixels, channels: 4 };
  } catch (error) {
    const state = `the ${format} is damaged or cut off (${bytes.length} bytes)`;
    throw badImage(name, `${state}: ${firstLine(error)}`, error);
  }
}

/** The pixels of a file. @throws bad-image when it cannot be read or decoded */
export const readPictureFile = async (path: string): Promise<RgbaPicture> => decodePicture(await readBytes(path), path);

/** How a label map is read. */
export interface LabelRules extends LabelMeaning {
  /** Classes of the network. */
  readonly classes: number;
}

/** Every byte is a label. */
const ANY_LABEL: LabelRules = { classes: 256, voids: new Set(), classOf: new Map() };

/** The label map of a picture. @throws bad-image with both sizes when they differ, and as labelsMeant() */
export async function readLabelFile(path: string, picture: PictureSize, rules = ANY_LABEL): Promise<MeantLabels> {
  const map = decodeLabelValues(await readBytes(path), path);
  if (map.width !== picture.width || map.height !== picture.height) {
    const sizes = `the label map is ${map.width} x ${map.height}, its picture is ${picture.width} x ${picture.height}`;
    throw badImage(path, `${sizes}; they must have one size`);
  }
  return labelsMeant(map, path, rules.classes, rules);
}
