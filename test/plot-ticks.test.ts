/** Labels of the axes of plots: each says its tick's value, and none is cut off, however small or large values are. */
import { chromium } from "playwright-core";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findBrowser } from "../scripts/browser.mjs";
import { tickText, ticksFor } from "../src/eval/axes.js";
import { latencyPlot } from "../src/eval/plots/latency.js";
import { lossCurve, scoreCurve } from "../src/eval/plots/training.js";
import { FORMAT } from "../src/eval/records.js";
import type { RunHeader } from "../src/eval/records.js";
import { summarise } from "../src/eval/summary.js";
import { PLOT_CSS, inlineSvg } from "../src/eval/svg.js";
import type { Plot } from "../src/eval/svg.js";
import type { EpochRecord } from "../src/eval/training-records.js";
import { LABEL_WORDS } from "../src/eval/truth-words.js";
import { layoutProblems } from "./helpers/report-layout.js";
import { browserEnvironment } from "./helpers/runtime-folder.js";

const variant = "fcn8s";

const epochsOf = (values: readonly number[], key: "meanLoss" | "meanIoU"): EpochRecord[] =>
  values.map((value, i) => ({ variant, epoch: i + 1, steps: i + 1, [key]: value }));

const lossPlot = (losses: readonly number[]): Plot => lossCurve(epochsOf(losses, "meanLoss")) as Plot;
const scorePlot = (scores: readonly number[]): Plot => scoreCurve(epochsOf(scores, "meanIoU"), LABEL_WORDS) as Plot;

/** Two sizes, the larger of which takes this many milliseconds. */
function timePlot(ms: number): Plot {
  const header: RunHeader = {
    format: FORMAT,
    variants: [variant],
    classNames: ["a", "b"],
    boundaryWidth: 5,
    weights: "w",
    adapter: "a",
  };
  const counts = { sharedFlops: 1, headFlops: 1, sharedParameters: 1, headParameters: 1, weightBytes: 1, planBytes: 1 };
  const costs = [1, 2].map((i) => ({ cost: { variant, width: 1000 * i, height: 1000, ms: (ms * i) / 2, ...counts } }));
  return latencyPlot(summarise(header, costs)) as Plot;
}

/** The labels of the upright axis and where they stand, from below. */
function upright({ body }: Plot): { label: string; y: number }[] {
  const texts = [...body.matchAll(/<text x="[\d.]+" y="([\d.]+)" text-anchor="end">([^<]*)<\/text>/g)];
  return texts.map(([, y, label]) => ({ label: label ?? "", y: Number(y) }));
}

const PLOTS: readonly (readonly [string, Plot])[] = [
  ["losses to 0.02", lossPlot([0.02, 0.012, 0.004])],
  ["losses to 0.004", lossPlot([0.004, 0.003, 0.001])],
  ["losses to 2e-10", lossPlot([2e-10, 1e-10])],
  ["losses to 152,345", lossPlot([152345, 90000, 40000])],
  ["losses to 20 million", lossPlot([2e7, 1e7, 1e6])],
  ["mean IoU to 2 %", scorePlot([0.011, 0.019])],
  ["mean IoU to 100 %", scorePlot([0.4, 1])],
  ["4,000 ms", timePlot(4000)],
  ["123,456 ms", timePlot(123456)],
];

describe.each(PLOTS)("%s", (_, plot) => {
  it("has labels as far apart as their values are", () => {
    const labels = upright(plot);
    expect(labels.length).toBeGreaterThan(2);
    const [first, second] = labels as [{ label: string; y: number }, { label: string; y: number }];
    const pixels = (first.y - second.y) / (Number(second.label) - Number(first.label));
    for (const { label, y } of labels) expect(y, label).toBeCloseTo(first.y - pixels * Number(label), 1);
  });
});

describe("in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    const executablePath = findBrowser();
    if (!executablePath) throw new Error("there is no Chromium: npm test installs it");
    browser = await chromium.launch({ executablePath, env: browserEnvironment(), args: ["--no-sandbox"] });
  });
  afterAll(() => browser.close());

  it.each(PLOTS)("%s: no label is cut off", async (_, plot) => {
    const page = await browser.newPage({ viewport: { width: 390, height: 600 } });
    await page.setContent(`<style>${PLOT_CSS}</style><div class="plots">${inlineSvg(plot)}</div>`);
    expect(await layoutProblems(page)).toEqual([]);
    await page.close();
  });
});

it("ticks of small values are as many values, without rounding errors", () => {
  expect(ticksFor(0, 0.3).map(tickText)).toEqual(["0", "0.1", "0.2", "0.3"]);
  expect(ticksFor(0, 3e-12).map(tickText)).toEqual(["0", "1e-12", "2e-12", "3e-12"]);
});
