/**
 * Picture files of any usual kind to pixels, Node only. PNG by png.ts, always; JPEG, WebP and the rest by the optional package
 * `sharp`, which also turns a picture the way its EXIF orientation says. Label maps are PNG alone: the others are lossy.
 * https://sharp.pixelplumbing.com
 */
import { readFile } from "node:fs/promises";
import type { SharpConstructor } from "sharp";
import { FcnError, messageOf } from "../base/errors.js";
import type { RgbaPicture } from "./picture.js";
import { decodeLabelPng, decodePng } from "./png.js";
import type { LabelMap } from "./png.js";

const bad = (name: string, sentence: string, cause?: unknown): FcnError =>
  new FcnError("bad-image", `${name}: ${sentence}`, { cause });

/** Endings of the files that folders are searched for. */
export const PICTURE_ENDINGS = [".png", ".jpg", ".jpeg", ".webp"] as const;

/** What the first bytes say a file is; undefined for a PNG, and for what is no picture at all. */
function kindOf(bytes: Uint8Array): string | undefined {
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, 16));
  if (text.startsWith("\xff\xd8")) return "JPEG";
  if (text.startsWith("RIFF") && text.slice(8, 12) === "WEBP") return "WebP";
  if (/^GIF8[79]a/.test(text)) return "GIF";
  if (/^ftyp(avif|heic|mif1)/.test(text.slice(4))) return "AVIF or HEIF";
  if (/^(II\*\0|MM\0\*)/.test(text)) return "TIFF";
  return undefined;
}

let loaded: Promise<SharpConstructor> | undefined;

/** Loaded at the first picture that needs it; a package that is not there is an answer, not a crash. */
async function sharpFor(kind: string, name: string): Promise<SharpConstructor> {
  loaded ??= import("sharp").then((module) => module.default);
  try {
    return await loaded;
  } catch (error) {
    loaded = undefined;
    throw bad(
      name,
      `reading ${kind} needs the npm package "sharp" (${messageOf(error).split("\n")[0] ?? ""}): npm install sharp, or give the picture as PNG`,
      error,
    );
  }
}

/** A file's pixels as opaque RGBA; transparency is put over white. @throws bad-image */
export async function decodePicture(bytes: Uint8Array, name: string): Promise<RgbaPicture> {
  const kind = kindOf(bytes);
  if (kind === undefined) return decodePng(bytes, name); // which also says what is wrong with what is no picture
  const sharp = await sharpFor(kind, name);
  try {
    // Files cut off are errors; the many harmless oddities of cameras are not.
    const { data, info } = await sharp(bytes, { failOn: "truncated" })
      .rotate()
      .flatten({ background: "#ffffff" })
      .toColourspace("srgb")
      .ensureAlpha()
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    return {
      width: info.width,
      height: info.height,
      data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      channels: 4,
    };
  } catch (error) {
    throw bad(
      name,
      `the ${kind} is damaged or cut off (${bytes.length} bytes): ${messageOf(error).split("\n")[0] ?? ""}`,
      error,
    );
  }
}

/** The bytes of a file. @throws bad-image when it cannot be read */
async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : messageOf(error);
    throw bad(path, why, error);
  }
}

export const readPictureFile = async (path: string): Promise<RgbaPicture> => decodePicture(await readBytes(path), path);

/** The label map of a picture. @throws bad-image naming both sizes when it is not of the picture's */
export async function readLabelFile(
  path: string,
  picture: { readonly width: number; readonly height: number },
): Promise<LabelMap> {
  const map = decodeLabelPng(await readBytes(path), path);
  if (map.width !== picture.width || map.height !== picture.height) {
    throw bad(
      path,
      `the label map is ${map.width} x ${map.height}, its picture is ${picture.width} x ${picture.height}; they must have one size`,
    );
  }
  return map;
}
