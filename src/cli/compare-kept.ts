/**
 * The pictures that a report shows. Of a set of any size only the worst few are kept, made small, with their label
 * maps, beside the results. A report then needs no other pictures, also where shards of several machines are merged.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Picture } from "../image/picture.js";
import { decodeLabelPng, decodePng, encodeLabelPng, encodePng } from "../image/png.js";
import type { LabelMap } from "../image/png.js";
import { scaled, scaledLabels } from "../image/scale.js";

/** Folder beside the results, with one folder for each kept picture. */
const KEPT = "kept";
const META = "meta.json";
/** Pictures kept at most. */
export const KEPT_COUNT = 24;
/** Longest side of a kept picture in pixels. */
const LONGEST_SIDE = 320;
/** Characters of the hash that names a picture's folder. */
const HASH_LENGTH = 16;

interface KeptMeta {
  readonly picture: string;
  /** Size of the original. */
  readonly width: number;
  readonly height: number;
  /** Names of the label maps beside the picture: "truth" and the variants. */
  readonly maps: readonly string[];
}

export interface KeptPicture extends KeptMeta {
  readonly folder: string;
}

async function readMeta(folder: string): Promise<KeptPicture | undefined> {
  const text = await readFile(join(folder, META), "utf8").catch(() => undefined);
  return text === undefined ? undefined : { ...(JSON.parse(text) as KeptMeta), folder };
}

async function listFolder(folder: string): Promise<KeptPicture[]> {
  const names = await readdir(join(folder, KEPT)).catch(() => []);
  const found = await Promise.all(names.map((name) => readMeta(join(folder, KEPT, name))));
  return found.filter((kept) => kept !== undefined);
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

  /** Continues with the pictures in the folder. Removes those whose score is unknown: they will come again. */
  static async open(folder: string, scoreOf: (picture: string) => number | undefined): Promise<Keeper> {
    const keeper = new Keeper(folder);
    for (const { picture, folder: own } of await listFolder(folder)) {
      const score = scoreOf(picture);
      if (score === undefined) await rm(own, { recursive: true, force: true });
      else keeper.#scores.set(picture, score);
    }
    return keeper;
  }

  #folderOf(picture: string): string {
    const hash = createHash("sha256").update(picture).digest("hex").slice(0, HASH_LENGTH);
    return join(this.folder, KEPT, hash);
  }

  /** Keeps the picture if it is among the worst so far. */
  async offer(candidate: Candidate): Promise<void> {
    if (this.#scores.size >= KEPT_COUNT) {
      const [best, highest] = [...this.#scores].reduce((a, b) => (b[1] > a[1] ? b : a));
      if (candidate.score >= highest) return;
      this.#scores.delete(best);
      await rm(this.#folderOf(best), { recursive: true, force: true });
    }
    this.#scores.set(candidate.name, candidate.score);
    await writeKept(this.#folderOf(candidate.name), candidate);
  }
}

async function writeKept(folder: string, { name, picture, maps }: Candidate): Promise<void> {
  const [width, height] = keptSize(picture);
  const isSmall = width === picture.width && height === picture.height;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "picture.png"), encodePng(isSmall ? picture : scaled(picture, width, height)));
  const present = Object.entries(maps).flatMap(([key, labels]) => (labels ? [[key, labels] as const] : []));
  for (const [key, labels] of present) {
    const small = scaledLabels(labels, picture, width, height);
    await writeFile(join(folder, `${key}.png`), encodeLabelPng(small, width, height));
  }
  const meta: KeptMeta = {
    picture: name,
    width: picture.width,
    height: picture.height,
    maps: present.map(([key]) => key),
  };
  await writeFile(join(folder, META), JSON.stringify(meta)); // last: a folder without it does not count
}

export interface KeptPixels {
  readonly picture: Picture;
  readonly maps: Readonly<Record<string, LabelMap>>;
  /** The PNG files as they are, for embedding. */
  readonly files: Readonly<Record<string, Uint8Array>>;
}

export async function readKept({ folder, maps }: KeptPicture): Promise<KeptPixels> {
  const names = ["picture", ...maps];
  const files = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, `${name}.png`))] as const)),
  );
  const decoded = maps.map((name) => [name, decodeLabelPng(files[name] as Uint8Array, name)] as const);
  return { picture: decodePng(files.picture as Uint8Array, "picture"), maps: Object.fromEntries(decoded), files };
}
