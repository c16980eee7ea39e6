/**
 * Reads picture files of any usual kind, in Node only. PNG always goes through png.ts. JPEG, WebP and the rest need the
 * optional package `sharp`, which also turns a picture as its EXIF orientation says. Label maps must be PNG: the other
 * formats are lossy.
 * https://sharp.pixelplumbing.com
 */
import type { ResizeOptions, SharpConstructor } from "sharp";
import { FcnError, firstLineOf, isFcnError, messageOf } from "../base/errors.js";
import { labelsMeant } from "./label-meaning.js";
import type { LabelMeaning, MeantLabels } from "./label-meaning.js";
import { cannotRead, formatOf, refusalSentence } from "./picture-formats.js";
import type { SharpFormat } from "./picture-formats.js";
import { badImage } from "./picture.js";
import type { PictureSize, RgbaPicture } from "./picture.js";
import { MAX_PIXELS } from "./png-chunks.js";
import { decodeLabelValues } from "./png-labels.js";
import { decodePng } from "./png.js";
import { readBytes } from "./read-file.js";

/** Endings of the files that a search of folders finds. */
export const PICTURE_ENDINGS = [".png", ".jpg", ".jpeg", ".webp"] as const;

const firstLine = (error: unknown): string => firstLineOf(messageOf(error));

/** Loads sharp for the first picture that needs it. @throws missing-package when it is not installed */
async function sharpFor(format: string, name: string): Promise<SharpConstructor> {
  try {
    return (await import("sharp")).default; // inside `try`, or bundlers stop where it is not installed
  } catch (error) {
    if (format === "HEIC") throw badImage(name, cannotRead(format), error); // sharp as npm installs it lacks HEVC
    const reason = `reading ${format} needs the npm package "sharp" (${firstLine(error)})`;
    const sentence = `${name}: ${reason}: npm install sharp, or give the picture as PNG`;
    throw new FcnError("missing-package", sentence, { cause: error });
  }
}

/** True for errors of a file that is not a picture, or that cannot be read here. Other pictures may be fine. */
export const isPictureError = (error: unknown): boolean =>
  isFcnError(error, "bad-image") || isFcnError(error, "missing-package");

/** A picture, and the size of its file where that was too large to decode whole. */
export interface DecodedPicture extends RgbaPicture {
  readonly shrunkFrom?: PictureSize;
}

/**
 * A file's pixels as opaque RGBA; transparency is put over white. The values are those that are stored: colour profiles
 * are not applied, as in torchvision and Pillow. Only CMYK, which has no RGB values, is converted by its profile.
 * @param shorterSide what a picture with too many pixels may be shrunk to, where its format can be decoded smaller
 * @throws bad-image, missing-package
 */
export async function decodePicture(bytes: Uint8Array, name: string, shorterSide?: number): Promise<DecodedPicture> {
  const format = formatOf(bytes);
  if (format === undefined) return decodePng(bytes, name); // explains what is wrong with bytes of no known format
  if (!format.isReadable) throw badImage(name, cannotRead(format.name));
  const sharp = await sharpFor(format.name, name);
  try {
    return await decodeBySharp(sharp, bytes).catch((error: unknown) => {
      if (!LOST_REASON.test(messageOf(error))) throw error;
      return decodeBySharp(sharp, bytes);
    });
  } catch (error) {
    const refusal = { sharp, bytes, name, format: format.name as SharpFormat, error };
    if (isOverLimit(error)) return shrunkBySharp(refusal, shorterSide);
    throw refusalOf(refusal);
  }
}

/** libvips has one text of errors for all threads. Another picture may take it, so the reason needs a second try. */
const LOST_REASON = /^Unknown error$/;

/** @param to shrinks while decoding, whatever the number of pixels */
async function decodeBySharp(sharp: SharpConstructor, bytes: Uint8Array, to?: ResizeOptions): Promise<RgbaPicture> {
  const limitInputPixels = to === undefined ? MAX_PIXELS : false;
  const { space } = await sharp(bytes, { limitInputPixels }).metadata();
  // Refuses files that are cut off, but not the many harmless oddities of cameras.
  const decoder = sharp(bytes, { failOn: "truncated", limitInputPixels, ignoreIcc: space !== "cmyk" }).rotate();
  if (to !== undefined) decoder.resize(to);
  const { data, info } = await decoder
    .flatten({ background: "#ffffff" })
    .toColourspace("srgb")
    .ensureAlpha()
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  const pixels = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { width: info.width, height: info.height, data: pixels, channels: 4 };
}

interface SharpRefusal {
  readonly sharp: SharpConstructor;
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly format: SharpFormat;
  readonly error: unknown;
}

const isOverLimit = (error: unknown): boolean => messageOf(error).includes("pixel limit");

const refusalOf = ({ bytes, name, format, error }: SharpRefusal): Error =>
  badImage(name, refusalSentence({ format, bytes: bytes.length, message: messageOf(error) }), error);

/** Formats whose decoders can leave out detail, so that the whole picture is never in memory. */
const SHRINKING: readonly SharpFormat[] = ["JPEG", "WebP"];

/** A picture beyond the limit, at a smaller size. @throws bad-image where that cannot be */
async function shrunkBySharp(refusal: SharpRefusal, shorterSide: number | undefined): Promise<DecodedPicture> {
  const { sharp, bytes, name, format, error } = refusal;
  const { width, height } = await turnedSize(sharp, bytes);
  const isShrinking = SHRINKING.includes(format);
  const scale = (shorterSide ?? Infinity) / Math.min(width, height);
  if (!isShrinking || scale >= 1 || width * height * scale * scale > MAX_PIXELS) {
    const what = `the ${format} is ${width} x ${height}, more than the ${MAX_PIXELS} pixels that can be read`;
    const cure = isShrinking ? "; fcn segment --resize N shrinks it while decoding" : "";
    throw badImage(name, `${what}; make the picture smaller, or cut it into pieces${cure}`, error);
  }
  try {
    const to: ResizeOptions = { width: shorterSide, height: shorterSide, fit: "outside" };
    return { ...(await decodeBySharp(sharp, bytes, to)), shrunkFrom: { width, height } };
  } catch (failure) {
    throw refusalOf({ ...refusal, error: failure });
  }
}

/** A size for a picture of a size: rows and columns. */
type SizeOf = (height: number, width: number) => readonly [number, number];

/** Values of EXIF's orientation from which rows are columns. */
const FIRST_ON_ITS_SIDE = 5;

async function turnedSize(sharp: SharpConstructor, bytes: Uint8Array): Promise<PictureSize> {
  const { width, height, orientation = 1 } = await sharp(bytes, { limitInputPixels: false }).metadata();
  return orientation < FIRST_ON_ITS_SIDE ? { width, height } : { width: height, height: width };
}

/**
 * A draft of a JPEG or WebP: decoded at a half, quarter or eighth of its size and shrunk by libvips to what `sizeOf`
 * gives, in a fifth of the time. Its pixels differ by a few steps from those of shrink(). Only `shrunk` has pixels;
 * `data` is empty. Pillow's Image.draft() does the same.
 * @returns undefined where that does not work: other formats, pictures that do not get smaller, damaged files
 */
export async function decodeDraft(bytes: Uint8Array, sizeOf: SizeOf): Promise<DecodedPicture | undefined> {
  const format = formatOf(bytes)?.name as SharpFormat;
  if (!SHRINKING.includes(format)) return undefined;
  try {
    const sharp = await sharpFor(format, "");
    const { width, height } = await turnedSize(sharp, bytes);
    const [toHeight, toWidth] = sizeOf(height, width);
    if (toHeight >= height || width * height > MAX_PIXELS) return undefined;
    const to = { width: toWidth, height: toHeight, fit: "fill", kernel: "mitchell" } as const;
    const shrunk = await decodeBySharp(sharp, bytes, to);
    return { width, height, data: new Uint8Array(0), channels: 4, shrunk };
  } catch {
    return undefined; // decodePicture() says what is wrong
  }
}

/** The pixels of a file. @throws bad-image when it cannot be read or decoded */
export const readPictureFile = async (path: string, shorterSide?: number): Promise<DecodedPicture> =>
  decodePicture(await readBytes(path), path, shorterSide);

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
