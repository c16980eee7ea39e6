/**
 * Weights by name in Node: downloaded once into the cache on disk, from where they are published or from a mirror.
 * Imports node:*, so no module that a browser loads may import it.
 */
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { closest } from "../base/closest.js";
import { badOption } from "../base/errors.js";
import { nativePath } from "../base/native-path.js";
import { WEIGHTS_FACTS } from "./catalogue-facts.js";
import { TORCHVISION_ORIGIN, WEIGHTS_NAMES, isMeantAsName, withAdvice } from "./catalogue.js";
import type { NamedWeights } from "./catalogue.js";
import { cachePath, cachedFile } from "./disk-cache.js";
import type { DiskCacheOptions } from "./disk-cache.js";
import type { DownloadOptions } from "./download-options.js";
import { fileSource } from "./file-source.js";
import { downloadedSource } from "./memory-download.js";
import { proxiedFetch } from "./proxied-fetch.js";
import type { ByteSource } from "./source.js";

/** Names the address that stands in for torchvision's. */
const MIRROR = "FCN_WEIGHTS_MIRROR";

/**
 * Where a published file is downloaded from: its own address, or the same path below FCN_WEIGHTS_MIRROR.
 * @throws bad-option when that is not an http(s) URL
 */
export function downloadAddress({ pathname, href }: URL, env: NodeJS.ProcessEnv = process.env): string {
  const mirror = env[MIRROR]?.trim();
  if (!mirror) return href;
  const url = URL.canParse(mirror) ? new URL(mirror) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash) {
    // Without its value, which may hold a password.
    const needed = "http(s)://HOST/FOLDER without a name, a password or a query";
    throw badOption(`${MIRROR} is not an address as it is needed, ${needed}; it stands in for ${TORCHVISION_ORIGIN}`);
  }
  return `${url.href.replace(/\/+$/, "")}${pathname}`;
}

export interface FilePlace {
  readonly path: string;
  readonly isThere: boolean;
}

/** Where the file of these weights is, or will be: in the package or in the cache. An empty one is damaged. */
export async function placeOf({ url, sha256 }: NamedWeights): Promise<FilePlace> {
  const path = sha256 === undefined ? cachePath(url.href) : fileURLToPath(url);
  const info = await stat(path).catch(() => undefined);
  return { path, isThere: info?.isFile() === true && info.size > 0 };
}

/**
 * The path of published weights in the cache. Downloads them where they are not there yet.
 * @throws bad-weights with what to do by hand, bad-option for a mirror that cannot be used
 */
export async function namedFile(weights: NamedWeights, options: DiskCacheOptions = {}): Promise<string> {
  const from = downloadAddress(weights.url);
  const path = cachePath(weights.url.href, options.folder);
  const place = `save it as ${path} or give the path of your copy, or set ${MIRROR} (fcn weights --help)`;
  const { sha256 } = WEIGHTS_FACTS[weights.name];
  return withAdvice(weights, place, () => cachedFile(weights.url, { ...options, sha256, from }));
}

/** Opens published weights, through the cache unless `cache` is false. @throws as namedFile() */
export async function namedSource(
  weights: NamedWeights,
  { cache = true, ...options }: DownloadOptions & { readonly cache?: boolean } = {},
): Promise<ByteSource> {
  if (cache) return fileSource(await namedFile(weights, options), weights.name);
  const from = downloadAddress(weights.url);
  const download = { fetch: proxiedFetch, ...options, sha256: WEIGHTS_FACTS[weights.name].sha256 };
  return withAdvice(weights, "give the path of your copy", () => downloadedSource(from, download));
}

/** Letters by which a path may differ from the name that was meant. */
const MOST_TYPOS = 2;

/** The names, and what of them follows the slash: "resnet101" may be meant as "torchvision/resnet101". */
const SPELLINGS = new Map(
  WEIGHTS_NAMES.flatMap((name) => [name, name.slice(name.indexOf("/") + 1)].map((spelling) => [spelling, name])),
);

/** What is wrong with the path of no file that looks like a misspelt name: "torchvision/resnet_50", "resnet50". */
export function misspeltName(path: string): string | undefined {
  if (/^[./\\]/.test(path) || existsSync(nativePath(path))) return undefined;
  const near = closest(path, [...SPELLINGS.keys()], isMeantAsName(path) ? Infinity : MOST_TYPOS);
  if (near === undefined) return undefined;
  const name = SPELLINGS.get(near) ?? near;
  const wrong = "there is no such file, and there are no weights of this name";
  return `${wrong}; the closest name is ${name} (fcn weights lists all)`;
}
