/** Writes what a comparison leaves behind: report.json, report.html, plots and the contact sheet. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { allPlots } from "../eval/plots.js";
import { reportHtml } from "../eval/report-html.js";
import type { ShownPicture } from "../eval/report-html.js";
import { reportJson } from "../eval/report-json.js";
import type { PictureSummary, Summary } from "../eval/summary.js";
import { svgFile } from "../eval/svg.js";
import { formatPercent, variantTitle } from "../eval/titles.js";
import { contactSheet } from "../image/contact-sheet.js";
import type { SheetRow } from "../image/contact-sheet.js";
import { encodeLabelPng, encodePng, withTransparentBackground } from "../image/png.js";
import { KEPT_COUNT, listKept, readKept } from "./compare-kept.js";
import type { KeptPixels } from "./compare-kept.js";
import { writeWhole } from "./files.js";

/** Rows of the contact sheet. */
const SHEET_ROWS = 6;

interface Shown {
  readonly summary: PictureSummary;
  readonly pixels: KeptPixels;
  /** The last variant's label where the variants do not all agree, background elsewhere. */
  readonly differences: Uint8Array | undefined;
}

function differencesOf(maps: readonly Uint8Array[]): Uint8Array | undefined {
  const last = maps.at(-1);
  if (!last || maps.length < 2) return undefined;
  return last.map((label, i) => (maps.every((map) => map[i] === label) ? 0 : label || 255)); // void's pale colour where it says background
}

const dataUri = (png: Uint8Array): string => `data:image/png;base64,${Buffer.from(png).toString("base64")}`;

function shownPicture({ summary, pixels, differences }: Shown, variants: readonly string[]): ShownPicture {
  const { width, height } = pixels.picture;
  const iou = (variant: string): string => (summary.meanIoU ? `IoU ${formatPercent(summary.meanIoU[variant])} %` : "");
  const names = [...(pixels.maps.truth ? ["truth"] : []), ...variants];
  const tiles = names.map((name) => ({
    title: variantTitle(name),
    note: name === "truth" ? "" : iou(name),
    map: dataUri(withTransparentBackground(pixels.files[name] as Uint8Array)),
  }));
  if (differences)
    tiles.push({
      title: "where they differ",
      note: "",
      map: dataUri(withTransparentBackground(encodeLabelPng(differences, width, height))),
    });
  const classes = new Set(names.flatMap((name) => [...new Set(pixels.maps[name]?.labels ?? [])]));
  return {
    summary,
    picture: dataUri(pixels.files.picture as Uint8Array),
    tiles,
    classes: [...classes].sort((a, b) => a - b),
  };
}

function sheetRow({ summary, pixels, differences }: Shown, variants: readonly string[]): SheetRow {
  const columns = variants.flatMap((variant) => {
    const map = pixels.maps[variant];
    return map
      ? [
          {
            title: variantTitle(variant),
            caption: summary.meanIoU ? `IoU ${formatPercent(summary.meanIoU[variant])} %` : "",
            labels: map.labels,
          },
        ]
      : [];
  });
  const truth = pixels.maps.truth ? { truth: pixels.maps.truth.labels } : {};
  const differ = differences
    ? [
        {
          title: "where they differ",
          caption: `${formatPercent(differences.filter((v) => v !== 0).length / differences.length)} %`,
          labels: differences,
        },
      ]
    : [];
  return { title: summary.picture, picture: pixels.picture, ...truth, columns: [...columns, ...differ] };
}

/** `keptIn`: the folders with the kept pictures. Gives the files' names. */
export async function writeReport(summary: Summary, out: string, keptIn: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  const write = async (name: string, data: string | Uint8Array): Promise<void> => {
    await writeWhole(join(out, name), data);
    files.push(name);
  };
  const { variants, classNames } = summary.header;
  const byName = new Map(summary.pictures.map((p) => [p.picture, p]));
  const kept = (await listKept(keptIn)).flatMap((k) => {
    const own = byName.get(k.picture);
    return own ? [{ kept: k, summary: own }] : [];
  });
  const worst = kept
    .sort((a, b) => a.summary.score - b.summary.score || (a.kept.picture < b.kept.picture ? -1 : 1))
    .slice(0, KEPT_COUNT);
  const shown = await Promise.all(
    worst.map(async ({ kept: k, summary: own }): Promise<Shown> => {
      const pixels = await readKept(k);
      return {
        summary: own,
        pixels,
        differences: differencesOf(variants.flatMap((v) => pixels.maps[v]?.labels ?? [])),
      };
    }),
  );
  await write(
    "report.html",
    reportHtml(
      summary,
      shown.map((s) => shownPicture(s, variants)),
    ),
  );
  await write("report.json", `${JSON.stringify(reportJson(summary), null, 1)}\n`);
  if (shown.length) {
    const rows = shown.slice(0, SHEET_ROWS).map((s) => sheetRow(s, variants));
    const subtitle = `The ${rows.length} worst of ${summary.pictures.length} pictures. ${summary.header.weights}, ${summary.header.adapter}`;
    await write(
      "contact-sheet.png",
      encodePng(
        contactSheet(rows, { title: variants.map(variantTitle).join(", "), subtitle, classNames, columnWidth: 260 }),
      ),
    );
  }
  await mkdir(join(out, "plots"), { recursive: true });
  for (const plot of allPlots(summary)) await write(`plots/${plot.name}.svg`, svgFile(plot));
  return files;
}
