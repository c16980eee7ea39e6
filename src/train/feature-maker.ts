/** Computes the features of pictures with the frozen backbone, where the cache has none. */
import { badShape } from "../base/errors.js";
import type { Device } from "../gpu/device.js";
import type { RgbaPicture } from "../image/picture.js";
import type { FcnVariant } from "../models/fcn-head.js";
import type { PixelSize } from "../models/network.js";
import { PlanCache } from "../models/plans.js";
import { Graph } from "../plan/graph.js";
import { Plan } from "../plan/plan.js";
import { WeightStore } from "../plan/weight-store.js";
import { sizeKey } from "./batch.js";
import type { FeatureBytes, FeatureStore } from "./feature-cache.js";
import type { Learner } from "./learner.js";
import { keptIn } from "./training-arguments.js";

const MAX_PLANS = 4;

export class FeatureMaker {
  /** Pictures whose features were computed. */
  made = 0;
  readonly #device: Device;
  readonly #learner: Learner;
  readonly #features: FeatureStore;
  readonly #featuresFor: FcnVariant | undefined;
  readonly #store: WeightStore;
  readonly #plans = new PlanCache<Plan>(MAX_PLANS);
  /** Bytes of features by the size of their picture. */
  readonly #needed = new Map<string, ReadonlyMap<number, number>>();

  constructor(parts: {
    readonly device: Device;
    readonly learner: Learner;
    readonly features: FeatureStore;
    readonly featuresFor: FcnVariant | undefined;
  }) {
    this.#device = parts.device;
    this.#learner = parts.learner;
    this.#features = parts.features;
    this.#featuresFor = parts.featuresFor;
    this.#store = new WeightStore(parts.device);
  }

  /** Bytes of GPU memory in use. */
  get bytes(): number {
    return this.#store.bytes + this.#plans.bytes;
  }

  /** Of the cache, or computed and put there. `key` is the same for the same picture. */
  async featuresOf(key: string, size: PixelSize, picture: () => RgbaPicture): Promise<FeatureBytes> {
    const { strides } = this.#learner;
    const known = await keptIn(this.#features, key);
    if (known && strides.every((stride) => known.has(stride))) {
      this.#checkSize(key, size, known);
      return known;
    }
    const plan = await this.#planOf(size);
    const { data } = picture();
    const { outputs } = await plan.run({ picture: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) });
    const features = new Map<number, Uint8Array>();
    for (const [stride, { bytes }] of outputs) features.set(Number(stride), new Uint8Array(bytes));
    await this.#features.set(key, features);
    this.made += 1;
    return features;
  }

  /** @throws bad-shape where a picture of another size has the same name */
  #checkSize(key: string, size: PixelSize, known: FeatureBytes): void {
    const needed = this.#needed.get(sizeKey(size)) ?? this.#learner.featureBytes(size);
    this.#needed.set(sizeKey(size), needed);
    for (const [stride, bytes] of needed) {
      const kept = known.get(stride)?.byteLength;
      if (kept === bytes) continue;
      throw badShape(
        `${key}: a picture of ${size[1]} x ${size[0]} needs ${bytes} bytes of features, ${kept} are kept; ` +
          "give each picture a name of its own",
      );
    }
  }

  async #planOf(size: PixelSize): Promise<Plan> {
    const key = sizeKey(size);
    const kept = this.#plans.find(key);
    if (kept) return kept;
    this.#plans.makeRoom();
    const graph = new Graph();
    this.#learner.featureOutputs(graph, size, this.#featuresFor);
    const plan = await Plan.create(this.#device, graph, this.#store);
    this.#plans.keep(key, plan);
    return plan;
  }

  dispose(): void {
    this.#plans.dispose();
    this.#store.dispose();
  }
}
