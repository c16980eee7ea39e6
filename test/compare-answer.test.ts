/** The first sentence of a comparison, and that all its times agree. */
import { describe, expect, it } from "vitest";
import { sheetRow } from "../src/cli/compare-report.js";
import { textReport } from "../src/cli/compare-table.js";
import { parseRecord } from "../src/eval/parse-records.js";
import type { CostRecord, PictureRecord, ResultRecord } from "../src/eval/records.js";
import { reportHtml } from "../src/eval/report-html.js";
import { reportJson } from "../src/eval/report-json.js";
import { classPlot } from "../src/eval/plots/class-iou.js";
import { summarise } from "../src/eval/summary.js";
import { formatNumber, formatPoints } from "../src/eval/titles.js";
import { sharedTime, spreadOf, timeDifference } from "../src/eval/times.js";
import { sumOfCosts } from "../src/models/set-cost.js";
import { HEADER, SET_HEADER, costRecord, pictureRecord, setRecord } from "./helpers/records.js";

const VARIANTS = HEADER.variants;

/** A cost with rounds around a time. */
function timed(variant: string, ms: number, spread = 1): CostRecord {
  const times = Array.from({ length: 11 }, (_, round) => ms + spread * (((round * 7) % 11) - 5));
  return { cost: { ...costRecord(variant).cost, ms, times } };
}

/** Networks that label a share of 100 pixels of two classes right; pictures differ a little. */
const scored = (picture: string, right: readonly number[], change: number): PictureRecord => ({
  ...pictureRecord(picture),
  ...{ width: 10, height: 10 },
  agreement: { "fcn32s fcn16s": 90, "fcn32s fcn8s": 80, "fcn16s fcn8s": 95 },
  scores: Object.fromEntries(
    VARIANTS.map((variant, i) => {
      const own = (right[i] ?? 0) + change;
      const confusion = [0, own, 1, 50 - own, 22, 50 - own, 23, own];
      return [variant, { confusion, boundary: confusion }];
    }),
  ),
});

const summaryOf = (right: readonly number[], ...costs: ResultRecord[]) =>
  summarise(HEADER, [
    ...Array.from({ length: 12 }, (_, i) => scored(`${i}.png`, right, (i % 3) - 1)),
    ...costs.map((own) => ("cost" in own ? { cost: { ...own.cost, width: 10, height: 10 } } : own)),
  ]);

const unscored = ({ picture, width, height, ms, agreement }: PictureRecord): PictureRecord => {
  return { picture, width, height, ms, agreement };
};

describe("the answer", () => {
  const costs = [timed("fcn32s", 60), timed("fcn16s", 61), timed("fcn8s", 66)];

  it("says gain and cost of the finest network over the coarsest, with intervals", () => {
    const { answer } = summaryOf([40, 42, 44], ...costs);
    expect(answer.sentence).toBe(
      "FCN-8s over FCN-32s: +11.9 mIoU (95 % interval 11.7 to 12.1) for 6.0 ms more (95 % interval 6.0 to 6.0).",
    );
    expect(answer).toMatchObject({ network: "fcn8s", reference: "fcn32s", ms: { difference: 6 } });
  });

  it("says what cannot be told from chance", () => {
    const [coarse, middle] = costs as [CostRecord, CostRecord];
    const noisy = { cost: { ...timed("fcn8s", 60).cost, times: [54, 66, 55, 65, 56, 64, 57, 63, 58, 62, 60] } };
    expect(summaryOf([40, 40, 40], coarse, middle, noisy).answer.sentence).toBe(
      "FCN-8s over FCN-32s: no measurable gain (+0.0 mIoU, 95 % interval 0.0 to 0.0) for no measurable time.",
    );
  });

  it("says less, and what was not measured", () => {
    const faster = summaryOf([44, 42, 40], timed("fcn32s", 66), timed("fcn8s", 60)).answer;
    expect(faster.sentence).toMatch(/: \u221211.9 mIoU \(.*\) for 6.0 ms less \(95 % interval 6.0 to 6.0\)\.$/);
    expect(summaryOf([40, 42, 44]).answer.sentence).toMatch(/\); their time was not measured\.$/);
  });

  it("of results without rounds has no interval of the time", () => {
    const old = [costRecord("fcn32s"), costRecord("fcn8s")].map(({ cost }) => ({ cost }));
    expect(summaryOf([40, 42, 44], ...old).answer.sentence).toMatch(/ for about 0.0 ms more\.$/);
  });

  it("of pictures without label maps tells how far the networks agree; of one picture there is no interval", () => {
    const plain = unscored(pictureRecord("a.png"));
    expect(summarise(HEADER, [plain]).answer.sentence).toMatch(
      /^FCN-8s over FCN-32s: the same label on \d+\.\d % of pixels; their time was not measured\.$/,
    );
    expect(summarise(HEADER, [pictureRecord("a.png")]).answer.sentence).toContain("(one picture has no interval)");
  });

  it("of one network tells what it gives and costs", () => {
    const header = { ...HEADER, variants: ["fcn8s"] };
    const one = scored("a.png", [0, 0, 44], 0);
    const own = { ...one, agreement: {}, scores: { fcn8s: one.scores?.fcn8s } } as PictureRecord;
    const cost = { cost: { ...timed("fcn8s", 66).cost, width: 10, height: 10 } };
    const records = [own, { ...own, picture: "b.png" }, cost];
    expect(summarise(header, records).answer.sentence).toBe(
      "FCN-8s: 78.6 % mIoU (95 % interval 78.6 to 78.6) in 66 ms a picture of 10 x 10.",
    );
    expect(summarise(header, [unscored(own), cost]).answer.sentence).toBe("FCN-8s takes 66 ms a picture of 10 x 10.");
  });

  it("of several files compares the same variant of both", () => {
    const { answer } = summarise(SET_HEADER, [setRecord("a.png", 1), setRecord("b.png", 2)]);
    expect([answer.network.slice(0, 8), answer.reference]).toEqual(["fcn8s of", "fcn8s of a"]);
  });

  it("comes first in the terminal, in the report and in JSON", () => {
    const summary = summaryOf([40, 42, 44], ...costs);
    const { sentence } = summary.answer;
    const [answer = ""] = textReport(summary).split("\n\n");
    expect(answer.replaceAll("\n", " ")).toBe(sentence);
    expect(answer.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(Object.keys(reportJson(summary))[0]).toBe("answer");
    const page = reportHtml(summary, []);
    expect(
      page.slice(page.indexOf("</header>")).trimStart().startsWith(`</header>\n<p class="answer">${sentence}</p>`),
    ).toBe(true);
  });
});

it("the contact sheet's legend says what the pale pixels of the differences are", () => {
  const { pictures } = summaryOf([40, 42, 44]);
  const labels = new Uint8Array(100);
  const map = { width: 10, height: 10, labels };
  const pixels = {
    picture: { width: 10, height: 10, data: new Uint8Array(400) },
    maps: Object.fromEntries(VARIANTS.map((variant) => [variant, map])),
    files: {},
  };
  const [summary] = pictures;
  if (!summary) throw new Error("there is a picture");
  const { columns } = sheetRow({ summary, pixels, differences: labels.slice().fill(255) }, VARIANTS);
  expect(columns.at(-1)).toMatchObject({ title: "where they differ", caption: "100.0 %" });
  expect([...(columns.at(-1)?.names ?? [])]).toEqual([[255, "they differ: background in FCN-8s"]]);
});

describe("times", () => {
  it("add up: shared and own are the time alone, shared and all own are the time together", () => {
    const summary = summaryOf(
      [40, 42, 44],
      timed("fcn32s", 60),
      timed("fcn16s", 61),
      timed("fcn8s", 66),
      timed("all", 71),
    );
    expect(summary.groups[0]?.sharedMs).toBe(58);
    expect(summary.variants.map(({ sharedMs, ownMs }) => [sharedMs, ownMs])).toEqual([
      [58, 2],
      [58, 3],
      [58, 8],
    ]);
    const sum = "71 ms, 58 of it shared";
    expect(textReport(summary)).toContain(`All 3 over one backbone: ${sum}. That is 1.08 times FCN-8s alone.`);
    expect(reportHtml(summary, []).includes(sum)).toBe(true);
  });

  it.each([
    [[60, 61, 66], 71, 58],
    [[60, 61, 66], 50, 50], // noise: together is less than each alone
    [[60, 90, 90], 95, 60], // noise: the shared part would be more than the first alone
    [[1, 1, 1], 9, 0],
    [[60], 60, undefined],
  ])("a part is never longer than the whole: %j alone, %i together share %s", (alone, together, shared) => {
    expect(sharedTime(alone, together)).toBe(shared);
  });

  it("of one network are its own", () => {
    const { variants } = summarise({ ...HEADER, variants: ["fcn8s"] }, [pictureRecord("a.png"), timed("fcn8s", 66)]);
    expect(variants[0]).toMatchObject({ sharedMs: undefined, ownMs: 66 });
  });

  it("of the GPU in the run are told apart, under a name of their own", () => {
    expect(reportJson(summarise(HEADER, [pictureRecord("a.png")]))).toMatchObject({
      gpuMs: { shared: 4, fcn32s: 1, fcn16s: 1, fcn8s: 1 },
    });
  });

  it("say how they came about, also those of results without rounds", () => {
    const costs = [timed("fcn32s", 60), timed("fcn8s", 66)];
    expect(textReport(summaryOf([40, 42, 44], ...costs))).toContain(
      "the median of 11 rounds in which the networks take",
    );
    const old = [costRecord("fcn32s"), costRecord("fcn8s")];
    expect(textReport(summaryOf([40, 42, 44], ...old))).toContain("the fastest run, since these results do not have");
    expect(textReport(summaryOf([40, 42, 44]))).toContain("No times: none were measured.");
  });

  it("have a spread, and a difference in which a slow round slows both", () => {
    const slow = (ms: number) => [0, 1, 30, 2, 0, 1, 40, 2, 0].map((late) => ms + late);
    const [a, b] = [slow(60), slow(63)].map((times) => ({ ms: times[1] as number, times }));
    if (!a || !b) throw new Error("there are two");
    expect(spreadOf(a)).toEqual({ low: 60, high: 62 });
    expect(spreadOf({ ms: 1 })).toBe(undefined);
    expect(timeDifference(b, a)).toEqual({ difference: 3, interval: { low: 3, high: 3 } });
    expect(timeDifference({ ms: 4 }, a)).toEqual({ difference: -57, interval: undefined });
  });

  it("of groups add up by rounds", () => {
    const [a, b] = [timed("a", 10).cost, timed("b", 20).cost];
    expect(sumOfCosts("all", [a, b])).toMatchObject({
      ms: 30,
      times: a.times?.map((ms, i) => ms + (b.times?.[i] ?? 0)),
    });
    const old = costRecord("b").cost;
    expect(sumOfCosts("all", [a, old])).not.toHaveProperty("times");
    expect(sumOfCosts("all", [a, { ...b, times: [1] }])).not.toHaveProperty("times");
  });

  it("in records are checked", () => {
    const parsed = (times: unknown) => () =>
      parseRecord(JSON.stringify({ cost: { ...costRecord("all").cost, times } }), "line 2", HEADER);
    for (const wrong of [[], "1", [1, -1], [null], {}, new Array(1001).fill(1)])
      expect(parsed(wrong)).toThrow("line 2: its cost's times are not 1 to 1000 numbers of 0 or more");
    for (const right of [undefined, [1], [1, 2.5]]) expect(parsed(right)).not.toThrow();
  });
});

describe("numbers and bars", () => {
  it("have no minus before zero", () => {
    expect([-0.04, -0.06, 0].map((value) => formatNumber(value, 1))).toEqual(["0.0", "\u22120.1", "0.0"]);
    expect(formatPoints(-0.0001)).toBe("0.0");
  });

  it("of classes are in the order of the printed numbers, the best of all networks", () => {
    const body = classPlot(summaryOf([44, 42, 40]))?.body ?? "";
    const printed = [...body.matchAll(/<text x="[^"]+" y="[^"]+">([\d.]+)<\/text>/g)].map(([, text]) => Number(text));
    expect(printed.length).toBeGreaterThan(1);
    expect(printed).toEqual([...printed].sort((a, b) => b - a));
  });
});
