/** What networks share, and where they agree. */
import type { PictureSize } from "../../image/picture.js";
import { escapeText, htmlElement } from "../markup.js";
import type { GroupSummary } from "../groups.js";
import type { Summary } from "../summary.js";
import { formatPercent, giga, mebibytes, mega, milliseconds } from "../titles.js";
import { cutName, heading, markHtml, note, panel, titleHtml } from "./elements.js";
import { table } from "./table.js";
import type { Cell } from "./table.js";

/** " at 500 x 375"; empty where no picture has a size. */
export const shownSize = (size: PictureSize | undefined): string =>
  size ? ` at ${size.width} \u00d7 ${size.height}` : "";

function groupRow({ header }: Summary, group: GroupSummary): Cell[] {
  const { name, weights, variants, resize, sharedMs, together, backbone } = group;
  const networks = variants.map((variant) =>
    htmlElement("span", { class: "net" }, markHtml(header, variant), titleHtml(variant)),
  );
  const file = htmlElement("small", { class: "quiet" }, escapeText(cutName(weights)));
  return [
    { html: `${escapeText(cutName(name))}<br>${file}`, class: "wrap" },
    { html: networks.join(", "), class: "wrap" },
    { html: resize === undefined ? "own size" : `${resize} px` },
    { html: milliseconds(sharedMs) },
    { html: backbone ? giga(backbone.flops) : "-" },
    { html: backbone ? mega(backbone.parameters) : "-" },
    { html: milliseconds(together?.ms) },
    { html: together ? mebibytes(together.weightBytes + together.planBytes) : "-" },
  ];
}

/** Which networks share a backbone, and what that costs. Empty where all are of one file and share one. */
export function groupTable(summary: Summary): string {
  const { header, groups, commonSize, together } = summary;
  if (!header.groups) return "";
  const titles = ["weights", "networks over one backbone", "shorter side"];
  const costs = ["shared ms", "GFLOP", "M params", "all ms", "all MiB"];
  const columns = [...titles, ...costs].map((title, i) => ({ title, isText: i < 2 }));
  const rows = groups.map((group) => groupRow(summary, group));
  const sum = ["all networks", "", "", "", "", "", milliseconds(together?.ms), ""];
  const explained =
    "A backbone runs once a picture for its networks, which may come from several files. \u201cshared\u201d: the " +
    "time that they share, and the operations and parameters of the backbone. \u201call\u201d: they together from " +
    "RGBA to labels" +
    `${shownSize(commonSize)}, and their memory.`;
  return (
    heading("What is shared") +
    note(explained) +
    table(columns, groups.length > 1 ? [...rows, sum.map((html) => ({ html }))] : rows)
  );
}

/** With more networks than these, pairs are a square with numbers for names. */
const MOST_LISTED = 4;

export function agreementTable(summary: Summary): string {
  const { variants, agreement } = summary;
  if (variants.length < 2) return "";
  if (variants.length > MOST_LISTED) return panel("Where they agree, % of pixels", agreementSquare(summary));
  const rows = agreement.map(({ a, b, share }): Cell[] => [
    { html: `${titleHtml(a)} and ${titleHtml(b)}`, class: "wrap" },
    { html: `${formatPercent(share, 2)} %` },
  ]);
  return panel("Where they agree", table([{ title: "variants" }, { title: "pixels with the same label" }], rows));
}

/** A row and a column for each network; each pair once. */
function agreementSquare({ header, variants, agreement }: Summary): string {
  const shares = new Map(agreement.map(({ a, b, share }) => [JSON.stringify([a, b]), share]));
  const rows = variants.map(({ variant: a }, i): Cell[] => [
    { html: `${i + 1} ${markHtml(header, a)}${titleHtml(a)}`, class: "wrap" },
    ...variants.slice(0, -1).map(({ variant: b }, k): Cell => {
      const share = shares.get(JSON.stringify([b, a]));
      return { html: k < i ? formatPercent(share) : "" };
    }),
  ]);
  const columns = variants.slice(0, -1).map((_, i) => ({ title: `${i + 1}` }));
  return table([{ title: "network" }, ...columns], rows);
}
