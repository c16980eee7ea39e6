/** Opens chosen weights. Those that ship are kept once they were read: another precision downloads nothing. */
import { DEFAULT_CHECKPOINT, openSource } from "fcn-webgpu";
import type { WeightsName, WeightsOptions } from "fcn-webgpu";
import type { ChosenWeights } from "../messages.js";
import { refusesDownloads } from "../weights/kept.js";
import type { WeightsFile } from "./open-model.js";

type ShippedName = Extract<WeightsName, "photos" | "icons">;

export class WeightsShelf {
  readonly #shipped = new Map<ShippedName, Blob>();

  /** Downloads what is not here yet. @throws bad-weights, the signal's reason */
  async take(weights: ChosenWeights, options: WeightsOptions): Promise<WeightsFile> {
    if (weights.kind === "file") return fileOf(weights.file);
    if (weights.kind === "built-in") return fileOf(await this.#take("photos", options, weights.blob));
    const { address } = weights;
    if (address === "photos" || address === "icons") return fileOf(await this.#take(address, options));
    if (await refusesDownloads()) return fileOf(await download(address, { ...options, cache: false }));
    return { open: () => openSource(address, options), direct: address };
  }

  /** The library compares what it downloads with the digest of what ships. */
  async #take(name: ShippedName, options: WeightsOptions, given?: Blob): Promise<Blob> {
    const file = `${name}.safetensors`;
    const kept =
      this.#shipped.get(name) ?? (given && (await isWhole(given)) ? given : await download(name, options, file));
    this.#shipped.set(name, kept);
    return kept;
  }
}

function fileOf(blob: Blob): WeightsFile {
  return { open: () => openSource(blob), direct: blob };
}

async function download(address: string, options: WeightsOptions, name = address): Promise<Blob> {
  const source = await openSource(address, options);
  try {
    return new File([await source.read(0, source.size)], name);
  } finally {
    await source.close();
  }
}

/** Whether these are the bytes of the built-in weights. */
async function isWhole(blob: Blob): Promise<boolean> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
  return DEFAULT_CHECKPOINT.sha256 === [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
