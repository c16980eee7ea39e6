/** The comparison as text for a terminal. */
import { textTable } from "../base/text-table.js";
import type { Summary, VariantSummary } from "../eval/summary.js";
import { formatPercent, giga, mebibytes, mega, milliseconds, variantTitle } from "../eval/titles.js";

/** The first column to the left, numbers to the right. */
const numberTable = (rows: readonly (readonly string[])[]): string => textTable(rows, { align: ["left", "right"] });

const COST_HEAD = ["cost", "ms", "shared ms", "head ms", "GFLOP", "of head", "M params", "of head", "MiB"];

/** Operations in GFLOP, parameters in millions, memory in MiB. */
function countCells({ cost }: VariantSummary): string[] {
  if (!cost) return ["-", "-", "-", "-", "-"];
  return [
    giga(cost.sharedFlops + cost.headFlops),
    giga(cost.headFlops),
    mega(cost.sharedParameters + cost.headParameters),
    mega(cost.headParameters),
    mebibytes(cost.weightBytes + cost.planBytes),
  ];
}

function costTable({ variants, sharedMs }: Summary): string {
  const rows = variants.map((variant) => [
    variantTitle(variant.variant),
    milliseconds(variant.cost?.ms),
    milliseconds(sharedMs),
    milliseconds(variant.headMs),
    ...countCells(variant),
  ]);
  return numberTable([COST_HEAD, ...rows]);
}

function costNotes({ variants, header, pictures, commonSize, together }: Summary): string {
  const size = commonSize ? ` at ${commonSize.width} x ${commonSize.height}` : "";
  const notes = [
    `ms: one variant alone from RGBA to labels${size}, the fastest of 5 runs; ` +
      `shared (the backbone, once a picture) and head: GPU time, median of ${pictures.length}.`,
  ];
  if (header.resize !== undefined)
    notes.push(`The network sees pictures with their shorter side at ${header.resize} pixels, as it was trained.`);
  const finest = variants.at(-1);
  if (together && finest?.cost && variants.length > 1) {
    const ratio = (together.ms / finest.cost.ms).toFixed(2);
    const time = `${milliseconds(together.ms)} ms, ${ratio} times ${variantTitle(finest.variant)} alone`;
    notes.push(`All ${variants.length} over one backbone: ${time}.`);
  }
  return notes.join("\n");
}

function accuracyTable({ variants, header }: Summary): string {
  const boundary = `boundary IoU (${header.boundaryWidth} px)`;
  const head = ["accuracy in %", "pixel acc", "mean acc", "mean IoU", "f.w. IoU", boundary];
  const rows = variants.map(({ variant, metrics }) => [
    variantTitle(variant),
    formatPercent(metrics?.pixelAccuracy),
    formatPercent(metrics?.meanAccuracy),
    formatPercent(metrics?.meanIoU),
    formatPercent(metrics?.frequencyWeightedIoU),
    formatPercent(metrics?.boundaryIoU),
  ]);
  return numberTable([head, ...rows]);
}

function agreementTable({ agreement }: Summary): string {
  const rows = agreement.map(({ a, b, share }) => [
    `${variantTitle(a)} and ${variantTitle(b)}`,
    formatPercent(share, 2),
  ]);
  return numberTable([["same label, % of pixels", ""], ...rows]);
}

/** "16 pictures, 14 with label maps, 2 without, 1 failed." */
function pictureCounts({ pictures, labelled, failures }: Summary): string {
  const without = pictures.length - labelled;
  const counts = [`${pictures.length} ${pictures.length === 1 ? "picture" : "pictures"}`];
  if (labelled) counts.push(`${labelled} with label maps`);
  if (labelled && without) counts.push(`${without} without`);
  if (failures.length) counts.push(`${failures.length} failed`);
  return `${counts.join(", ")}.`;
}

/** Costs; accuracy where there are label maps; agreement of several variants; counts. */
export function textReport(summary: Summary): string {
  const { variants, pictures, labelled } = summary;
  const blocks = [costTable(summary), costNotes(summary)];
  if (labelled) blocks.push(accuracyTable(summary));
  if (variants.length > 1 && pictures.length) blocks.push(agreementTable(summary));
  blocks.push(pictureCounts(summary));
  return blocks.join("\n\n");
}
