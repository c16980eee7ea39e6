/** report.html in Chromium, at the widths of a desk and a phone: no error, no request, no overflow, every picture. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findBrowser } from "../scripts/browser.mjs";
import { FORMAT, SET_FORMAT, scorePicture } from "../src/eval/records.js";
import type { GroupHeader, ResultRecord, RunHeader } from "../src/eval/records.js";
import { reportHtml } from "../src/eval/report-html.js";
import { summarise } from "../src/eval/summary.js";
import { shortNames } from "../src/eval/titles.js";
import { VOC_CLASSES } from "../src/image/palette.js";
import { encodeLabelPng } from "../src/image/png.js";
import type { NetworkCost } from "../src/models/network-cost.js";
import { layoutProblems } from "./helpers/report-layout.js";
import { browserEnvironment } from "./helpers/runtime-folder.js";

const SIZE = { width: 48, height: 32 };

/** Three stripes: bird (3), person (15), background. The first border moves with `shift`. */
function labelsOf(shift: number): Uint8Array {
  const labelAt = (x: number): number => {
    if (x < 20 + shift) return 3;
    return x < 40 ? 15 : 0;
  };
  return Uint8Array.from({ length: SIZE.width * SIZE.height }, (_, i) => labelAt(i % SIZE.width));
}

const uri = (labels: Uint8Array): string =>
  `data:image/png;base64,${Buffer.from(encodeLabelPng(labels, SIZE.width, SIZE.height)).toString("base64")}`;

const costOf = (variant: string, scale: number, ms: number): NetworkCost<string> => ({
  variant,
  width: SIZE.width * scale,
  height: SIZE.height,
  ms: ms * scale,
  sharedFlops: 5e9 * scale,
  headFlops: 1e8,
  sharedParameters: 3e6,
  headParameters: 1e5,
  weightBytes: 2e7,
  planBytes: 1e7,
});

/** Groups of networks whose names have weights: two files share a backbone, the third has its own. */
function groupsIn(variants: readonly string[]): GroupHeader[] | undefined {
  const own = variants.filter((variant) => / of [ab]$/.test(variant));
  const others = variants.filter((variant) => !own.includes(variant));
  if (!own.length) return undefined;
  return [
    { name: "a + b", weights: "/nets/a.pth (9 bytes), /nets/b.pth (9 bytes)", variants: own, resize: 384 },
    { name: "c", weights: "w".repeat(900), variants: others },
  ];
}

/** A report of one or several variants, with or without label maps, of pictures whose names are markup. */
function report(
  variants: readonly string[],
  labelled: boolean,
  truth = labelsOf(4),
  classNames: readonly string[] = VOC_CLASSES,
): string {
  const groups = groupsIn(variants);
  const header: RunHeader = {
    format: groups ? SET_FORMAT : FORMAT,
    variants,
    ...(groups && { groups }),
    classNames,
    boundaryWidth: 5,
    weights: "w".repeat(90),
    adapter: "an adapter",
  };
  const stages = { ...(groups ? { "shared of a + b": 9, "shared of c": 3 } : { shared: 9 }), ...ones(variants) };
  const together = groups ? ["all of a + b", "all of c"] : ["all"];
  const maps = Object.fromEntries(variants.map((variant, i) => [variant, labelsOf(i)]));
  const names = ["/a/set/<b>1.png", "/a/set/2.png"];
  const records: ResultRecord[] = [
    ...names.map((picture) => ({
      picture,
      ...SIZE,
      ms: { total: 12, stages, ...(groups && { groups: [9, 3] }) },
      ...scorePicture(header, maps, SIZE, labelled ? truth : undefined),
    })),
    { picture: "/a/set/3.png", error: "it is <no> PNG" },
    ...[...variants, ...together].flatMap((variant, i): ResultRecord[] =>
      [1, 2].map((scale) => ({ cost: costOf(variant, scale, 10 + i) })),
    ),
  ];
  const summary = summarise(header, records);
  const tiles = [
    ...(labelled ? [{ title: "truth", note: "", map: uri(truth) }] : []),
    ...variants.map((v) => ({ title: v, note: "", map: uri(maps[v] ?? truth) })),
  ];
  return reportHtml(
    summary,
    summary.pictures.map((own) => ({ summary: own, picture: uri(truth), tiles, classes: [0, 3, 15] })),
  );
}

const ones = (names: readonly string[]): Record<string, number> => Object.fromEntries(names.map((name) => [name, 1]));

/** Networks of three files. */
const SET = ["fcn32s of a", "fcn8s of a", "fcn32s of b", "fcn8s of b", "fcn8s of c", "fcn-resnet50"];

describe("a set", () => {
  const text = (html: string): string => html.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");

  it("says what is shared, and tells a network's gain over the one before it of the same weights", () => {
    const html = text(report(SET, true));
    expect(html).toContain("6 networks of a + b, c: what they cost and gain");
    expect(html).toMatch(
      /a \+ b \/nets\/a.pth \(9 bytes\), \/nets\/b.pth \(9 bytes\) FCN-32s of a , FCN-8s of a , FCN-32s of b/,
    );
    expect(html).toContain("There are 2 backbones, each once a picture for its networks; all networks take 33 ms");
    const gains = [...html.matchAll(/at borders, over (FCN-\S+( of [abc])?)/g)].map(([, over]) => over);
    expect(gains).toEqual(["FCN-32s of a", "FCN-32s of a", "FCN-32s of b", "FCN-8s of a", "FCN-8s of c"]);
  });

  it("of one file has no such table", () => {
    expect(report(["fcn32s", "fcn8s"], true)).not.toContain("What is shared");
  });
});

it("leaves out boundary IoU where no label map has a border", () => {
  const html = report(["fcn32s", "fcn16s", "fcn8s"], true, new Uint8Array(SIZE.width * SIZE.height).fill(3));
  expect(html.replace(/<script>[\s\S]*?<\/script>|base64,[^")]*/g, "")).not.toContain("NaN");
  expect(html).toContain(" mean IoU, - at borders");
  expect(html, "the plot of accuracy exists, without its rings").toContain("Accuracy against latency");
  expect(html).not.toContain(": boundary IoU ");
  expect(report(["fcn32s", "fcn16s", "fcn8s"], true)).toContain("FCN-8s: boundary IoU ");
});

let folder: string;
let browser: Browser;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fcn-report-"));
  const executablePath = findBrowser();
  if (executablePath === undefined) throw new Error("there is no Chromium: npm test installs it");
  browser = await chromium.launch({
    executablePath,
    env: browserEnvironment(),
    args: [
      "--no-sandbox",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  });
});
afterAll(async () => {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
});

describe.each([
  [["fcn32s", "fcn16s", "fcn8s"], true],
  [["fcn32s", "fcn16s", "fcn8s"], false],
  [["fcn-resnet101"], true],
  [["fcn8s"], false],
  [SET, true],
  [SET, false],
] as const)("of %j, with label maps: %s", (variants, labelled) => {
  it.each([1280, 390, 320])("at %i pixels", async (width) => {
    const path = join(folder, `${variants.join("-")}-${labelled}.html`);
    await writeFile(path, report(variants, labelled));
    const page = await browser.newPage({ viewport: { width, height: 800 } });
    const wrong: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") wrong.push(message.text());
    });
    page.on("pageerror", (error) => {
      wrong.push(String(error));
    });
    page.on("request", (request) => {
      if (!/^(data|file):/.test(request.url())) wrong.push(request.url());
    });
    await page.goto(pathToFileURL(path).href);
    const seen = await page.evaluate(() => ({
      wide: document.documentElement.scrollWidth - innerWidth,
      missing: [...document.images].filter((image) => !image.complete || image.naturalWidth === 0).length,
      images: document.images.length,
      titles: [...document.querySelectorAll(".row h3")].map((h) => h.firstChild?.textContent),
    }));
    expect(wrong).toEqual([]);
    expect(seen).toMatchObject({
      wide: 0,
      missing: 0,
      images: 2 * (variants.length + (labelled ? 1 : 0)),
      titles: ["2.png", "<b>1.png"],
    });
    expect(await layoutProblems(page)).toEqual([]);
    const text = await page.innerText("body");
    expect(text).toContain("it is <no> PNG");
    expect(text.includes("agree on")).toBe(variants.length > 1);
    expect(text.includes("worst")).toBe(labelled || variants.length > 1);
    await page.click("#theme");
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe("dark");
    await page.close();
  });
});

it("runs no script but its own, whatever stands in the page", async () => {
  const foreign = '<script>window.ran=1</script><img src=x onerror="window.ran=2"><style>h1{display:none}</style>';
  const path = join(folder, "foreign.html");
  await writeFile(path, report(["fcn8s"], true).replace("<main>", `<main>${foreign}`));
  const page = await browser.newPage();
  await page.goto(pathToFileURL(path).href);
  expect(await page.evaluate(() => "ran" in window)).toBe(false);
  expect(await page.isVisible("h1")).toBe(true);
  await page.click("#theme");
  expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe("dark");
  await page.close();
});

it.each([1280, 390])("shows names of classes of any kind and length, at %i pixels", async (width) => {
  const names: Readonly<Record<number, string>> = {
    0: "<b>0",
    3: "x".repeat(3000),
    15: "\u001b[31m\u202e y".repeat(9),
  };
  const path = join(folder, "classes.html");
  const classNames = VOC_CLASSES.map((name, i) => names[i] ?? name);
  await writeFile(path, report(["fcn32s", "fcn16s", "fcn8s"], true, labelsOf(4), classNames));
  const page = await browser.newPage({ viewport: { width, height: 800 } });
  let alerts = 0;
  page.on("dialog", () => alerts++);
  await page.goto(pathToFileURL(path).href);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect([wide, alerts]).toEqual([0, 0]);
  const text = await page.innerText("body");
  expect(text).toContain("<b>0");
  expect(text).toContain("\\u001b[31m\\u202e");
  await page.close();
});

it("names of pictures lose the leading folders that all share", () => {
  expect(shortNames(["a/b/x.png", "a/c/y.png"])).toEqual(["b/x.png", "c/y.png"]);
  expect(shortNames(["a/b/x.png"])).toEqual(["x.png"]);
  expect(shortNames(["2007_000033", "2007_000042"])).toEqual(["2007_000033", "2007_000042"]);
  expect(shortNames([])).toEqual([]);
});
