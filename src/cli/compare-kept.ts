/**
 * The pictures a report shows: of a set of any size only the worst few are kept, made small, with their label maps, beside the
 * results. Reports are then made without the pictures, also where shards of several machines are merged.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { scaled, scaledLabels } from "../image/scale.js";
import type { Picture } from "../image/picture.js";
import { decodeLabelPng, decodePng, encodeLabelPng, encodePng } from "../image/png.js";
import type { LabelMap } from "../image/png.js";

const KEPT = "kept";
/** How many, and the longest side that a kept picture has. */
export const KEPT_COUNT = 24;
const SIDE = 320;

interface Meta {
  readonly picture: string;
  readonly width: number;
  readonly height: number;
  /** Names of the label maps beside the picture: "truth" and the variants. */
  readonly maps: readonly string[];
}

export interface KeptPicture extends Meta {
  readonly folder: string;
}

async function listFolder(folder: string): Promise<KeptPicture[]> {
  const names = await readdir(join(folder, KEPT)).catch(() => []);
  const found = await Promise.all(
    names.map(async (name) => {
      const own = join(folder, KEPT, name);
      const text = await readFile(join(own, "meta.json"), "utf8").catch(() => undefined);
      return text === undefined ? [] : [{ ...(JSON.parse(text) as Meta), folder: own }];
    }),
  );
  return found.flat();
}

/** Kept pictures of several folders, each once. */
export async function listKept(folders: readonly string[]): Promise<KeptPicture[]> {
  const byName = new Map<string, KeptPicture>();
  for (const folder of folders)
    for (const kept of await listFolder(folder)) if (!byName.has(kept.picture)) byName.set(kept.picture, kept);
  return [...byName.values()];
}

export class Keeper {
  /** Score by picture; the highest goes first when a worse one comes. */
  readonly #scores = new Map<string, number>();

  private constructor(private readonly folder: string) {}

  /** Goes on with what is there, as far as `scoreOf` knows it; the rest is removed. */
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
    return join(this.folder, KEPT, createHash("sha256").update(picture).digest("hex").slice(0, 16));
  }

  /** Keeps the picture if it is among the worst so far. */
  async offer(
    name: string,
    score: number,
    picture: Picture,
    maps: Readonly<Record<string, Uint8Array | undefined>>,
  ): Promise<void> {
    if (this.#scores.size >= KEPT_COUNT) {
      const [best, highest] = [...this.#scores].reduce((a, b) => (b[1] > a[1] ? b : a));
      if (score >= highest) return;
      this.#scores.delete(best);
      await rm(this.#folderOf(best), { recursive: true, force: true });
    }
    this.#scores.set(name, score);
    const shrink = Math.min(1, SIDE / Math.max(picture.width, picture.height));
    const [width, height] = [picture.width, picture.height].map((side) => Math.max(1, Math.round(side * shrink))) as [
      number,
      number,
    ];
    const own = this.#folderOf(name);
    await mkdir(own, { recursive: true });
    await writeFile(join(own, "picture.png"), encodePng(shrink === 1 ? picture : scaled(picture, width, height)));
    const present = Object.entries(maps).flatMap(([key, labels]) => (labels ? [[key, labels] as const] : []));
    for (const [key, labels] of present)
      await writeFile(
        join(own, `${key}.png`),
        encodeLabelPng(scaledLabels(labels, picture, width, height), width, height),
      );
    const meta: Meta = {
      picture: name,
      width: picture.width,
      height: picture.height,
      maps: present.map(([key]) => key),
    };
    await writeFile(join(own, "meta.json"), JSON.stringify(meta)); // last: without it the folder does not count
  }
}

export interface KeptPixels {
  readonly picture: Picture;
  readonly maps: Readonly<Record<string, LabelMap>>;
  /** The files as they are, for embedding. */
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
