/** The first sentence of a comparison: what one network gains over another, and what that costs. */
import { counted } from "../base/counted.js";
import { intervalOf, intervalOfDifference, isBeyondChance } from "./bootstrap.js";
import type { Interval } from "./bootstrap.js";
import { pairKey } from "./records.js";
import type { Summary, VariantSummary } from "./summary.js";
import { timeDifference } from "./times.js";
import type { Difference } from "./times.js";
import { formatNumber, formatPercent, formatPoints, milliseconds, variantOf, variantTitle } from "./titles.js";

export interface Answer {
  readonly sentence: string;
  /** The network that the sentence is about. */
  readonly network: string;
  /** The network that it is compared with; absent where there is one network. */
  readonly reference?: string;
  /**
   * Shares, 0 to 1: mean IoU of the network minus that of the reference. Absent without label maps, and where none of
   * their pixels counts.
   */
  readonly meanIoU?: Difference;
  /** Milliseconds of the network alone minus those of the reference alone. Absent where one was not measured. */
  readonly ms?: Difference;
}

type Answered = Pick<Summary, "variants" | "agreement" | "pictures" | "labelled">;

const weightsOf = (network: string): string => network.slice(variantOf(network).length);

/**
 * Networks of one file: the last of them, the finest, and the first. Networks of several files: the one of other
 * weights than the first's that labels best, and the same variant of the first weights.
 */
function comparedPair({ variants }: Answered): readonly [network: VariantSummary, reference?: VariantSummary] {
  const [first, ...others] = variants as [VariantSummary, ...VariantSummary[]];
  const last = others.at(-1);
  if (!last) return [first];
  const isOfFirst = ({ variant }: VariantSummary): boolean => weightsOf(variant) === weightsOf(first.variant);
  const [ofFirst, foreign] = [variants.filter(isOfFirst), others.filter((own) => !isOfFirst(own))];
  if (!foreign.length) return [last, first];
  const scoreOf = ({ metrics }: VariantSummary): number => metrics?.meanIoU || 0; // NaN is no score
  const best = foreign.reduce((a, b) => (scoreOf(b) >= scoreOf(a) ? b : a));
  const same = ofFirst.find(({ variant }) => variantOf(variant) === variantOf(best.variant));
  return [best, same ?? ofFirst.at(-1) ?? first];
}

/**
 * What a network's mean IoU gains over another one's, with the interval over the same drawn pictures. Undefined where
 * no pixel counts.
 */
export function gainOver(network: VariantSummary, reference: VariantSummary): Difference | undefined {
  const { metrics, drawn } = network;
  if (!metrics || !reference.metrics || Number.isNaN(metrics.meanIoU)) return undefined;
  const interval = drawn && reference.drawn && intervalOfDifference(drawn.meanIoU, reference.drawn.meanIoU);
  return { difference: metrics.meanIoU - reference.metrics.meanIoU, interval };
}

/** "95 % interval 0.2 to 1.9". */
const intervalText = ({ low, high }: Interval, format: (value: number) => string): string =>
  `95 % interval ${format(low)} to ${format(high)}`;

/** Points of a percentage, without a plus. */
const points = (share: number): string => formatNumber(100 * share, 1);

/** "+1.0 mIoU (95 % interval 0.2 to 1.9)". */
function gainText({ difference, interval }: Difference): string {
  const gain = `${formatPoints(difference)} mIoU`;
  if (!interval) return `${gain} (one picture has no interval)`;
  const bounds = intervalText(interval, points);
  return isBeyondChance(interval) ? `${gain} (${bounds})` : `no measurable gain (${gain}, ${bounds})`;
}

/** "for no measurable time", "for 3.1 ms more (95 % interval 2.0 to 4.4)"; of old results "for about 3.1 ms more". */
function timeText({ difference, interval }: Difference): string {
  const size = `${milliseconds(Math.abs(difference))} ms ${difference < 0 ? "less" : "more"}`;
  if (!interval) return `for about ${size}`;
  if (!isBeyondChance(interval)) return "for no measurable time";
  const ends = difference < 0 ? { low: -interval.high, high: -interval.low } : interval;
  return `for ${size} (${intervalText(ends, (ms) => formatNumber(ms, size.includes(".") ? 1 : 0))})`;
}

function sentenceOfOne({ variant, metrics, drawn, cost }: VariantSummary, { pictures }: Answered): string {
  const title = variantTitle(variant);
  const time = cost ? `${milliseconds(cost.ms)} ms a picture of ${cost.width} x ${cost.height}` : "";
  if (!metrics || Number.isNaN(metrics.meanIoU))
    return time ? `${title} takes ${time}.` : `${title} labelled ${counted(pictures.length, "picture")}.`;
  const interval = drawn && intervalOf(drawn.meanIoU);
  const bounds = interval ? ` (${intervalText(interval, (share) => formatPercent(share))})` : "";
  return `${title}: ${formatPercent(metrics.meanIoU)} % mIoU${bounds}${time ? ` in ${time}` : ""}.`;
}

/** What two networks that no label map judges have in common. */
function agreementText(summary: Answered, a: VariantSummary, b: VariantSummary): string {
  const key = new Set([pairKey(a.variant, b.variant), pairKey(b.variant, a.variant)]);
  const share = summary.agreement.find((own) => key.has(pairKey(own.a, own.b)))?.share;
  return share === undefined ? "no picture was compared" : `the same label on ${formatPercent(share)} % of pixels`;
}

/** The answer, from a summary's numbers. */
export function answerOf(summary: Answered): Answer {
  if (!summary.variants.length) return { sentence: "No network was compared.", network: "" };
  const [network, reference] = comparedPair(summary);
  if (!reference) return { sentence: sentenceOfOne(network, summary), network: network.variant };
  const gain = gainOver(network, reference);
  const time = network.cost && reference.cost && timeDifference(network.cost, reference.cost);
  const titles = [network, reference].map(({ variant }) => variantTitle(variant));
  const gained = gain ? gainText(gain) : agreementText(summary, network, reference);
  const cost = time ? ` ${timeText(time)}` : "; their time was not measured";
  return {
    sentence: `${titles.join(" over ")}: ${gained}${cost}.`,
    network: network.variant,
    reference: reference.variant,
    ...(gain && { meanIoU: gain }),
    ...(time && { ms: time }),
  };
}
