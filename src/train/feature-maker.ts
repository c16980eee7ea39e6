/** Computes the features of pictures with the frozen backbone, where the cache has none. */
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
    const known = await this.#features.get(key);
    if (known && strides.every((stride) => known.has(stride))) return known;
    const plan = await this.#planOf(size);
    const { data } = picture();
    const { outputs } = await plan.run({ picture: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) });
    const features = new Map<number, Uint8Array>();
    for (const [stride, { bytes }] of outputs) features.set(Number(stride), new Uint8Array(bytes));
    await this.#features.set(key, features);
    this.made += 1;
    return features;
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
