/** `report.html`: everything a comparison found, in one file that loads nothing else. In Node only. */
import { createHash } from "node:crypto";
import { escapeText, htmlElement } from "./markup.js";
import { accuracyPlot } from "./plots/accuracy.js";
import { classPlot } from "./plots/class-iou.js";
import { latencyPlot } from "./plots/latency.js";
import { classTable, confusionMatrices } from "./report/classes.js";
import { cards, costTable } from "./report/costs.js";
import { cutName, heading, note, plotPanel } from "./report/elements.js";
import { agreementTable, groupTable } from "./report/groups.js";
import { allPictures, shownPictures, unusedPictures } from "./report/pictures.js";
import type { ShownNames, ShownPicture } from "./report/pictures.js";
import { PAGE_SCRIPT } from "./report/script.js";
import { PAGE_CSS } from "./report/style.js";
import type { Summary } from "./summary.js";
import { shortNames, titleOf } from "./titles.js";

export type { ShownPicture } from "./report/pictures.js";

/** How a content security policy names a script or stylesheet: by the hash of its text. */
const hashSource = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/**
 * The page may run its own script only, use its own stylesheet and attributes of style, and load nothing. Browsers
 * without style-src-elem and style-src-attr fall back to style-src. https://www.w3.org/TR/CSP3/
 */
const CONTENT_POLICY = [
  "default-src 'none'",
  "img-src data:",
  `script-src ${hashSource(PAGE_SCRIPT)}`,
  "style-src 'unsafe-inline'",
  `style-src-elem ${hashSource(PAGE_CSS)}`,
  "style-src-attr 'unsafe-inline'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const FOOTER = [
  "Made by fcn compare. Metrics as in <cite>Fully Convolutional Networks for Semantic Segmentation</cite>",
  "(arXiv 1411.4038): one confusion matrix over the whole set; void pixels do not count; means are over the classes of",
  "the truth.",
].join(" ");

/** How many pictures, which weights, which adapter. */
function subtitle({ header, pictures, labelled, failures }: Summary): string {
  const counts = [`${pictures.length} ${pictures.length === 1 ? "picture" : "pictures"}`];
  if (labelled) counts.push(`${labelled} with label maps`);
  if (failures.length) counts.push(`${failures.length} not used`);
  const parts = [counts.join(", "), escapeText(cutName(header.weights)), escapeText(cutName(header.adapter))];
  if (header.precision === "f16") parts.push("f16");
  return parts.join(" \u00b7 ");
}

function plots(summary: Summary): string {
  const stack = (...panels: string[]): string => htmlElement("div", { class: "stack" }, ...panels);
  return htmlElement(
    "div",
    { class: "plots" },
    stack(plotPanel(accuracyPlot(summary)), plotPanel(latencyPlot(summary))),
    stack(plotPanel(classPlot(summary)), agreementTable(summary)),
  );
}

function pageHeader(title: string, summary: Summary): string {
  const titles = htmlElement("div", {}, htmlElement("h1", {}, escapeText(title)), note(subtitle(summary)));
  const theme = htmlElement("button", { id: "theme", type: "button" }, "light / dark");
  return htmlElement("header", {}, titles, theme);
}

/** The page as text. `shown`: the pictures to show with their maps, the worst first. */
export function reportHtml(summary: Summary, shown: readonly ShownPicture[]): string {
  const { header, pictures } = summary;
  const paths = pictures.map(({ picture }) => picture);
  const short = shortNames(paths);
  const names: ShownNames = new Map(paths.map((path, i) => [path, cutName(short[i] ?? path)]));
  const question = header.variants.length > 1 ? "what they cost and gain" : "what it costs and gives";
  const title = `${titleOf(summary)}: ${question}`;
  const body = [
    pageHeader(title, summary),
    cards(summary),
    heading("Cost and accuracy") + costTable(summary),
    groupTable(summary),
    heading("Plots") + plots(summary),
    classTable(summary),
    confusionMatrices(summary),
    shownPictures(summary, shown, names),
    allPictures(summary, names),
    unusedPictures(summary),
    htmlElement("footer", {}, FOOTER),
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${CONTENT_POLICY}"><link rel="icon" href="data:,">
<title>${escapeText(title)}</title><style>${PAGE_CSS}</style></head><body><main>
${body.filter(Boolean).join("\n")}
</main><script>${PAGE_SCRIPT}</script></body></html>
`;
}
