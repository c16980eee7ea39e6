/**
 * Networks of any checkpoints on the same pictures. Those over one backbone are a group and share it in one graph
 * (set-graph.ts). Groups run one after the other, each with its own preprocessing. All of them are on one device and in
 * one session (session.ts).
 */
import { abortable } from "../base/abort.js";
import { checkCount, checkOneOf, checkOptions } from "../base/options.js";
import { checkDevice } from "../gpu/device.js";
import type { Device, LostListener } from "../gpu/device.js";
import type { Precision } from "../kernel/variant.js";
import { checkKernels } from "../plan/check-kernels.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { COMPARABLE } from "./compared.js";
import type { ComparedVariant } from "./compared.js";
import { ALL_WITH_SCORES } from "./comparison-graph.js";
import { checkHaveScores } from "./comparison-result.js";
import { RUN_KINDS, SHARED_KINDS, checkMeasure } from "./comparison-options.js";
import type { ComparisonOptions, ComparisonRunOptions } from "./comparison-options.js";
import { ALL } from "./network-cost.js";
import type { NetworkCost } from "./network-cost.js";
import type { HoldImage } from "./picture-call.js";
import type { PictureResult } from "./picture-result.js";
import { PRECISIONS } from "./precision.js";
import type { Resize } from "./preprocessing.js";
import { Session } from "./session.js";
import { setClasses } from "./set-classes.js";
import { measureSet } from "./set-cost.js";
import { groupGraph, probeOfGroup, stageInGroup } from "./set-graph.js";
import type { GroupKind } from "./set-graph.js";
import { openGroups } from "./set-groups.js";
import type { ComparedCheckpoint, GroupMember, OpenGroup } from "./set-groups.js";
import { resultOfSet, scoresOfSet } from "./set-result.js";
import type { ComparisonSetResult } from "./set-result.js";

/** Which networks a set runs, and how. */
export interface ComparisonSetOptions extends Omit<ComparisonOptions, "variants" | "preprocessing" | "atOnce"> {
  /** Of each checkpoint those for which it has heads. Default: all. */
  readonly variants?: readonly ComparedVariant[];
}

/** Networks that share a backbone. */
export interface SetGroup {
  /**
   * Short name of the weights, or of those of several files with this backbone, as "a + b"; for torchvision's network
   * beside others in one file also "dilated".
   */
  readonly name: string;
  /** Indices of its checkpoints among those given. */
  readonly checkpoints: readonly number[];
  /** What each of them was recognised as. */
  readonly descriptions: readonly string[];
  /** Names of its networks. */
  readonly variants: readonly string[];
  /** Shorter side of pictures as its networks see them. */
  readonly resize: Resize;
  /** The name of what its networks share, in a result's `stages`: "shared", or "shared of NAME" of several groups. */
  readonly shared: string;
  /** The name of all its networks over one backbone, for measure(): "all", or "all of NAME" among several groups. */
  readonly together: string;
}

/** One network of a set. */
export interface SetNetwork {
  /** Its name in results: the variant where one network has it, else with the weights, as "fcn8s of photos". */
  readonly name: string;
  /** Which network it is. */
  readonly variant: ComparedVariant;
  /** Index of its group. */
  readonly group: number;
  /** Index of its checkpoint among those given. */
  readonly checkpoint: number;
  /** Shorter side of pictures as it sees them. Label maps have the picture's size all the same. */
  readonly resize: Resize;
}

/** What a plan computes: outputs of one kind of one group. */
type SetKind = `${number} ${GroupKind}`;

const kindOf = (group: number, kind: GroupKind): SetKind => `${group} ${kind}`;
const groupOfKind = (kind: SetKind): number => Number.parseInt(kind, 10);
const ownKind = (kind: SetKind): GroupKind => kind.slice(kind.indexOf(" ") + 1) as GroupKind;

/** Plans that a group keeps, as a comparison does. */
const MAX_PLANS = 4;

/** The groups of the networks of a set, in memory. @throws bad-weights, bad-option, disposed, device-lost */
export async function openSet(
  device: Device,
  checkpoints: readonly (Checkpoint | ComparedCheckpoint)[],
  options: ComparisonSetOptions,
): Promise<readonly OpenGroup[]> {
  checkDevice("ComparisonSet.open", device);
  device.assertUsable();
  checkOptions("ComparisonSet.open(device, checkpoints, { variants: ... })", options, SHARED_KINDS);
  checkOneOf("precision", options.precision, PRECISIONS);
  if (options.maxPlans !== undefined) checkCount("maxPlans", options.maxPlans);
  for (const variant of options.variants ?? []) checkOneOf("variant", variant, COMPARABLE);
  return openGroups(checkpoints, options.variants);
}

/** A set for pictures that `holdImage` takes. The entries name what those are: ComparisonSet. */
export class PictureComparisonSet<Image> {
  /** Names of all networks, group by group. Label maps, times and costs have these names. */
  readonly variants: readonly string[];
  /** The networks in the order of `variants`: of which checkpoint and group each is. */
  readonly networks: readonly SetNetwork[];
  /** What is shared: networks over one backbone. */
  readonly groups: readonly SetGroup[];
  /** Number of classes, the same for all. */
  readonly classes: number;
  /** Names of the classes by label. */
  readonly classNames: readonly string[];
  /** Set when a checkpoint names other classes than its networks have, or none where another one does. Show it. */
  readonly notice: string | undefined;
  readonly #groups: readonly OpenGroup[];
  readonly #session: Session<SetKind, Image>;
  readonly #onPipeline: ComparisonSetOptions["onPipeline"];

  protected constructor(
    device: Device,
    groups: readonly OpenGroup[],
    options: ComparisonSetOptions,
    holdImage: HoldImage<Image>,
  ) {
    const { classNames, kernels, maxPlans = MAX_PLANS, onPipeline } = options;
    if (kernels) checkKernels(groups.map(probeOfGroup), kernels);
    const members = groups.flatMap((group) => group.members);
    const classes = setClasses(members, classNames);
    this.classes = classes.classes;
    this.classNames = classes.classNames;
    this.notice = classes.notice;
    this.groups = groups.map(({ name, members: own, networks: variants, resize, shared, together }) => {
      const checkpoints = own.map(({ of }) => of);
      return { name, checkpoints, descriptions: own.map((m) => m.description), variants, resize, shared, together };
    });
    this.networks = groups.flatMap(({ members: own, heads, resize }, group) =>
      heads.map(({ name, variant, member }) => {
        return { name, variant, group, checkpoint: (own[member] as GroupMember).of, resize };
      }),
    );
    this.variants = this.networks.map(({ name }) => name);
    this.#groups = groups;
    this.#onPipeline = onPipeline;
    const groupOf = (kind: SetKind): OpenGroup => groups[groupOfKind(kind)] as OpenGroup;
    this.#session = new Session({
      ...options,
      maxPlans: maxPlans * groups.length,
      name: "the comparison",
      device,
      holdImage,
      classNames: () => this.classNames,
      resize: (kind: SetKind) => groupOf(kind).resize,
      graphOf: (batch) => groupGraph(groupOf(batch.kind), { ...batch, kind: ownKind(batch.kind) }),
      planOptions: (kind) => ({ stageOf: ({ label }) => stageInGroup(groupOf(kind), label), onPipeline }),
    });
  }

  /** The device in use; another one after recover(). */
  get device(): Device {
    return this.#session.device;
  }

  /** How activations and weights are stored between kernels on the device in use. */
  get precision(): Precision {
    return this.#session.precision;
  }

  /** Bytes of GPU memory in use, for all networks together. */
  get memory(): { weights: number; plans: number } {
    return this.#session.memory;
  }

  /** As Fcn.onLost(): called once for each device that is lost. Returns an unsubscribe function. */
  onLost(listener: LostListener): () => void {
    return this.#session.onLost(listener);
  }

  /** As Fcn.recover(): moves to a new device, or to `device`, after a loss. @throws no-adapter, bad-option, disposed */
  recover(device?: Device): Promise<void> {
    return this.#session.recover(device);
  }

  /**
   * The label map of every network, group after group.
   * @throws bad-image, bad-option, limit-too-small, out-of-memory, device-lost, disposed, the signal's reason
   */
  async run(image: Image, options: ComparisonRunOptions = {}): Promise<ComparisonSetResult> {
    checkOptions("run(picture, { scores: ... })", options, RUN_KINDS);
    const { scores = false, signal } = options;
    if (scores) checkHaveScores(this.networks.map(({ variant }) => variant));
    const kinds = this.#groups.map((_, i) => kindOf(i, scores ? ALL_WITH_SCORES : ALL));
    const results: PictureResult[] = await this.#session.runKinds(kinds, image, signal);
    const ofPixels = scores ? await abortable(scoresOfSet(this.#groups, results), signal) : undefined;
    return { ...resultOfSet(this.#groups, results), ...(ofPixels && { scores: ofPixels }) };
  }

  /**
   * Measures networks alone, all networks of a group over their backbone (`together`), or "all": the sum of the groups.
   * Costs are those of a grey picture. The networks of all groups take turns, so that a machine that slows down for a
   * while slows all of them.
   * @throws bad-image for a size that is not at least 1 x 1; bad-option, limit-too-small, out-of-memory, device-lost,
   * disposed
   */
  async measure(
    measured: readonly string[],
    height: number,
    width: number,
    rounds = 5,
  ): Promise<NetworkCost<string>[]> {
    const choices = new Set([...this.variants, ...this.groups.map(({ together }) => together), ALL]);
    checkMeasure(measured, [height, width], rounds, [...choices]);
    const request = { measured, height, width, rounds, planOptions: { onPipeline: this.#onPipeline } };
    return this.#session.turn((network) => measureSet(network, this.#groups, kindOf, request));
  }

  /**
   * Frees weights and plans once what is queued has ended, and a device that `openDevice` opened. The checkpoints stay
   * the caller's. Idempotent.
   */
  dispose(): void {
    this.#session.dispose();
  }
}
