/** The pictures of the report: the worst with their maps, a table of all, and those that could not be used. */
import { cutInMiddle } from "../../base/printable.js";
import { labelName } from "../../image/legend.js";
import { BACKGROUND_LABEL } from "../../image/palette.js";
import { escapeText, htmlElement } from "../markup.js";
import type { PictureSummary, Summary } from "../summary.js";
import { formatPercent, milliseconds } from "../titles.js";
import { LABEL_WORDS } from "../truth-words.js";
import type { TruthWords } from "../truth-words.js";
import { cutClass, cutName, heading, note, shortTitle, swatch, titleHtml } from "./elements.js";
import { shareCell, table } from "./table.js";
import type { Cell, Column } from "./table.js";

/** A picture to show. Images are data URIs; label maps have a transparent background. */
export interface ShownPicture {
  readonly summary: PictureSummary;
  readonly picture: string;
  readonly tiles: readonly { readonly title: string; readonly note: string; readonly map: string }[];
  /** Labels that occur in any of the maps. */
  readonly classes: readonly number[];
}

/** Names to show, by the names in the results. */
export type ShownNames = ReadonlyMap<string, string>;

/** Rows of a table of pictures. results.jsonl has those of longer sets. */
const MAX_ROWS = 1000;

/** Characters of an error that are shown. */
const LONGEST_ERROR = 1000;

/** The slider and the switch above the pictures. */
const CONTROLS = htmlElement(
  "div",
  { class: "controls" },
  '<label>overlay <input type="range" id="mix" min="0" max="1" step="0.05" value="0.75"></label>',
  '<label><input type="checkbox" id="bare"> label maps alone</label>',
);

const sizeText = ({ width, height }: PictureSummary): string => `${width} \u00d7 ${height}`;

/** An image under its title. */
function figure(title: string, remark: string, image: string): string {
  const caption = htmlElement("b", {}, escapeText(title)) + htmlElement("span", {}, escapeText(remark));
  return htmlElement("figure", {}, htmlElement("figcaption", {}, caption), image);
}

function legend(classes: readonly number[], classNames: readonly string[]): string {
  const entries = classes
    .filter((label) => label !== BACKGROUND_LABEL)
    .map((label) => htmlElement("span", {}, swatch("i", label), escapeText(cutClass(labelName(label, classNames)))));
  return htmlElement("div", { class: "legend" }, ...entries);
}

/** A picture, its maps beside it, and the legend. */
function pictureRow(shown: ShownPicture, { header }: Summary, names: ShownNames): string {
  const { summary: own, picture, tiles, classes } = shown;
  const name = names.get(own.picture) ?? own.picture;
  const plain = htmlElement("div", { class: "pic", role: "img", "aria-label": name });
  const figures = tiles.map(({ title, note: remark, map }) => {
    const image = htmlElement("img", { src: map, alt: `${title}, ${name}` });
    return figure(title, remark, htmlElement("div", { class: "pic map" }, image));
  });
  const agreement =
    header.variants.length > 1
      ? `the two most different networks agree on ${formatPercent(own.agreement)} % of the pixels`
      : "";
  return htmlElement(
    "article",
    { class: "row", style: `--p:url(${picture});--a:${own.width}/${own.height}` },
    htmlElement("h3", {}, escapeText(name), htmlElement("span", {}, agreement)),
    htmlElement("div", { class: "tiles" }, figure("picture", sizeText(own), plain), ...figures),
    legend(classes, header.classNames),
  );
}

interface ShownOptions {
  readonly shown: readonly ShownPicture[];
  readonly names: ShownNames;
  readonly words?: TruthWords;
}

export function shownPictures(summary: Summary, { shown, names, words = LABEL_WORDS }: ShownOptions): string {
  if (!shown.length) return "";
  const { labelled, header } = summary;
  const isSeveral = header.variants.length > 1;
  const isRanked = labelled > 0 || isSeveral;
  const finest = titleHtml(header.variants.at(-1) ?? "");
  const measure = labelled ? `${finest}'s ${words.meanIoU} on the picture` : "how far the networks disagree";
  const order = isRanked ? `The worst ${shown.length}, by ${measure}.` : "";
  const differences = isSeveral
    ? ` Pixels on which they differ have the colour of ${finest}'s label. They are pale where it is background.`
    : "";
  return [
    heading(isRanked ? "Pictures, the worst first" : "Pictures"),
    note(order + differences),
    CONTROLS,
    htmlElement("div", { id: "pictures" }, ...shown.map((each) => pictureRow(each, summary, names))),
  ].join("");
}

/** The worst first, at most MAX_ROWS. */
export const allPictures = (summary: Summary, names: ShownNames): string => scoreTable(summary, names);

/** As allPictures(), without times. */
export const allScores = (summary: Summary, names: ShownNames, words: TruthWords): string =>
  scoreTable(summary, names, { isTimed: false, words });

interface ScoreTableOptions {
  readonly isTimed: boolean;
  readonly words: TruthWords;
}

function scoreTable(
  { header, pictures, labelled }: Summary,
  names: ShownNames,
  { isTimed, words }: ScoreTableOptions = { isTimed: true, words: LABEL_WORDS },
): string {
  const isSeveral = header.variants.length > 1;
  const scored = labelled ? header.variants : [];
  const worst = [...pictures].sort((a, b) => a.score - b.score).slice(0, MAX_ROWS);
  const rows = worst.map((own): Cell[] => [
    // With the space a name is never "", which the page takes for a missing value.
    { html: escapeText(names.get(own.picture) ?? own.picture), value: `${own.picture} ` },
    { html: escapeText(sizeText(own)), value: own.width * own.height },
    ...scored.map((variant) => shareCell(own.meanIoU?.[variant])),
    ...(isSeveral ? [shareCell(own.agreement)] : []),
    ...(isTimed ? [{ html: milliseconds(own.ms), value: own.ms }] : []),
  ]);
  const columns: Column[] = [
    { title: "picture", first: "up" },
    { title: "size" },
    ...scored.map((variant) => ({ title: `${words.iou} ${shortTitle(variant)}`, first: "up" as const })),
    ...(isSeveral ? [{ title: "agreement %", first: "up" as const }] : []),
    ...(isTimed ? [{ title: "ms in the run" }] : []),
  ];
  const cut =
    pictures.length > MAX_ROWS ? note(`The worst ${MAX_ROWS} of ${pictures.length}; results.jsonl has all.`) : "";
  const times = isTimed
    ? note(
        "ms in the run: all networks, while other pictures were read and counted. The times above are not comparable.",
      )
    : "";
  return heading("All pictures") + times + cut + table(columns, rows, { sortable: true, tall: true });
}

/** Pictures that could not be used, with the reasons. Empty without any. */
export function unusedPictures({ failures }: Summary): string {
  if (!failures.length) return "";
  const rows = failures
    .slice(0, MAX_ROWS)
    .map(({ picture, error }): Cell[] => [
      { html: escapeText(cutName(picture)) },
      { html: htmlElement("span", { style: "white-space:normal" }, escapeText(cutInMiddle(error, LONGEST_ERROR))) },
    ]);
  const cut =
    failures.length > MAX_ROWS ? note(`The first ${MAX_ROWS} of ${failures.length}; results.jsonl has all.`) : "";
  return heading("Not used") + cut + table([{ title: "picture" }, { title: "why" }], rows);
}
