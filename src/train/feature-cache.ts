/** Feature maps of frozen backbones, in f16: computed once for each variation of a picture, and kept under a bound. */
import { FcnError } from "../base/errors.js";
import { checkOneOf, checkOptions, describeValue } from "../base/options.js";

/** Bytes of the feature maps by their stride, in layout nhwc4-f16. */
export type FeatureBytes = ReadonlyMap<number, Uint8Array>;

/** Where features are kept. Implementations may forget any of them. */
export interface FeatureStore {
  /** What is kept under the key; undefined where it was forgotten. */
  get(key: string): FeatureBytes | undefined | Promise<FeatureBytes | undefined>;
  /** Keeps features under the key. They are not changed afterwards. */
  set(key: string, features: FeatureBytes): void | Promise<void>;
  /** Forgets all. */
  clear(): void | Promise<void>;
}

const sizeOf = (features: FeatureBytes): number => [...features.values()].reduce((sum, map) => sum + map.byteLength, 0);

/** How MemoryFeatures makes room. */
export interface MemoryOptions {
  /**
   * What gives way when the room is full. "oldest" (default): what was not used for the longest time. "new": what comes
   * then is not kept. A training that goes through more pictures than there is room for, again and again, finds a part
   * of them with "new"; with "oldest" each one is forgotten shortly before it is needed.
   */
  readonly givesWay?: "oldest" | "new";
}

/**
 * Keeps features, or the targets of a teacher, in memory, up to a number of bytes.
 * @example
 * import { MemoryFeatures } from "fcn-webgpu/train";
 *
 * const kept = new MemoryFeatures(64e6); // createTrainer({ features: kept, ... })
 * kept.set("street#0", new Map([[32, new Uint8Array(1024)]]));
 * console.log(kept.bytes, kept.get("street#0")?.get(32)?.length); // prints 1024 1024
 */
export class MemoryFeatures implements FeatureStore {
  readonly #kept = new Map<string, FeatureBytes>();
  readonly #givesWay: "oldest" | "new";
  #bytes = 0;

  /** @throws bad-option */
  constructor(
    /** The most that it holds. */
    readonly maxBytes: number,
    options: MemoryOptions = {},
  ) {
    if (typeof maxBytes !== "number" || !(maxBytes > 0))
      throw new FcnError("bad-option", `feature cache: ${describeValue(maxBytes)} bytes must be a number above 0`);
    checkOptions('new MemoryFeatures(bytes, { givesWay: "new" })', options, { givesWay: "a string" });
    checkOneOf("givesWay", options.givesWay, ["oldest", "new"]);
    this.#givesWay = options.givesWay ?? "oldest";
  }

  /** Bytes that it holds now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What is kept under the key, which then counts as used last. */
  get(key: string): FeatureBytes | undefined {
    const features = this.#kept.get(key);
    if (features) {
      this.#kept.delete(key);
      this.#kept.set(key, features);
    }
    return features;
  }

  /** Keeps features, where there is room or room can be made. */
  set(key: string, features: FeatureBytes): void {
    this.#forget(key);
    const size = sizeOf(features);
    const room = this.#givesWay === "new" ? this.maxBytes - this.#bytes : this.maxBytes;
    if (size > room) return;
    while (this.#bytes + size > this.maxBytes) this.#forget(this.#kept.keys().next().value as string);
    this.#kept.set(key, features);
    this.#bytes += size;
  }

  /** Forgets all. */
  clear(): void {
    this.#kept.clear();
    this.#bytes = 0;
  }

  #forget(key: string): void {
    const features = this.#kept.get(key);
    if (!features) return;
    this.#kept.delete(key);
    this.#bytes -= sizeOf(features);
  }
}
