/** Opens chosen weights. Those that were read once are kept, so that another precision downloads nothing. */
import { DEFAULT_CHECKPOINT, defaultCheckpointUrl, openSource } from "fcn-webgpu";
import type { WeightsOptions } from "fcn-webgpu";
import type { ChosenWeights } from "../messages.js";
import type { WeightsFile } from "./open-model.js";

export class WeightsShelf {
  #builtIn: Blob | undefined;

  /** Downloads what is not here yet. @throws bad-weights, the signal's reason */
  async take(weights: ChosenWeights, options: WeightsOptions): Promise<WeightsFile> {
    if (weights.kind === "address") {
      const { address } = weights;
      return { open: () => openSource(address, options), direct: address };
    }
    const file = weights.kind === "file" ? weights.file : await this.#shipped(weights.blob, options);
    return { open: () => openSource(file), direct: file };
  }

  async #shipped(given: Blob | undefined, options: WeightsOptions): Promise<Blob> {
    if (!this.#builtIn && given && (await isWhole(given))) this.#builtIn = given;
    if (!this.#builtIn) {
      const source = await openSource(defaultCheckpointUrl(), { ...options, cache: false });
      this.#builtIn = new File([await source.read(0, source.size)], DEFAULT_CHECKPOINT.file);
      await source.close();
    }
    return this.#builtIn;
  }
}

/** Whether these are the bytes that ship. */
async function isWhole(blob: Blob): Promise<boolean> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
  return DEFAULT_CHECKPOINT.sha256 === [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
