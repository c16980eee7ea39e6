/** `report.html` of a training: its curves, what the best checkpoint is worth, and the worst pictures. In Node only. */
import { counted } from "../base/counted.js";
import { escapeText, htmlElement } from "./markup.js";
import { lossCurve, scoreCurve } from "./plots/training.js";
import { classTable, confusionMatrices } from "./report/classes.js";
import { cutName, heading, note, plotPanel, titleHtml } from "./report/elements.js";
import { allScores, shownPictures } from "./report/pictures.js";
import type { ShownNames, ShownPicture } from "./report/pictures.js";
import { htmlPage, pageHeader } from "./report/page.js";
import { seriesOf } from "./series.js";
import type { Summary, VariantSummary } from "./summary.js";
import { formatPercent, formatPoints, shortNames, variantTitle, withUnit } from "./titles.js";
import { bestEpoch, epochScores, wordsOf } from "./training-records.js";
import type { EpochRecord, TrainingHeader } from "./training-records.js";
import type { TruthWords } from "./truth-words.js";

export interface TrainingReport {
  readonly header: TrainingHeader;
  readonly epochs: readonly EpochRecord[];
  /** Of the best checkpoint; undefined while a training is not at its end. */
  readonly summary: Summary | undefined;
  /** The worst pictures of the summary. */
  readonly shown: readonly ShownPicture[];
}

const FOOTER = [
  "Made by fcn train. Metrics as in <cite>Fully Convolutional Networks for Semantic Segmentation</cite>",
  "(arXiv 1411.4038): one confusion matrix over all pictures; void pixels do not count; means are over the classes of",
  "the truth.",
].join(" ");

const variantsIn = (epochs: readonly EpochRecord[]): string[] => [...new Set(epochs.map(({ variant }) => variant))];

function card({ epochs, header, summary }: TrainingReport, variant: string, series: string): string {
  const own = epochs.filter((record) => record.variant === variant);
  const isFinal = variant === variantsIn(epochs).at(-1);
  // The next stage goes on from the last epoch of the one before; only the final stage keeps its best.
  const kept = isFinal ? bestEpoch(own) : own.at(-1);
  const before = own.find(({ epoch }) => epoch === 0);
  const metrics = summary?.variants.find((each) => each.variant === variant)?.metrics;
  const isHeldOut = header.heldOut > 0;
  const words = wordsOf(header);
  const scoreOf = (record: EpochRecord | undefined): number | undefined => record && epochScores(record).meanIoU;
  const score = metrics && isHeldOut ? metrics.meanIoU : scoreOf(kept);
  const scoreBefore = scoreOf(before);
  const loss = kept?.meanLoss;
  const big =
    score === undefined
      ? `${loss?.toPrecision(3) ?? "-"}${htmlElement("small", {}, "loss")}`
      : `${formatPercent(score)}${htmlElement("small", {}, `% ${words.meanIoU}`)}`;
  const gain =
    score === undefined || scoreBefore === undefined
      ? ""
      : `${formatPoints(score - scoreBefore)} over ${formatPercent(scoreBefore)} % before`;
  const facts: [string, string][] = [
    [isFinal ? "best epoch" : "epoch kept: the last", `${kept?.epoch ?? 0} of ${own.at(-1)?.epoch ?? 0}`],
    ["steps", String(own.at(-1)?.steps ?? 0)],
    ["loss, first and last epoch", `${lossText(own, 0)}, ${lossText(own, -1)}`],
    ...(metrics && isHeldOut ? furtherScores(metrics, words) : []),
  ];
  return htmlElement(
    "section",
    { class: `card ${series}` },
    htmlElement("h3", {}, titleHtml(variant)),
    htmlElement("div", { class: "big" }, big),
    htmlElement("div", { class: "gain" }, gain),
    htmlElement("dl", {}, ...facts.map(([name, value]) => factHtml(name, value))),
  );
}

const lossText = (epochs: readonly EpochRecord[], place: number): string =>
  epochs
    .flatMap(({ meanLoss }) => meanLoss ?? [])
    .at(place)
    ?.toPrecision(3) ?? "-";

const furtherScores = (metrics: NonNullable<VariantSummary["metrics"]>, words: TruthWords): [string, string][] => [
  [words.boundaryIoU, withUnit(formatPercent(metrics.boundaryIoU), "%")],
  [words.pixelAccuracy, withUnit(formatPercent(metrics.pixelAccuracy), "%")],
];

/** Settings in words; others have their own names. */
const SETTING_NAMES: Readonly<Record<string, string>> = {
  mode: "what learns",
  batch: "pictures a step",
  variations: "views of a picture",
  warmup: "steps of warm-up",
  holdOut: "share held out",
  resize: "shorter side seen",
  rate: "learning rate",
};

/** "adamw, weight decay 0.01" for { kind: "adamw", weightDecay: 0.01 }. */
function settingText(value: unknown): string {
  if (Array.isArray(value)) return value.map(settingText).join(", ");
  if (typeof value !== "object" || value === null) return variantTitle(String(value));
  const { kind, ...others } = value as Readonly<Record<string, unknown>>;
  const words = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return [kind, ...Object.entries(others).map(([name, own]) => `${words(name)} ${String(own)}`)].join(", ");
}

const shortHash = (hash: string): string => `${hash.slice(0, 12)}\u2026`;

/** A card beside that of a single variant, or below those of several. */
function settingsCard({ settings, weights, weightsHash, ...header }: TrainingHeader, variants: number): string {
  const known = Object.entries(settings).filter(([name, value]) => name !== "variants" && value !== undefined);
  const { teacher, teacherHash = "" } = header;
  const facts = [
    ["weights", weights],
    ["their SHA-256", shortHash(weightsHash)],
    ...(teacher === undefined
      ? []
      : [
          ["teacher", teacher],
          ["its SHA-256", shortHash(teacherHash)],
        ]),
    ...known.map(([name, value]) => [SETTING_NAMES[name] ?? name, settingText(value)]),
  ];
  const pairs = facts.map(([name = "", value = ""]) => {
    return htmlElement("div", {}, factHtml(escapeText(name), escapeText(cutName(value))));
  });
  const title = htmlElement("h3", {}, "Settings");
  return htmlElement(
    "section",
    { class: `card settings${variants > 1 ? " whole" : ""}` },
    title,
    htmlElement("dl", {}, ...pairs),
  );
}

const factHtml = (name: string, value: string): string => htmlElement("dt", {}, name) + htmlElement("dd", {}, value);

function pictureParts({ summary, shown, header }: TrainingReport): string[] {
  if (!summary) return [note("The training is not at its end: what the best checkpoint is worth comes with --resume.")];
  const paths = summary.pictures.map(({ picture }) => picture);
  const short = shortNames(paths);
  const names: ShownNames = new Map(paths.map((path, i) => [path, cutName(short[i] ?? path)]));
  const words = wordsOf(header);
  return [
    ...remarksOn(header),
    classTable(summary, words),
    confusionMatrices(summary, words),
    shownPictures(summary, { shown, names, words }),
    allScores(summary, names, words),
  ];
}

/** What a reader must know before the numbers. */
const remarksOn = ({ heldOut, truth }: TrainingHeader): string[] => [
  ...(heldOut
    ? []
    : [note("No picture was held out: all of the following is measured on pictures that were trained on.")]),
  ...(truth === "teacher"
    ? [
        note(
          "The pictures have no label maps. All of the following is agreement with the teacher, as mean IoU with its " +
            "labels: it says how much of the teacher was learned, not how often the labels are right.",
        ),
      ]
    : []),
];

/** The settings lie beside a single card, or below several. */
const cardRows = (cards: readonly string[], settings: string): string => {
  const row = (...content: readonly string[]): string => htmlElement("div", { class: "cards" }, ...content);
  return cards.length > 1 ? row(...cards) + row(settings) : row(...cards, settings);
};

function measuredText({ heldOut, truth }: TrainingHeader): string {
  if (!heldOut) return "nothing held out";
  const how = truth === "teacher" ? "agreement with the teacher on" : "measured on";
  return `${how} ${counted(heldOut, "held-out picture")}`;
}

/** The page as text. */
export function trainingHtml(report: TrainingReport): string {
  const { header, epochs } = report;
  const variants = variantsIn(epochs);
  const title = `${variants.map(variantTitle).join(", ")} trained on ${counted(header.training, "picture")}`;
  const parts = [
    measuredText(header),
    counted(header.classNames.length, "class"),
    escapeText(cutName(header.weights)),
    escapeText(cutName(header.adapter)),
  ];
  const plots = [lossCurve(epochs), scoreCurve(epochs, wordsOf(header))];
  const cards = variants.map((each) => card(report, each, seriesOf({ variants }, each).colour));
  const body = [
    pageHeader(title, parts.join(" \u00b7 ")),
    heading("At a glance"),
    cardRows(cards, settingsCard(header, variants.length)),
    heading("Curves"),
    htmlElement("div", { class: "plots" }, ...plots.map((plot) => plotPanel(plot))),
    ...pictureParts(report),
    htmlElement("footer", {}, FOOTER),
  ];
  return htmlPage(title, body);
}
