/** The optimisers: their options, what they keep for each weight, and their kernels. */
import { adamw } from "../../shaders/adamw/kernel.js";
import { sgd } from "../../shaders/sgd/kernel.js";
import { badOption } from "../base/errors.js";
import { checkKind, checkOneOf, describeValue } from "../base/options.js";
import type { Nchw } from "../kernel/shape.js";
import type { Graph, Value } from "../plan/graph.js";

/** Stochastic gradient descent, as torch.optim.SGD. */
export interface SgdOptions {
  /** Tells it from AdamW. */
  readonly kind: "sgd";
  /** Default 0.9. */
  readonly momentum?: number;
  /** Of weights, not of biases. Default 1e-4. */
  readonly weightDecay?: number;
  /** What the rate of biases is multiplied by. The paper has 2. Default 1. */
  readonly biasRate?: number;
}

/** Adam with decoupled weight decay, as torch.optim.AdamW. */
export interface AdamwOptions {
  /** Tells it from SGD. */
  readonly kind: "adamw";
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly eps?: number;
  /** Of weights, not of biases. Default 0.01. */
  readonly weightDecay?: number;
  /** What the rate of biases is multiplied by. Default 1. */
  readonly biasRate?: number;
}

/** The optimiser of a training, with its numbers. */
export type OptimizerOptions = SgdOptions | AdamwOptions;

/** The least and the largest value of a number, and whether it may be either. */
interface Range {
  readonly from: number;
  readonly below: number;
}

/** What a step of an optimiser reads besides the weight and its gradient. */
export interface StepOperands {
  readonly label: string;
  readonly weight: Value;
  readonly gradient: Value;
  readonly moments: Readonly<Record<string, Value>>;
  readonly rates: Value;
  readonly unit: Value | undefined;
  /** What the rate of this weight is multiplied by. */
  readonly rateScale: number;
  /** Whether weight decay applies to it. */
  readonly decays: boolean;
}

export interface Optimizer {
  readonly kind: OptimizerOptions["kind"];
  /** With their defaults, in the order in which checkpoints of a training keep them. */
  readonly settings: Readonly<Record<string, number>>;
  /** Names of what it keeps for each weight, of the weight's shape. */
  readonly moments: readonly string[];
  /** The uniforms of step `t`, from 1 on, at this rate. */
  ratesAt(t: number, rate: number): readonly [number, number, number, number];
  /** Appends the step of one weight. Gives the stepped weight. */
  step(graph: Graph, operands: StepOperands): Value;
}

/** The shape of the input "rates". */
export const RATES_SHAPE: Nchw = [1, 4, 1, 1];

const RANGES: Readonly<Record<string, Range>> = {
  momentum: { from: 0, below: 1 },
  beta1: { from: 0, below: 1 },
  beta2: { from: 0, below: 1 },
  eps: { from: 0, below: Infinity },
  weightDecay: { from: 0, below: Infinity },
  biasRate: { from: 0, below: Infinity },
};

const DEFAULTS = {
  sgd: { momentum: 0.9, weightDecay: 1e-4, biasRate: 1 },
  adamw: { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.01, biasRate: 1 },
} as const;

/** @throws bad-option for an unknown optimiser, an unknown setting, or one out of its range */
export function optimizerOf(options: OptimizerOptions): Optimizer {
  checkKind("optimizer", options, "an object { kind: ... }");
  const { kind, ...given } = options;
  if (kind === undefined) throw badOption('optimizer needs a kind, "sgd" or "adamw"');
  checkOneOf("optimizer.kind", kind, ["sgd", "adamw"]);
  const settings: Record<string, number> = { ...DEFAULTS[kind] };
  for (const [name, value] of Object.entries(given) as [string, number | undefined][]) {
    if (value === undefined) continue;
    if (!(name in settings)) {
      throw badOption(`optimizer: ${kind} has no ${name}; it has ${Object.keys(settings).join(", ")}`);
    }
    checkRange(name, value);
    settings[name] = value;
  }
  return kind === "sgd" ? sgdOf(settings) : adamwOf(settings);
}

function checkRange(name: string, value: unknown): void {
  const { from, below } = RANGES[name] as Range;
  if (typeof value === "number" && value >= from && value < below) return;
  const most = below === Infinity ? "" : ` and less than ${below}`;
  throw badOption(`optimizer.${name} ${describeValue(value)} must be a number of at least ${from}${most}`);
}

/** A weight that decays, or one that does not. */
const decayOf = (settings: Readonly<Record<string, number>>, decays: boolean): number =>
  decays ? (settings["weightDecay"] ?? 0) : 0;

function sgdOf(settings: Readonly<Record<string, number>>): Optimizer {
  const { momentum = 0 } = settings;
  return {
    kind: "sgd",
    settings,
    moments: ["velocity"],
    ratesAt: (_, rate) => [rate, 0, 0, 0],
    step(graph, { label, weight, gradient, moments, rates, unit, rateScale, decays }) {
      const velocity = moments["velocity"] as Value;
      const attrs = { momentum, weight_decay: decayOf(settings, decays), rate_scale: rateScale };
      return graph.op(label, sgd, { weight, gradient, velocity, rates, unit }, attrs).stepped;
    },
  };
}

function adamwOf(settings: Readonly<Record<string, number>>): Optimizer {
  const { beta1 = 0, beta2 = 0, eps = 0 } = settings;
  return {
    kind: "adamw",
    settings,
    moments: ["mean", "square"],
    ratesAt: (t, rate) => [rate, rate / (1 - beta1 ** t), 1 / Math.sqrt(1 - beta2 ** t), 0],
    step(graph, { label, weight, gradient, moments, rates, unit, rateScale, decays }) {
      const mean = moments["mean"] as Value;
      const square = moments["square"] as Value;
      const attrs = { beta1, beta2, eps, weight_decay: decayOf(settings, decays), rate_scale: rateScale };
      return graph.op(label, adamw, { weight, gradient, mean, square, rates, unit }, attrs).stepped;
    },
  };
}
