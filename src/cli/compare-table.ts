/** The comparison as text for a terminal. */
import { counted } from "../base/counted.js";
import { textTable } from "../base/text-table.js";
import { wrapped } from "../base/wrapped.js";
import { intervalOf } from "../eval/bootstrap.js";
import type { Summary, VariantSummary } from "../eval/summary.js";
import { roundsText, spreadOf, togetherText } from "../eval/times.js";
import {
  formatPercent,
  giga,
  mebibytes,
  mega,
  milliseconds,
  millisecondsBetween,
  percentBetween,
  variantTitle,
} from "../eval/titles.js";

/** The first column to the left, numbers to the right. */
const numberTable = (rows: readonly (readonly string[])[]): string => textTable(rows, { align: ["left", "right"] });

/** Times below this have a decimal. */
const SHORT_MS = 10;
const COST_HEAD = ["cost", "ms", "quartiles", "shared ms", "own ms", "GFLOP", "of head", "M params", "of head", "MiB"];
const GROUP_HEAD = ["backbone", "sees", "shared ms", "GFLOP", "M params", "all ms", "all MiB", "networks over it"];
/** With more networks than these, the square of pairs has numbers for names. */
const MOST_LISTED = 4;

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

/** Times of a column with one number of decimals: one, where a time is below 10. */
function timeCells(times: readonly (number | undefined)[]): string[] {
  const hasShort = times.some((ms) => ms !== undefined && !Number.isNaN(ms) && ms < SHORT_MS);
  return times.map((ms) => (ms === undefined || Number.isNaN(ms) || !hasShort ? milliseconds(ms) : ms.toFixed(1)));
}

function costTable({ variants }: Summary): string {
  const [alone, shared, own] = [
    timeCells(variants.map(({ cost }) => cost?.ms)),
    timeCells(variants.map(({ sharedMs }) => sharedMs)),
    timeCells(variants.map(({ ownMs }) => ownMs)),
  ];
  const rows = variants.map((variant, i) => [
    variantTitle(variant.variant),
    alone[i] ?? "",
    millisecondsBetween(variant.cost && spreadOf(variant.cost)),
    shared[i] ?? "",
    own[i] ?? "",
    ...countCells(variant),
  ]);
  return numberTable([COST_HEAD, ...rows]);
}

/** Which networks share a backbone, and what it costs. */
function groupTable({ groups }: Summary): string {
  const rows = groups.map(({ name, variants, resize, sharedMs, backbone, together }) => [
    name,
    resize === undefined ? "own size" : `${resize} px`,
    milliseconds(sharedMs),
    backbone ? giga(backbone.flops) : "-",
    backbone ? mega(backbone.parameters) : "-",
    milliseconds(together?.ms),
    together ? mebibytes(together.weightBytes + together.planBytes) : "-",
    variants.map(variantTitle).join(", "),
  ]);
  const align = ["left", ...GROUP_HEAD.slice(2).map(() => "right" as const), "left"] as const;
  return textTable([GROUP_HEAD, ...rows], { align });
}

function costNotes(summary: Summary): string {
  const { header, commonSize, groups, costs, variants } = summary;
  const size = commonSize ? ` at ${commonSize.width} x ${commonSize.height}` : "";
  const notes = costs.length
    ? [
        `ms: one network alone from RGBA to labels${size}, ${roundsText(variants)}. It is shared + own:`,
        "what networks over one backbone do once a picture, and what each adds.",
      ]
    : ["No times: none were measured."];
  if (header.resize !== undefined)
    notes.push(`The network sees pictures with their shorter side at ${header.resize} pixels, as it was trained.`);
  notes.push(...(header.groups ? groupNotes(groups.length, summary) : togetherNote(summary)));
  return notes.join("\n");
}

/** What the networks of one file take together. */
function togetherNote({ variants, together }: Summary): string[] {
  const finest = variants.at(-1);
  const shared = finest?.sharedMs;
  if (!together || !finest?.cost || shared === undefined) return [];
  const ratio = (together.ms / finest.cost.ms).toFixed(2);
  const time = togetherText(together.ms, shared);
  return [
    `All ${variants.length} over one backbone: ${time}. That is ${ratio} times ${variantTitle(finest.variant)} alone.`,
  ];
}

function groupNotes(count: number, { together }: Summary): string[] {
  const all = together ? ` All networks take ${milliseconds(together.ms)} ms, backbone after backbone.` : "";
  const backbones =
    count === 1 ? "These files have one backbone, which runs" : `There are ${count} backbones; each runs`;
  return [`${backbones} once a picture for its networks, whose time together is "all ms".${all}`];
}

function accuracyTable({ variants, header }: Summary): string {
  const boundary = `boundary IoU (${header.boundaryWidth} px)`;
  const head = ["accuracy in %", "pixel acc", "mean acc", "mean IoU", "95 % interval", "f.w. IoU", boundary];
  const rows = variants.map(({ variant, metrics, drawn }) => [
    variantTitle(variant),
    formatPercent(metrics?.pixelAccuracy),
    formatPercent(metrics?.meanAccuracy),
    formatPercent(metrics?.meanIoU),
    percentBetween(drawn && intervalOf(drawn.meanIoU)),
    formatPercent(metrics?.frequencyWeightedIoU),
    formatPercent(metrics?.boundaryIoU),
  ]);
  return numberTable([head, ...rows]);
}

function agreementTable(summary: Summary): string {
  const { agreement, variants } = summary;
  if (variants.length > MOST_LISTED) return agreementSquare(summary);
  const rows = agreement.map(({ a, b, share }) => [
    `${variantTitle(a)} and ${variantTitle(b)}`,
    formatPercent(share, 2),
  ]);
  return numberTable([["same label, % of pixels", ""], ...rows]);
}

/** A row and a column for each network; each pair once. */
function agreementSquare({ agreement, variants }: Summary): string {
  const shares = new Map(agreement.map(({ a, b, share }) => [JSON.stringify([a, b]), share]));
  const rows = variants.map(({ variant: a }, i) => [
    `${i + 1} ${variantTitle(a)}`,
    ...variants.slice(0, i).map(({ variant: b }) => formatPercent(shares.get(JSON.stringify([b, a])))),
    ...variants.slice(i + 1).map(() => ""),
  ]);
  const numbers = variants.slice(0, -1).map((_, i) => `${i + 1}`);
  return numberTable([["same label, % of pixels", ...numbers], ...rows]);
}

/** "16 pictures, 14 with label maps, 2 without, 1 failed." */
function pictureCounts({ pictures, labelled, failures }: Summary): string {
  const without = pictures.length - labelled;
  const counts = [counted(pictures.length, "picture")];
  if (labelled) counts.push(`${labelled} with label maps`);
  if (labelled && without) counts.push(`${without} without`);
  if (failures.length) counts.push(`${failures.length} failed`);
  return `${counts.join(", ")}.`;
}

/** The answer; costs; accuracy where there are label maps; agreement of several variants; counts. */
export function textReport(summary: Summary): string {
  const { header, variants, pictures, labelled } = summary;
  const blocks = [
    wrapped(summary.answer.sentence),
    costTable(summary),
    ...(header.groups ? [groupTable(summary)] : []),
    costNotes(summary),
  ];
  if (labelled) blocks.push(accuracyTable(summary));
  if (variants.length > 1 && pictures.length) blocks.push(agreementTable(summary));
  blocks.push(pictureCounts(summary));
  return blocks.join("\n\n");
}
