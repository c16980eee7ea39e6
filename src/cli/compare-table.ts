/** The comparison as text for a terminal. */
import type { Summary } from "../eval/summary.js";
import { formatPercent, giga, mebibytes, mega, milliseconds, variantTitle } from "../eval/titles.js";

/** Columns padded to a common width: the first to the left, numbers to the right. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? "").length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export function textReport(summary: Summary): string {
  const { variants, header, pictures, labelled, failures, commonSize } = summary;
  const blocks: string[] = [];
  const size = commonSize ? ` at ${commonSize.width} x ${commonSize.height}` : "";
  const cost = variants.map(({ variant, headMs, cost: c }) => [
    variantTitle(variant),
    milliseconds(c?.ms),
    milliseconds(summary.sharedMs),
    milliseconds(headMs),
    ...(c
      ? [
          giga(c.sharedFlops + c.headFlops),
          giga(c.headFlops),
          mega(c.sharedParameters + c.headParameters),
          mega(c.headParameters),
          mebibytes(c.weightBytes + c.planBytes),
        ]
      : ["-", "-", "-", "-", "-"]),
  ]);
  blocks.push(
    columns([["cost", "ms", "shared ms", "head ms", "GFLOP", "of head", "M params", "of head", "MiB"], ...cost]),
  );
  const notes = [
    `ms: one variant alone from RGBA to labels${size}, the fastest of 5 runs; shared (the backbone, once a picture) and head: GPU time, median of ${pictures.length}.`,
  ];
  if (header.resize !== undefined)
    notes.push(`The network sees pictures with their shorter side at ${header.resize} pixels, as it was trained.`);
  const { together } = summary;
  const finest = variants.at(-1);
  if (together && finest?.cost && variants.length > 1) {
    notes.push(
      `All ${variants.length} over one backbone: ${milliseconds(together.ms)} ms, ${(together.ms / finest.cost.ms).toFixed(2)} times ${variantTitle(finest.variant)} alone.`,
    );
  }
  blocks.push(notes.join("\n"));
  if (labelled) {
    const rows = variants.map(({ variant, metrics: m }) => [
      variantTitle(variant),
      formatPercent(m?.pixelAccuracy),
      formatPercent(m?.meanAccuracy),
      formatPercent(m?.meanIoU),
      formatPercent(m?.frequencyWeightedIoU),
      formatPercent(m?.boundaryIoU),
    ]);
    blocks.push(
      columns([
        ["accuracy in %", "pixel acc", "mean acc", "mean IoU", "f.w. IoU", `boundary IoU (${header.boundaryWidth} px)`],
        ...rows,
      ]),
    );
  }
  if (variants.length > 1 && pictures.length) {
    const rows = summary.agreement.map(({ a, b, share }) => [
      `${variantTitle(a)} and ${variantTitle(b)}`,
      formatPercent(share, 2),
    ]);
    blocks.push(columns([["same label, % of pixels", ""], ...rows]));
  }
  const without = pictures.length - labelled;
  const counts = [
    `${pictures.length} ${pictures.length === 1 ? "picture" : "pictures"}`,
    labelled ? `${labelled} with label maps` : "",
    labelled && without ? `${without} without` : "",
    failures.length ? `${failures.length} failed` : "",
  ];
  blocks.push(`${counts.filter(Boolean).join(", ")}.`);
  return blocks.join("\n\n");
}
