/** What the variants cost and how well they label: a card for each, and one table. */
import { htmlElement } from "../markup.js";
import { seriesIn } from "../groups.js";
import { seriesOf } from "../series.js";
import type { Summary, VariantSummary } from "../summary.js";
import { formatPercent, giga, mebibytes, mega, milliseconds, variantOf } from "../titles.js";
import { markedTitle, titleHtml } from "./elements.js";
import { shownSize } from "./groups.js";
import { formatPoints, shareCell, table } from "./table.js";
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

/** What a variant gains over another one; nothing where one of them has no metrics. */
function gainOver(before: VariantSummary | undefined, { metrics }: VariantSummary): string {
  if (!metrics || !before?.metrics) return "";
  const all = formatPoints(metrics.meanIoU - before.metrics.meanIoU);
  const borders = formatPoints(metrics.boundaryIoU - before.metrics.boundaryIoU);
  return `${all} mean IoU, ${borders} at borders, over ${htmlElement("span", {}, titleHtml(before.variant))}`;
}

function card(summary: Summary, own: VariantSummary): string {
  const { variant, metrics, cost, sharedMs, headMs } = own;
  const { flops, memory } = costTexts(own);
  const before = baselineOf(summary, variant);
  const baseline = summary.variants.find((other) => other.variant === before);
  const big = metrics
    ? `${formatPercent(metrics.meanIoU)}${htmlElement("small", {}, "% mean IoU")}`
    : `${milliseconds(cost?.ms)}${htmlElement("small", {}, "ms a picture")}`;
  const scores: [string, string][] = metrics
    ? [
        ["boundary IoU", `${formatPercent(metrics.boundaryIoU)} %`],
        ["pixel accuracy", `${formatPercent(metrics.pixelAccuracy)} %`],
      ]
    : [];
  const facts: (readonly [string, string])[] = [
    ...scores,
    ["alone, end to end", `${milliseconds(cost?.ms)} ms`],
    ...(summary.groups.length > 1 ? [["its backbone, GPU", `${milliseconds(sharedMs)} ms`] as const] : []),
    ["its head on the GPU", `${milliseconds(headMs)} ms`],
    ["operations", cost ? `${flops} GFLOP` : "-"],
    ["memory", cost ? `${memory} MiB` : "-"],
  ];
  return htmlElement(
    "section",
    { class: `card ${seriesOf(summary.header, variant).colour}` },
    htmlElement("h3", {}, markedTitle(summary.header, variant)),
    htmlElement("div", { class: "big" }, big),
    htmlElement("div", { class: "gain" }, gainOver(baseline, own)),
    htmlElement("dl", {}, ...facts.map(([name, value]) => htmlElement("dt", {}, name) + htmlElement("dd", {}, value))),
  );
}

export function cards(summary: Summary): string {
  const made = summary.variants.map((own) => card(summary, own));
  return htmlElement("div", { class: "cards" }, ...made);
}

function costRow({ header, groups }: Summary, own: VariantSummary): Cell[] {
  const { variant, metrics, cost, sharedMs, headMs } = own;
  const { flops, parameters, memory } = costTexts(own);
  const shared = groups.length > 1 ? [milliseconds(sharedMs)] : [];
  const times = [milliseconds(cost?.ms), ...shared, milliseconds(headMs)];
  const texts = [markedTitle(header, variant), ...times, flops, parameters, memory];
  const costs = texts.map((html): Cell => ({ html }));
  if (!metrics) return costs;
  const { pixelAccuracy, meanAccuracy, meanIoU, frequencyWeightedIoU, boundaryIoU } = metrics;
  const scores = [pixelAccuracy, meanAccuracy, meanIoU, frequencyWeightedIoU, boundaryIoU];
  return [...costs, ...scores.map((share) => shareCell(share))];
}

/** What all variants take together. Over one backbone that is compared with the finest of them alone. */
function togetherSentence({ variants, groups, together, sharedMs }: Summary): string {
  const all = together && `${milliseconds(together.ms)} ms`;
  if (groups.length > 1) {
    const backbones = `${groups.length} backbones, each once a picture for its networks`;
    return `There are ${backbones}${all ? `; all networks take ${all}, group after group` : ""}.`;
  }
  const shared = `The backbone is shared: ${milliseconds(sharedMs)} ms of GPU time a picture, once for all variants.`;
  const finest = variants.at(-1);
  if (!together || !finest?.cost) return shared;
  const ratio = (together.ms / finest.cost.ms).toFixed(2);
  return `${shared} All of them over one backbone take ${all}, ${ratio} times ${titleHtml(finest.variant)} alone.`;
}

/** Explains the columns of the table, and adds what does not belong to a single variant. */
function costNote(summary: Summary): string {
  const { header, labelled, commonSize } = summary;
  const sentences = [
    `Milliseconds from RGBA to labels, warm${shownSize(commonSize)}, the fastest of 5 runs.`,
    togetherSentence(summary),
  ];
  if (labelled) {
    const band = `pixels within ${header.boundaryWidth} px of a border in the truth`;
    sentences.push(`Boundary IoU counts only ${band}; there the strides differ most.`);
  }
  return sentences.join(" ");
}

export function costTable(summary: Summary): string {
  const scores = ["pixel acc %", "mean acc %", "mean IoU %", "f.w. IoU %", "boundary IoU %"];
  const shared = summary.groups.length > 1 ? ["backbone ms"] : [];
  const costs = ["variant", "ms alone", ...shared, "head ms", "GFLOP", "M params", "MiB"];
  const columns = [...costs, ...(summary.labelled ? scores : [])].map((title) => ({ title }));
  const note = htmlElement("p", { class: "quiet", style: "margin-top:10px" }, costNote(summary));
  return (
    table(
      columns,
      summary.variants.map((own) => costRow(summary, own)),
    ) + note
  );
}
