/** What the variants cost and how well they label: a card for each, and one table. */
import { htmlElement } from "../markup.js";
import { seriesIn } from "../groups.js";
import { seriesOf } from "../series.js";
import type { Summary, VariantSummary } from "../summary.js";
import { gainOver } from "../answer.js";
import { intervalOf, intervalOfDifference } from "../bootstrap.js";
import type { Interval } from "../bootstrap.js";
import { roundsText, spreadOf, togetherText } from "../times.js";
import {
  formatNumber,
  formatPercent,
  formatPoints,
  giga,
  mebibytes,
  mega,
  milliseconds,
  millisecondsBetween,
  percentBetween,
  variantOf,
  withUnit,
} from "../titles.js";
import { markedTitle, titleHtml } from "./elements.js";
import { shownSize } from "./groups.js";
import { shareCell, table } from "./table.js";
import type { Cell } from "./table.js";

/** GFLOP, millions of parameters and MiB of one variant alone; "-" when it was not measured. */
function costTexts({ cost }: VariantSummary): { flops: string; parameters: string; memory: string } {
  if (!cost) return { flops: "-", parameters: "-", memory: "-" };
  return {
    flops: giga(cost.sharedFlops + cost.headFlops),
    parameters: mega(cost.sharedParameters + cost.headParameters),
    memory: mebibytes(cost.weightBytes + cost.planBytes),
  };
}

/**
 * The network over which a network's gain is told: the one before it, of the same weights over the same backbone. For
 * the first one of those it is the same variant of earlier weights, or else the network before it.
 */
function baselineOf({ header, groups }: Summary, variant: string): string | undefined {
  const { variants } = header;
  const earlier = variants.slice(0, variants.indexOf(variant));
  const before = earlier.at(-1);
  const isSeries =
    before !== undefined && seriesIn(groups).some((own) => own.includes(variant) && own.includes(before));
  const same = earlier.find((own) => variantOf(own) === variantOf(variant));
  return isSeries ? before : (same ?? before);
}

/** " (0.2 to 1.9)", in points; nothing without an interval. */
const pointsBetween = (ends: Interval | undefined): string =>
  ends ? ` (${formatNumber(100 * ends.low, 1)} to ${formatNumber(100 * ends.high, 1)})` : "";

/** What a variant gains over another one, with 95 % intervals; nothing where one of them has no metrics. */
function gainHtml(before: VariantSummary | undefined, own: VariantSummary): string {
  const gain = before && gainOver(own, before);
  if (!gain || !own.metrics || !before.metrics) return "";
  const all = formatPoints(gain.difference) + pointsBetween(gain.interval);
  const drawn = own.drawn && before.drawn && intervalOfDifference(own.drawn.boundaryIoU, before.drawn.boundaryIoU);
  const borders = formatPoints(own.metrics.boundaryIoU - before.metrics.boundaryIoU) + pointsBetween(drawn);
  return `${all} mean IoU, ${borders} at borders, over ${htmlElement("span", {}, titleHtml(before.variant))}`;
}

const inMs = (text: string): string => withUnit(text, "ms");

function card(summary: Summary, own: VariantSummary): string {
  const { variant, metrics, drawn, cost, sharedMs, ownMs } = own;
  const { flops, memory } = costTexts(own);
  const before = baselineOf(summary, variant);
  const baseline = summary.variants.find((other) => other.variant === before);
  const big = !Number.isNaN(metrics?.meanIoU ?? NaN)
    ? `${formatPercent(metrics?.meanIoU)}${htmlElement("small", {}, "% mean IoU")}`
    : `${milliseconds(cost?.ms)}${htmlElement("small", {}, "ms a picture")}`;
  const scores: [string, string][] = metrics
    ? [
        ["95 % interval", percentBetween(drawn && intervalOf(drawn.meanIoU))],
        ["boundary IoU", withUnit(formatPercent(metrics.boundaryIoU), "%")],
        ["pixel accuracy", withUnit(formatPercent(metrics.pixelAccuracy), "%")],
      ]
    : [];
  const facts: (readonly [string, string])[] = [
    ...scores,
    ["time alone", inMs(milliseconds(cost?.ms))],
    ["middle half of rounds", inMs(millisecondsBetween(cost && spreadOf(cost)))],
    ...(sharedMs === undefined
      ? []
      : [
          ["of it shared", inMs(milliseconds(sharedMs))] as const,
          ["of it its own", inMs(milliseconds(ownMs))] as const,
        ]),
    ["operations", cost ? `${flops} GFLOP` : "-"],
    ["memory", cost ? `${memory} MiB` : "-"],
  ];
  return htmlElement(
    "section",
    { class: `card ${seriesOf(summary.header, variant).colour}` },
    htmlElement("h3", {}, markedTitle(summary.header, variant)),
    htmlElement("div", { class: "big" }, big),
    htmlElement("div", { class: "gain" }, gainHtml(baseline, own)),
    htmlElement("dl", {}, ...facts.map(([name, value]) => htmlElement("dt", {}, name) + htmlElement("dd", {}, value))),
  );
}

export function cards(summary: Summary): string {
  const made = summary.variants.map((own) => card(summary, own));
  return htmlElement("div", { class: "cards" }, ...made);
}

/** The range of a number, below it in small letters. */
const aside = (range: string): string => `<br>${htmlElement("small", { class: "quiet" }, range)}`;

function costRow({ header }: Summary, own: VariantSummary): Cell[] {
  const { variant, metrics, drawn, cost, sharedMs, ownMs } = own;
  const { flops, parameters, memory } = costTexts(own);
  const spread = cost && spreadOf(cost);
  const alone = milliseconds(cost?.ms) + (spread ? aside(millisecondsBetween(spread)) : "");
  const times = [alone, milliseconds(sharedMs), milliseconds(ownMs)];
  const texts = [markedTitle(header, variant), ...times, flops, parameters, memory];
  const costs = texts.map((html): Cell => ({ html }));
  if (!metrics) return costs;
  const { pixelAccuracy, meanAccuracy, meanIoU, frequencyWeightedIoU, boundaryIoU } = metrics;
  const interval = drawn && intervalOf(drawn.meanIoU);
  const mean = { html: formatPercent(meanIoU) + (interval ? aside(percentBetween(interval)) : ""), value: meanIoU };
  const others = [frequencyWeightedIoU, boundaryIoU].map((share) => shareCell(share));
  return [...costs, shareCell(pixelAccuracy), shareCell(meanAccuracy), mean, ...others];
}

/** What all variants take together. Over one backbone that is compared with the finest of them alone. */
function togetherSentence({ variants, groups, together }: Summary): string {
  const all = together && `${milliseconds(together.ms)} ms`;
  if (groups.length > 1) {
    const backbones = `${groups.length} backbones, each once a picture for its networks`;
    return `There are ${backbones}${all ? `; all networks take ${all}, group after group` : ""}.`;
  }
  const finest = variants.at(-1);
  const shared = finest?.sharedMs;
  if (!together || !finest?.cost || shared === undefined) return "";
  const ratio = (together.ms / finest.cost.ms).toFixed(2);
  const time = togetherText(together.ms, shared);
  return `All of them over one backbone take ${time}. That is ${ratio} times ${titleHtml(finest.variant)} alone.`;
}

/** Explains the columns of the table, and adds what does not belong to a single variant. */
function costNote(summary: Summary): string {
  const { header, labelled, commonSize, costs, variants } = summary;
  const sentences = costs.length
    ? [
        `Milliseconds from RGBA to labels, warm${shownSize(commonSize)}: ${roundsText(variants)}.`,
        "Below it is the middle half of the rounds.",
        "The time alone is shared + own: what networks over one backbone do once a picture, and what each adds.",
        togetherSentence(summary),
      ]
    : ["No times were measured."];
  if (labelled) {
    const band = `pixels within ${header.boundaryWidth} px of a border in the truth`;
    sentences.push("Below mean IoU is its 95 % interval: what other pictures of the same kind would give.");
    sentences.push(`Boundary IoU counts only ${band}; there the strides differ most.`);
  }
  return sentences.filter(Boolean).join(" ");
}

export function costTable(summary: Summary): string {
  const scores = ["pixel acc %", "mean acc %", "mean IoU %", "f.w. IoU %", "boundary IoU %"];
  const costs = ["variant", "ms alone", "shared ms", "own ms", "GFLOP", "M params", "MiB"];
  const columns = [...costs, ...(summary.labelled ? scores : [])].map((title) => ({ title }));
  const note = htmlElement("p", { class: "quiet", style: "margin-top:10px" }, costNote(summary));
  return (
    table(
      columns,
      summary.variants.map((own) => costRow(summary, own)),
    ) + note
  );
}
