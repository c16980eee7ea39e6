/**
 * Weights that the browser keeps: downloads, which the library puts into its cache in pieces, and files that a person
 * chose, which the page puts into a cache of its own.
 */
import type { ChosenWeights } from "../messages.js";
import { weightsKey, weightsTitle } from "../weights-title.js";

/** Of the library: https://fcn-webgpu.invalid/URL/manifest, and a number for each piece. */
const DOWNLOADS = "fcn-webgpu";
/** https://fcn-webgpu.invalid/NAME/SIZE/TIME */
const FILES = "fcn-webgpu-files";
const KEYS = "https://fcn-webgpu.invalid/";

export interface KeptWeights {
  readonly title: string;
  readonly bytes: number;
  /** False for a download that has broken off: it goes on when it is used. */
  readonly whole: boolean;
  take(): Promise<ChosenWeights>;
  remove(): Promise<void>;
}

/** Undefined where the browser keeps nothing for this page: its data is blocked, or its address is not secure. */
async function opened(name: string): Promise<Cache | undefined> {
  if (!("caches" in globalThis)) return undefined;
  return caches.open(name).catch(() => undefined);
}

/** Whether the library would fail to keep a download. Without the Cache API it does not try. */
export async function refusesDownloads(): Promise<boolean> {
  return "caches" in globalThis && (await opened(DOWNLOADS)) === undefined;
}

/**
 * Downloads are kept by the library.
 * @throws Error where the browser keeps nothing for this page, DOMException where it has no room
 */
export async function keepWeights(weights: ChosenWeights): Promise<void> {
  if (weights.kind !== "file") return;
  const cache = await opened(FILES);
  if (!cache) throw new Error("the browser keeps no data of this page: allow site data in its settings");
  const key = KEYS + weightsKey(weights);
  if ((await cache.keys(key)).length > 0) return;
  await cache.put(key, new Response(weights.file));
}

export async function keptWeights(): Promise<KeptWeights[]> {
  return [...(await keptDownloads()), ...(await keptFiles())];
}

/** The library holds a lock of this name while it downloads, in any tab. @throws Error while it does */
async function unlessDownloading(address: string, remove: () => Promise<void>): Promise<void> {
  const { locks } = (globalThis as { navigator?: Partial<Navigator> }).navigator ?? {};
  if (!locks) return remove();
  await locks.request(`fcn-webgpu ${address}`, { ifAvailable: true }, async (lock) => {
    if (!lock) throw new Error("it is being downloaded: remove it when that has ended");
    await remove();
  });
}

async function keptDownloads(): Promise<KeptWeights[]> {
  const cache = await opened(DOWNLOADS);
  if (!cache) return [];
  const urls = (await cache.keys()).map(({ url }) => url);
  const ofDownloads = urls.filter((url) => url.slice(KEYS.length).includes("/")); // not what the tuner measured
  const prefixes = new Set(ofDownloads.map((url) => url.slice(0, url.lastIndexOf("/") + 1)));
  const found = [...prefixes].map(async (prefix): Promise<KeptWeights> => {
    // The library writes it after the first piece.
    const manifest = (await (await cache.match(`${prefix}manifest`))?.json()) as
      { readonly size: number; readonly whole: boolean } | undefined;
    const address = decodeURIComponent(prefix.slice(KEYS.length, -1));
    const weights: ChosenWeights = { kind: "address", address };
    return {
      title: weightsTitle(weights) ?? address,
      bytes: manifest?.size ?? 0,
      whole: manifest?.whole ?? false,
      take: async () => weights,
      remove: () =>
        unlessDownloading(address, async () => {
          const parts = (await cache.keys()).filter(({ url }) => url.startsWith(prefix));
          await Promise.all(parts.map((key) => cache.delete(key)));
        }),
    };
  });
  return Promise.all(found);
}

async function keptFiles(): Promise<KeptWeights[]> {
  const cache = await opened(FILES);
  if (!cache) return [];
  const keys = await cache.keys();
  const partsOf = ({ url }: Request): string[] => url.slice(KEYS.length).split("/").map(decodeURIComponent);
  const names = keys.map((key) => partsOf(key)[0]);
  const found = keys.map(async (key): Promise<KeptWeights> => {
    const [name = "", , time] = partsOf(key);
    const lastModified = Number(time);
    const isOnly = names.filter((other) => other === name).length === 1;
    const blob = await (await cache.match(key))?.blob();
    return {
      title: isOnly ? name : `${name} (${new Date(lastModified).toLocaleString()})`,
      bytes: blob?.size ?? 0,
      whole: true,
      take: async () => ({ kind: "file", file: new File(blob ? [blob] : [], name, { lastModified }) }),
      remove: async () => {
        await cache.delete(key);
      },
    };
  });
  return Promise.all(found);
}
