/**
 * The pictures that a report shows. Of a set of any size only the worst few are kept, made small, with their label
 * maps, beside the results. A report then needs no other pictures, also where shards of several machines are merged.
 */
import { createHash } from "node:crypto";
import { lstat, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../base/make-folder.js";
import { nameBytes, nativePath } from "../base/native-path.js";
import { writeWhole } from "../base/write-whole.js";
import { badImage } from "../image/picture.js";
import type { Picture } from "../image/picture.js";
import { decodeLabelPng, decodePng, encodeLabelPng, encodePng } from "../image/png.js";
import type { LabelMap } from "../image/png.js";
import { scaled, scaledLabels } from "../image/scale.js";
import { COMPARABLE } from "../models/compared.js";
import { ownFolder, removing, writing } from "./output-disk.js";

/** Folder beside the results, with one folder for each kept picture. */
const KEPT = "kept";
const META = "meta.json";
/** Label maps that are kept: the truth, and one of each network, as fileNames() names it. */
const MAP_NAME = new RegExp(`^(truth|(${COMPARABLE.join("|")})(-[a-z0-9-]{1,100})?)$`);
/** Pictures kept at most. */
export const KEPT_COUNT = 24;
/** Longest side of a kept picture in pixels. */
const LONGEST_SIDE = 320;
/** Bytes of a kept file at most. Pixels that do not compress need a third of it. */
const MAX_FILE = 2 ** 20;
/** Where the width and height of a PNG end: signature, length and name of the first chunk, two numbers. */
const PNG_SIZES_END = 8 + 8 + 8;
/** Characters of the hash that names a picture's folder. */
const HASH_LENGTH = 16;

interface KeptMeta {
  readonly picture: string;
  /** Size of the original. */
  readonly width: number;
  readonly height: number;
  /** Names of the label maps beside the picture: "truth", and those of fileNames(). */
  readonly maps: readonly string[];
}

export interface KeptPicture extends KeptMeta {
  readonly folder: string;
}

/** The description of a kept picture; undefined for text that no comparison writes, such as a part of it. */
export function parseMeta(text: string): KeptMeta | undefined {
  let meta: Partial<KeptMeta> | null;
  try {
    meta = JSON.parse(text) as Partial<KeptMeta> | null;
  } catch {
    return undefined;
  }
  const { picture, width, height, maps } = meta ?? {};
  if (typeof picture !== "string" || picture === "" || !Array.isArray(maps)) return undefined;
  if (!isSide(width) || !isSide(height)) return undefined;
  const areNames = maps.every((name) => typeof name === "string" && MAP_NAME.test(name));
  if (!areNames || new Set(maps).size !== maps.length) return undefined;
  return { picture, width, height, maps: maps as string[] };
}

const isSide = (value: unknown): value is number => Number.isInteger(value) && (value as number) > 0;

/** The bytes of a small regular file: results of other people may hold links, pipes and files of any size. */
async function readSmall(path: string): Promise<Buffer | undefined> {
  try {
    const info = await lstat(nativePath(path));
    return info.isFile() && info.size <= MAX_FILE ? await readFile(nativePath(path)) : undefined;
  } catch {
    return undefined;
  }
}

async function readMeta(folder: string): Promise<KeptPicture | undefined> {
  const text = await readSmall(join(folder, META));
  const meta = text && parseMeta(text.toString("utf8"));
  return meta && { ...meta, folder };
}

/** Names of the folders of kept pictures, finished or not. */
async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(nativePath(join(folder, KEPT)), { withFileTypes: true }).catch(() => []);
  return entries.flatMap((entry) => (entry.isDirectory() ? [join(folder, KEPT, entry.name)] : []));
}

async function listFolder(folder: string): Promise<KeptPicture[]> {
  const found: KeptPicture[] = [];
  for (const own of await foldersIn(folder)) {
    const kept = await readMeta(own);
    if (kept) found.push(kept);
  }
  return found;
}

/** Kept pictures of several folders, each once. */
export async function listKept(folders: readonly string[]): Promise<KeptPicture[]> {
  const byName = new Map<string, KeptPicture>();
  for (const folder of folders) {
    for (const kept of await listFolder(folder)) {
      if (!byName.has(kept.picture)) byName.set(kept.picture, kept);
    }
  }
  return [...byName.values()];
}

/** Width and height of a kept picture; 1 pixel at least. */
function keptSize({ width, height }: Picture): readonly [width: number, height: number] {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  const scaledSide = (side: number): number => Math.max(1, Math.round(side * scale));
  return [scaledSide(width), scaledSide(height)];
}

export interface Candidate {
  readonly name: string;
  /** The lower, the worse. */
  readonly score: number;
  readonly picture: Picture;
  /** Label maps of the picture's size by name; undefined ones are left out. */
  readonly maps: Readonly<Record<string, Uint8Array | undefined>>;
}

/** Keeps the pictures with the lowest scores. */
export class Keeper {
  readonly #scores = new Map<string, number>();

  private constructor(private readonly folder: string) {}

  /** Continues with the pictures in the folder. Removes unfinished ones and those without a score: they come again. */
  static async open(folder: string, scoreOf: (picture: string) => number | undefined): Promise<Keeper> {
    const keeper = new Keeper(folder);
    await ownFolder(join(folder, KEPT));
    for (const own of await foldersIn(folder)) {
      const kept = await readMeta(own);
      const score = kept && own === keeper.#folderOf(kept.picture) ? scoreOf(kept.picture) : undefined;
      if (!kept || score === undefined) await removing(own, "compare", { recursive: true });
      else keeper.#scores.set(kept.picture, score);
    }
    return keeper;
  }

  #folderOf(picture: string): string {
    const hash = createHash("sha256").update(nameBytes(picture)).digest("hex").slice(0, HASH_LENGTH);
    return join(this.folder, KEPT, hash);
  }

  /** Keeps the picture if it is among the worst so far. */
  async offer(candidate: Candidate): Promise<void> {
    const isFull = this.#scores.size >= KEPT_COUNT;
    const [best, highest] = isFull ? this.#highest() : [undefined, Infinity];
    if (candidate.score >= highest) return;
    const folder = this.#folderOf(candidate.name);
    await writing(folder, writeKept(folder, candidate));
    this.#scores.set(candidate.name, candidate.score);
    if (best === undefined) return;
    this.#scores.delete(best);
    await removing(this.#folderOf(best), "compare", { recursive: true });
  }

  #highest(): [name: string, score: number] {
    return [...this.#scores].reduce((a, b) => (b[1] > a[1] ? b : a));
  }
}

async function writeKept(folder: string, { name, picture, maps }: Candidate): Promise<void> {
  const [width, height] = keptSize(picture);
  const isSmall = width === picture.width && height === picture.height;
  await rm(nativePath(folder), { recursive: true, force: true }); // what a killed run left
  await makeFolder(folder);
  await writeFile(
    nativePath(join(folder, "picture.png")),
    encodePng(isSmall ? picture : scaled(picture, width, height)),
  );
  const present = Object.entries(maps).flatMap(([key, labels]) => (labels ? [[key, labels] as const] : []));
  for (const [key, labels] of present) {
    const small = scaledLabels(labels, picture, width, height);
    await writeFile(nativePath(join(folder, `${key}.png`)), encodeLabelPng(small, width, height));
  }
  const meta: KeptMeta = {
    picture: name,
    width: picture.width,
    height: picture.height,
    maps: present.map(([key]) => key),
  };
  await writeWhole(join(folder, META), JSON.stringify(meta)); // last: a folder without it does not count
}

export interface KeptPixels {
  readonly picture: Picture;
  readonly maps: Readonly<Record<string, LabelMap>>;
  /** The PNG files as they are, for embedding. */
  readonly files: Readonly<Record<string, Uint8Array>>;
}

/** Undefined for a PNG that says it is larger than any kept one: it is not decoded. */
function smallPng(bytes: Buffer | undefined): Buffer | undefined {
  if (!bytes || bytes.length < PNG_SIZES_END) return undefined;
  const [width, height] = [bytes.readUInt32BE(PNG_SIZES_END - 8), bytes.readUInt32BE(PNG_SIZES_END - 4)];
  return Math.max(width, height) <= LONGEST_SIDE ? bytes : undefined;
}

/** @throws bad-image when a file is missing, damaged or of another size than the others */
export async function readKept({ folder, maps }: KeptPicture): Promise<KeptPixels> {
  const files = new Map<string, Uint8Array>();
  for (const name of ["picture", ...maps]) {
    const path = join(folder, `${name}.png`);
    const bytes = smallPng(await readSmall(path));
    if (!bytes) throw badImage(path, `it is not a kept picture of at most ${LONGEST_SIDE} x ${LONGEST_SIDE} pixels`);
    files.set(name, bytes);
  }
  const bytesOf = (name: string): Uint8Array => files.get(name) as Uint8Array;
  const picture = decodePng(bytesOf("picture"), join(folder, "picture.png"));
  const decoded = maps.map((name) => [name, decodeLabelPng(bytesOf(name), join(folder, `${name}.png`))] as const);
  for (const [name, map] of decoded) {
    if (map.width !== picture.width || map.height !== picture.height)
      throw badImage(
        join(folder, `${name}.png`),
        `it is ${map.width} x ${map.height}, its picture ${picture.width} x ${picture.height}`,
      );
  }
  return { picture, maps: Object.fromEntries(decoded), files: Object.fromEntries(files) };
}
