/** Writes the files of a comparison: report.json, report.html, plots and the contact sheet. */
import { join } from "node:path";
import { counted } from "../base/counted.js";
import { isFcnError } from "../base/errors.js";
import { writeWhole } from "../base/write-whole.js";
import { allPlots } from "../eval/plots.js";
import { reportHtml } from "../eval/report-html.js";
import type { ShownPicture } from "../eval/report-html.js";
import { reportJson } from "../eval/report-json.js";
import type { PictureSummary, Summary } from "../eval/summary.js";
import { svgFile } from "../eval/svg.js";
import { fileNames, formatPercent, titleOf, variantTitle, withUnit } from "../eval/titles.js";
import { LABEL_WORDS } from "../eval/truth-words.js";
import { contactSheet } from "../image/contact-sheet.js";
import type { SheetColumn, SheetRow } from "../image/contact-sheet.js";
import { encodeLabelPng, encodePng, withTransparentBackground } from "../image/png.js";
import { ownFolder, removeUnfinished, writing } from "./output-disk.js";
import { KEPT_COUNT, listKept, readKept } from "./compare-kept.js";
import type { KeptPicture, KeptPixels } from "./compare-kept.js";
import { printNote } from "./output.js";

/** Rows of the contact sheet, and the width of its columns in pixels. */
const SHEET_ROWS = 6;
const SHEET_COLUMN = 260;

const DIFFERENCE_TITLE = "where they differ";
/** VOC's label for pixels without a class. */
const VOID = 255;

/** A picture of the report with its pixels. */
export interface KeptShown {
  readonly summary: PictureSummary;
  readonly pixels: KeptPixels;
  /** Where the variants do not all agree, the last one's label; background elsewhere. */
  readonly differences: Uint8Array | undefined;
}

/** Undefined for fewer than two maps. A difference whose last label is background gets void, which has a colour. */
function differencesOf(maps: readonly Uint8Array[]): Uint8Array | undefined {
  const last = maps.at(-1);
  if (!last || maps.length < 2) return undefined;
  return last.map((label, i) => {
    const agree = maps.every((map) => map[i] === label);
    return agree ? 0 : label || VOID;
  });
}

/** "IoU 58.4 %"; empty without a label map. */
const iouText = ({ meanIoU }: PictureSummary, variant: string, { iou } = LABEL_WORDS): string =>
  meanIoU ? `${iou} ${withUnit(formatPercent(meanIoU[variant]), "%")}` : "";

const dataUri = (png: Uint8Array): string => `data:image/png;base64,${Buffer.from(png).toString("base64")}`;

/** A label map over whatever lies below it. */
const overlayUri = (png: Uint8Array): string => dataUri(withTransparentBackground(png));

/** A picture as the report shows it. */
export function shownPicture(
  { summary, pixels, differences }: KeptShown,
  variants: readonly string[],
  words = LABEL_WORDS,
): ShownPicture {
  const { picture, maps, files } = pixels;
  const names = [...(maps.truth ? ["truth"] : []), ...variants];
  const tiles = names.flatMap((name) => {
    const file = files[name];
    const isTruth = name === "truth";
    const remark = isTruth ? "" : iouText(summary, name, words);
    const title = isTruth ? words.truth : variantTitle(name);
    return file ? [{ title, note: remark, map: overlayUri(file) }] : [];
  });
  if (differences) {
    const png = encodeLabelPng(differences, picture.width, picture.height);
    tiles.push({ title: DIFFERENCE_TITLE, note: "", map: overlayUri(png) });
  }
  const classes = new Set(names.flatMap((name) => [...new Set(maps[name]?.labels ?? [])]));
  return {
    summary,
    picture: dataUri(files.picture as Uint8Array),
    tiles,
    classes: [...classes].sort((a, b) => a - b),
  };
}

/** A row of the contact sheet. */
export function sheetRow({ summary, pixels, differences }: KeptShown, variants: readonly string[]): SheetRow {
  const { picture, maps } = pixels;
  const columns: SheetColumn[] = variants.flatMap((variant) => {
    const labels = maps[variant]?.labels;
    return labels ? [{ title: variantTitle(variant), caption: iouText(summary, variant), labels }] : [];
  });
  if (differences) {
    const share = differences.filter((label) => label !== 0).length / differences.length;
    const last = variantTitle(variants.at(-1) ?? "");
    const names = new Map([[VOID, `they differ: background in ${last}`]]);
    columns.push({ title: DIFFERENCE_TITLE, caption: `${formatPercent(share)} %`, labels: differences, names });
  }
  return { title: summary.picture, picture, ...(maps.truth ? { truth: maps.truth.labels } : {}), columns };
}

/** Maps and files under the names of the networks, not of their files. */
function byNetwork({ picture, maps, files }: KeptPixels, networks: readonly string[]): KeptPixels {
  const names = new Map([...fileNames(networks)].map(([network, file]) => [file, network]));
  const renamed = <T>(own: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(own).map(([name, value]) => [names.get(name) ?? name, value]));
  return { picture, maps: renamed(maps), files: renamed(files) };
}

/** Kept pictures that the summary knows, the worst first. Those that cannot be read are said and left out. */
export async function worstPictures(summary: Summary, folders: readonly string[]): Promise<KeptShown[]> {
  const byName = new Map(summary.pictures.map((picture) => [picture.picture, picture]));
  const found: { readonly kept: KeptPicture; readonly summary: PictureSummary }[] = [];
  for (const kept of await listKept(folders)) {
    const own = byName.get(kept.picture);
    if (own) found.push({ kept, summary: own });
  }
  found.sort((a, b) => a.summary.score - b.summary.score || (a.kept.picture < b.kept.picture ? -1 : 1));
  const shown: KeptShown[] = [];
  for (const { kept, summary: own } of found.slice(0, KEPT_COUNT)) {
    try {
      const pixels = byNetwork(await readKept(kept), summary.header.variants);
      const maps = summary.variants.flatMap(({ variant }) => pixels.maps[variant]?.labels ?? []);
      shown.push({ summary: own, pixels, differences: differencesOf(maps) });
    } catch (error) {
      if (!isFcnError(error)) throw error;
      printNote(`fcn: ${error.message}; the report does not show it, its numbers count`);
    }
  }
  return shown;
}

function sheetOf({ header, groups, pictures }: Summary, shown: readonly KeptShown[]): Uint8Array {
  const { variants, classNames, weights, adapter } = header;
  const rows = shown.slice(0, SHEET_ROWS).map((picture) => sheetRow(picture, variants));
  const title = titleOf({ header, groups });
  const finest = variantTitle(variants.at(-1) ?? "");
  const difference = variants.length > 1 ? ` Pixels on which they differ show the label of ${finest}.` : "";
  const worst = `The worst ${rows.length} of ${counted(pictures.length, "picture")}.`;
  const subtitle = `${worst}${difference} ${weights}, ${adapter}`;
  return encodePng(contactSheet(rows, { title, subtitle, classNames, columnWidth: SHEET_COLUMN }));
}

/**
 * Writes the report into `out`. Without kept pictures there is no contact sheet.
 * @param keptIn the folders with the kept pictures
 * @returns names of the files, below `out`
 */
export async function writeReport(summary: Summary, out: string, keptIn: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  const write = async (name: string, data: string | Uint8Array): Promise<void> => {
    const path = join(out, name);
    await writing(path, writeWhole(path, data));
    files.push(name);
  };
  const shown = await worstPictures(summary, keptIn);
  const pictures = shown.map((picture) => shownPicture(picture, summary.header.variants));
  await write("report.html", reportHtml(summary, pictures));
  await write("report.json", `${JSON.stringify(reportJson(summary), null, 1)}\n`);
  if (shown.length) await write("contact-sheet.png", sheetOf(summary, shown));
  const plots = join(out, "plots");
  await ownFolder(plots);
  await removeUnfinished(plots);
  for (const plot of allPlots(summary)) await write(`plots/${plot.name}.svg`, svgFile(plot));
  return files;
}
