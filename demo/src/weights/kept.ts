/**
 * Weights that the browser keeps: downloads, which the library puts into its cache in pieces, and files that a person
 * chose, which the page puts into a cache of its own.
 */
import type { ChosenWeights } from "../messages.js";
import { weightsTitle } from "../weights-title.js";

/** Of the library: https://fcn-webgpu.invalid/URL/manifest, and a number for each piece. */
const DOWNLOADS = "fcn-webgpu";
const FILES = "fcn-webgpu-files";
const KEYS = "https://fcn-webgpu.invalid/";

export interface KeptWeights {
  readonly title: string;
  readonly bytes: number;
  take(): Promise<ChosenWeights>;
  remove(): Promise<void>;
}

/** Downloads are kept by the library. @throws DOMException where the browser has no room */
export async function keepWeights(weights: ChosenWeights): Promise<void> {
  if (weights.kind !== "file") return;
  const cache = await caches.open(FILES);
  const key = KEYS + encodeURIComponent(weights.file.name);
  await cache.put(key, new Response(weights.file));
}

export async function keptWeights(): Promise<KeptWeights[]> {
  return [...(await keptDownloads()), ...(await keptFiles())];
}

async function keptDownloads(): Promise<KeptWeights[]> {
  const cache = await caches.open(DOWNLOADS);
  const keys = await cache.keys();
  const manifests = keys.filter(({ url }) => url.endsWith("/manifest"));
  const found = manifests.map(async ({ url }): Promise<KeptWeights | undefined> => {
    const prefix = url.slice(0, -"manifest".length);
    const manifest = (await (await cache.match(url))?.json()) as { size: number; whole: boolean } | undefined;
    if (!manifest?.whole) return undefined; // the library goes on with it when it is asked for again
    const address = decodeURIComponent(prefix.slice(KEYS.length, -1));
    const weights: ChosenWeights = { kind: "address", address };
    return {
      title: weightsTitle(weights) ?? address,
      bytes: manifest.size,
      take: async () => weights,
      remove: async () => {
        await Promise.all(keys.filter((key) => key.url.startsWith(prefix)).map((key) => cache.delete(key)));
      },
    };
  });
  return (await Promise.all(found)).filter((entry) => entry !== undefined);
}

async function keptFiles(): Promise<KeptWeights[]> {
  const cache = await caches.open(FILES);
  const found = (await cache.keys()).map(async (key): Promise<KeptWeights> => {
    const title = decodeURIComponent(key.url.slice(KEYS.length));
    const blob = await (await cache.match(key))?.blob();
    return {
      title,
      bytes: blob?.size ?? 0,
      take: async () => ({ kind: "file", file: new File(blob ? [blob] : [], title) }),
      remove: async () => {
        await cache.delete(key);
      },
    };
  });
  return Promise.all(found);
}
