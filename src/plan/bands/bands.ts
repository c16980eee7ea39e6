/** The part of the package that runs pictures that are too large for their device (scripts/parts.mjs). */
import { FcnError, isFcnError, isTooLarge } from "../../base/errors.js";
import { MOST_PICTURE_BYTES, RGBA_BYTES } from "../../image/rgba-bytes.js";
import type { Device } from "../../gpu/device.js";
import type { VariantChoice, VariantPick } from "../../kernel/choice.js";
import type { Precision } from "../../kernel/variant.js";
import type { Graph } from "../graph.js";
import type { PlanOptions } from "../plan-options.js";
import type { WeightStore } from "../weight-store.js";
import { BandedPlan } from "./banded-plan.js";
import type { Refused } from "./banded-plan.js";
import { divideGraph } from "./divide.js";

type Size = readonly [height: number, width: number];

export interface BandsRequest {
  readonly device: Device;
  readonly store: WeightStore;
  readonly precision: Precision;
  /** The variants of the whole graph. */
  readonly choiceOf: (graph: Graph) => Promise<VariantChoice | VariantPick | undefined>;
  readonly options: PlanOptions;
  /** Rows of the picture in a band, as the network sees it. Default: as many as fit. */
  readonly tile: number | undefined;
  /** What is asked for: one picture. */
  readonly batch: Batch;
  /** The graph of one picture of this size. */
  readonly graphOf: (size: Size) => Graph;
  /** Why the picture does not fit as a whole, where it does not. */
  readonly tooLarge?: unknown;
  /** An error about memory with the picture's size and the cure. */
  readonly refused: Refused;
}

/** The error of a batch that would be cut. */
export const oneAtATime = (count: number): FcnError =>
  new FcnError("limit-too-small", `bands take one picture at a time, not ${count}`);

interface Batch {
  readonly height: number;
  readonly width: number;
}

/** @throws limit-too-small with a size that fits, if one does; as BandedPlan.create() */
export async function planInBands(request: BandsRequest): Promise<BandedPlan> {
  const { device, store, precision, refused } = request;
  const { height, width } = request.batch;
  const { graph, division } = await dividedOrHint(request, [height, width]);
  try {
    const choice = await request.choiceOf(graph);
    const options = { ...request.options, refused };
    return await BandedPlan.create({ device, choice, precision }, graph, division, store, options);
  } catch (error) {
    throw isTooLarge(error) ? await refused(error) : error;
  }
}

/** @throws limit-too-small with a size that fits, if one does */
async function dividedOrHint(request: BandsRequest, size: Size) {
  try {
    return divided(request, size);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const { code, message } = await request.refused(error);
    const fitting = sizeThatFits(request);
    const hint = fitting ? `; of this shape, ${fitting[1]} x ${fitting[0]} fits` : "";
    throw new FcnError(code, `${message}${hint}`, { cause: request.tooLarge ?? error });
  }
}

/** A size beyond what the device holds, or beyond what kernels can index. */
const isRefusal = (error: unknown): error is FcnError => isFcnError(error, "bad-shape") || isTooLarge(error);

/** @throws limit-too-small, bad-shape */
function divided({ device, precision, tile, graphOf }: BandsRequest, size: Size) {
  const bytes = size[0] * size[1] * RGBA_BYTES;
  if (bytes > MOST_PICTURE_BYTES)
    throw new FcnError("limit-too-small", `its pixels take ${bytes} bytes, an array holds ${MOST_PICTURE_BYTES}`);
  const graph = graphOf(size);
  return { graph, division: divideGraph(graph, { device, precision, tile }) };
}

const fitsInBands = (request: BandsRequest, size: Size): boolean => {
  try {
    divided(request, size);
    return true;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
};

/** Steps of the search: the size is right to a hundredth. */
const HALVINGS = 8;

/**
 * A size of the picture's proportions that fits in bands, and near the largest: sizes above it may fit, since maps are
 * padded in steps. Undefined where not one pixel does.
 */
function sizeThatFits(request: BandsRequest): Size | undefined {
  const scaled = (share: number): Size => {
    const { height, width } = request.batch;
    return [Math.max(1, Math.floor(height * share)), Math.max(1, Math.floor(width * share))];
  };
  let fits = 0;
  let fails = 1;
  while (fits === 0) {
    const half = scaled(fails / 2);
    if (fitsInBands(request, half)) fits = fails / 2;
    else if (Math.max(...half) === 1) return undefined;
    else fails /= 2;
  }
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (fits + fails) / 2;
    if (fitsInBands(request, scaled(middle))) fits = middle;
    else fails = middle;
  }
  return scaled(fits);
}
