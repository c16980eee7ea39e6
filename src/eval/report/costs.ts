/** What the variants cost and how well they label: a card for each, one table, and where they agree. */
import { htmlElement } from "../markup.js";
import { seriesOf } from "../plots/parts.js";
import type { Summary, VariantSummary } from "../summary.js";
import { formatPercent, giga, mebibytes, mega, milliseconds } from "../titles.js";
import { panel, titleHtml } from "./elements.js";
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

/** What a variant gains over the one before it; nothing where one of them has no metrics. */
function gainOver(before: VariantSummary | undefined, { metrics }: VariantSummary): string {
  if (!metrics || !before?.metrics) return "";
  const all = formatPoints(metrics.meanIoU - before.metrics.meanIoU);
  const borders = formatPoints(metrics.boundaryIoU - before.metrics.boundaryIoU);
  return `${all} mean IoU, ${borders} at borders, over ${htmlElement("span", {}, titleHtml(before.variant))}`;
}

function card(summary: Summary, own: VariantSummary, before: VariantSummary | undefined): string {
  const { variant, metrics, cost, headMs } = own;
  const { flops, memory } = costTexts(own);
  const big = metrics
    ? `${formatPercent(metrics.meanIoU)}${htmlElement("small", {}, "% mean IoU")}`
    : `${milliseconds(cost?.ms)}${htmlElement("small", {}, "ms a picture")}`;
  const scores: [string, string][] = metrics
    ? [
        ["boundary IoU", `${formatPercent(metrics.boundaryIoU)} %`],
        ["pixel accuracy", `${formatPercent(metrics.pixelAccuracy)} %`],
      ]
    : [];
  const facts: [string, string][] = [
    ...scores,
    ["alone, end to end", `${milliseconds(cost?.ms)} ms`],
    ["its head on the GPU", `${milliseconds(headMs)} ms`],
    ["operations", cost ? `${flops} GFLOP` : "-"],
    ["memory", cost ? `${memory} MiB` : "-"],
  ];
  return htmlElement(
    "section",
    { class: `card ${seriesOf(summary, variant)}` },
    htmlElement("h3", {}, titleHtml(variant)),
    htmlElement("div", { class: "big" }, big),
    htmlElement("div", { class: "gain" }, gainOver(before, own)),
    htmlElement("dl", {}, ...facts.map(([name, value]) => htmlElement("dt", {}, name) + htmlElement("dd", {}, value))),
  );
}

export function cards(summary: Summary): string {
  const made = summary.variants.map((own, i) => card(summary, own, summary.variants[i - 1]));
  return htmlElement("div", { class: "cards" }, ...made);
}

function costRow(own: VariantSummary): Cell[] {
  const { variant, metrics, cost, headMs } = own;
  const { flops, parameters, memory } = costTexts(own);
  const texts = [titleHtml(variant), milliseconds(cost?.ms), milliseconds(headMs), flops, parameters, memory];
  const costs = texts.map((html): Cell => ({ html }));
  if (!metrics) return costs;
  const { pixelAccuracy, meanAccuracy, meanIoU, frequencyWeightedIoU, boundaryIoU } = metrics;
  const scores = [pixelAccuracy, meanAccuracy, meanIoU, frequencyWeightedIoU, boundaryIoU];
  return [...costs, ...scores.map((share) => shareCell(share))];
}

/** Explains the columns of the table, and adds what does not belong to a single variant. */
function costNote({ variants, header, labelled, together, sharedMs, commonSize }: Summary): string {
  const size = commonSize ? ` at ${commonSize.width} \u00d7 ${commonSize.height}` : "";
  const sentences = [
    `Milliseconds from RGBA to labels, warm${size}, the fastest of 5 runs.`,
    `The backbone is shared: ${milliseconds(sharedMs)} ms of GPU time a picture, once for all variants.`,
  ];
  const finest = variants.at(-1);
  if (together && finest?.cost) {
    const ratio = (together.ms / finest.cost.ms).toFixed(2);
    const alone = `${ratio} times ${titleHtml(finest.variant)} alone`;
    sentences.push(`All of them over one backbone take ${milliseconds(together.ms)} ms, ${alone}.`);
  }
  if (labelled) {
    const band = `pixels within ${header.boundaryWidth} px of a border in the truth`;
    sentences.push(`Boundary IoU counts only ${band}; there the strides differ most.`);
  }
  return sentences.join(" ");
}

export function costTable(summary: Summary): string {
  const scores = ["pixel acc %", "mean acc %", "mean IoU %", "f.w. IoU %", "boundary IoU %"];
  const titles = ["variant", "ms alone", "head ms", "GFLOP", "M params", "MiB", ...(summary.labelled ? scores : [])];
  const columns = titles.map((title) => ({ title }));
  const note = htmlElement("p", { class: "quiet", style: "margin-top:10px" }, costNote(summary));
  return table(columns, summary.variants.map(costRow)) + note;
}

export function agreementTable({ variants, agreement }: Summary): string {
  if (variants.length < 2) return "";
  const rows = agreement.map(({ a, b, share }): Cell[] => [
    { html: `${titleHtml(a)} and ${titleHtml(b)}` },
    { html: `${formatPercent(share, 2)} %` },
  ]);
  return panel("Where they agree", table([{ title: "variants" }, { title: "pixels with the same label" }], rows));
}
