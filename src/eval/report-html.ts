/** `report.html`: everything a comparison found, in one file that loads nothing else. In Node only. */
import { counted } from "../base/counted.js";
import { escapeText, htmlElement } from "./markup.js";
import { accuracyPlot } from "./plots/accuracy.js";
import { classPlot } from "./plots/class-iou.js";
import { latencyPlot } from "./plots/latency.js";
import { classTable, confusionMatrices } from "./report/classes.js";
import { cards, costTable } from "./report/costs.js";
import { cutName, heading, plotPanel } from "./report/elements.js";
import { htmlPage, pageHeader } from "./report/page.js";
import { agreementTable, groupTable } from "./report/groups.js";
import { allPictures, shownPictures, unusedPictures } from "./report/pictures.js";
import type { ShownNames, ShownPicture } from "./report/pictures.js";
import type { Summary } from "./summary.js";
import { shortNames, titleOf } from "./titles.js";

export type { ShownPicture } from "./report/pictures.js";

const FOOTER = [
  "Made by fcn compare. Metrics as in <cite>Fully Convolutional Networks for Semantic Segmentation</cite>",
  "(arXiv 1411.4038): one confusion matrix over the whole set; void pixels do not count; means are over the classes of",
  "the truth.",
].join(" ");

/** How many pictures, which weights, which adapter. */
function subtitle({ header, pictures, labelled, failures }: Summary): string {
  const counts = [counted(pictures.length, "picture")];
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

/** The page as text. `shown`: the pictures to show with their maps, the worst first. */
export function reportHtml(summary: Summary, shown: readonly ShownPicture[]): string {
  const { header, pictures } = summary;
  const paths = pictures.map(({ picture }) => picture);
  const short = shortNames(paths);
  const names: ShownNames = new Map(paths.map((path, i) => [path, cutName(short[i] ?? path)]));
  const question = header.variants.length > 1 ? "what they cost and gain" : "what it costs and gives";
  const title = `${titleOf(summary)}: ${question}`;
  const body = [
    pageHeader(title, subtitle(summary)),
    htmlElement("p", { class: "answer" }, escapeText(summary.answer.sentence)),
    heading("At a glance") + cards(summary),
    heading("Cost and accuracy") + costTable(summary),
    groupTable(summary),
    heading("Plots") + plots(summary),
    classTable(summary),
    confusionMatrices(summary),
    shownPictures(summary, { shown, names }),
    allPictures(summary, names),
    unusedPictures(summary),
    htmlElement("footer", {}, FOOTER),
  ];
  return htmlPage(title, body);
}
