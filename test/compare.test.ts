/**
 * `fcn compare` as a user runs it, on a PASCAL VOC folder made here: JPEGs, palette label maps with void borders, one
 * JPEG cut off, one label map of another size. Its numbers against loops over the pixels; killed and resumed; in shards
 * and merged.
 */
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { torchvisionFcnTensors } from "../bench/hashed-weights.js";
import { duration } from "../src/cli/progress.js";
import { encodeLabelPng } from "../src/image/png.js";
import { COMPARED as VARIANTS } from "../src/models/compared.js";
import { loadFcn } from "../src/node.js";
import { useDevice } from "./helpers/device.js";
import { hashedFile } from "./helpers/hashed-checkpoint.js";
import { seeded } from "./helpers/random.js";

const CLI = fileURLToPath(new URL("../dist/src/cli/main.js", import.meta.url));
const COUNT = 23;
const device = useDevice();
let root: string;
const at = (...parts: string[]): string => join(root, ...parts);

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}
function fcn(...args: string[]): Promise<Result> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], { timeout: 110_000 }, (error, out, err) =>
      resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, out, err }),
    );
  });
}

/** The part of a report that does not depend on clocks. */
function totals(report: string): unknown {
  const { variants, agreement, pictures, failures, perPicture } = JSON.parse(report) as Record<string, unknown> & {
    variants: Record<string, Record<string, unknown>>;
    perPicture: Record<string, unknown>[];
  };
  const metrics = Object.entries(variants).map(([name, { headMs, cost, ...rest }]) => [
    name,
    rest,
    [headMs, cost].length,
  ]);
  return { metrics, agreement, pictures, failures, perPicture: perPicture.map(({ ms, ...rest }) => [rest, typeof ms]) };
}
const totalsIn = async (folder: string): Promise<unknown> =>
  totals(await readFile(join(folder, "report.json"), "utf8"));

/** Rectangles on a background, each with a void border two pixels wide. */
function scene(seed: number): { width: number; height: number; rgb: Uint8Array; labels: Uint8Array } {
  const random = seeded(seed);
  const int = (n: number): number => Math.floor(random() * n);
  const [width, height] = seed % 3 === 0 ? [64, 48] : [72, 56];
  const rgb = Uint8Array.from({ length: width * height * 3 }, (_, i) => 90 + int(40) + (i % 3) * 20);
  const labels = new Uint8Array(width * height);
  for (let k = 0; k < 3; k++) {
    const [label, left, top, w, h] = [1 + int(20), int(40), int(24), 12 + int(20), 12 + int(16)];
    const colour = [int(256), int(256), int(256)];
    for (let y = top; y < Math.min(height, top + h); y++) {
      for (let x = left; x < Math.min(width, left + w); x++) {
        const border = Math.min(x - left, y - top, left + w - 1 - x, top + h - 1 - y) < 2;
        labels[y * width + x] = border ? 255 : label;
        rgb.set(colour, (y * width + x) * 3);
      }
    }
  }
  return { width, height, rgb, labels };
}

const idOf = (i: number): string => `2011_${String(i).padStart(6, "0")}`;
const [CUT_OFF, WRONG_SIZE, NO_LABEL] = [idOf(4), idOf(9), idOf(14)];

beforeAll(async () => {
  if (!existsSync(CLI)) throw new Error("dist/ is missing: npm run build (npm test does it)");
  root = await mkdtemp(join(tmpdir(), "fcn-compare-"));
  for (const folder of ["JPEGImages", "SegmentationClass", "ImageSets/Segmentation"])
    await mkdir(at("voc", folder), { recursive: true });
  for (let i = 0; i < COUNT; i++) {
    const { width, height, rgb, labels } = scene(i);
    const id = idOf(i);
    const jpeg = await sharp(rgb, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 92 })
      .toBuffer();
    await writeFile(at("voc/JPEGImages", `${id}.jpg`), id === CUT_OFF ? jpeg.subarray(0, jpeg.length * 0.6) : jpeg);
    const map =
      id === WRONG_SIZE ? encodeLabelPng(labels.slice(0, 40 * 30), 40, 30) : encodeLabelPng(labels, width, height);
    if (id !== NO_LABEL) await writeFile(at("voc/SegmentationClass", `${id}.png`), map);
  }
  await writeFile(
    at("voc/ImageSets/Segmentation/val.txt"),
    Array.from({ length: COUNT }, (_, i) => `${idOf(i)}\n`)
      .reverse()
      .join(""),
  );
});
afterAll(() => rm(root, { recursive: true, force: true }));

const voc = (out: string, ...more: string[]): Promise<Result> =>
  fcn("compare", "--voc", at("voc"), "--out", at(out), "--sizes", "none", ...more);

describe("fcn compare --voc", () => {
  let whole: unknown;

  it("gives the numbers of plain loops, and counts what it could not use", async () => {
    const { code, out, err } = await voc("whole", "--boundary-width", "3", "--json");
    expect(code).toBe(1); // pictures failed, the others are done
    const report = JSON.parse(out) as {
      pictures: unknown;
      failures: { picture: string; error: string }[];
      variants: Record<string, Record<string, number> & { perClassIoU: (number | null)[] }>;
      agreement: { a: string; b: string; share: number }[];
    };
    expect(report.pictures).toEqual({ done: COUNT - 2, labelled: COUNT - 3, failed: 2 });
    expect(report.failures.map((f) => f.picture)).toEqual([CUT_OFF, WRONG_SIZE]);
    expect(report.failures[0]?.error).toMatch(/JPEG is damaged or cut off/);
    expect(report.failures[1]?.error).toMatch(/the label map is 40 x 30, its picture is (64 x 48|72 x 56)/);
    expect(err).toContain("the label map is 40 x 30");

    const predictions = new Map<string, Uint8Array[]>();
    for (const variant of VARIANTS) {
      const model = await loadFcn({ variant, device: device() });
      const maps: Uint8Array[] = [];
      for (let i = 0; i < COUNT; i++) {
        if ([CUT_OFF, WRONG_SIZE].includes(idOf(i))) continue;
        const { data, info } = await sharp(at("voc/JPEGImages", `${idOf(i)}.jpg`))
          .raw()
          .toBuffer({ resolveWithObject: true });
        maps.push((await model.segment({ width: info.width, height: info.height, data: new Uint8Array(data) })).labels);
      }
      predictions.set(variant, maps);
      model.dispose();
    }
    const used = Array.from({ length: COUNT }, (_, i) => i).filter((i) => ![CUT_OFF, WRONG_SIZE].includes(idOf(i)));
    for (const variant of VARIANTS) {
      const pairs: [number, number][] = [];
      const band: [number, number][] = [];
      used.forEach((i, k) => {
        if (idOf(i) === NO_LABEL) return;
        const { width, height, labels } = scene(i);
        const map = predictions.get(variant)?.[k] ?? new Uint8Array();
        const border = labels.map((label, p) => {
          const [x, y] = [p % width, Math.floor(p / width)];
          const near = [
            x > 0 ? p - 1 : p,
            x < width - 1 ? p + 1 : p,
            y > 0 ? p - width : p,
            y < height - 1 ? p + width : p,
          ];
          return near.some((q) => labels[q] !== label) ? 1 : 0;
        });
        labels.forEach((label, p) => {
          if (label === 255) return;
          pairs.push([label, map[p] ?? 0]);
          const [x, y] = [p % width, Math.floor(p / width)];
          for (let v = y - 2; v <= y + 2; v++) {
            for (let u = x - 2; u <= x + 2; u++)
              if (u >= 0 && v >= 0 && u < width && v < height && border[v * width + u])
                return void band.push([label, map[p] ?? 0]);
          }
        });
      });
      const iou = (all: [number, number][], c: number): number =>
        all.filter(([t, p]) => t === c && p === c).length / all.filter(([t, p]) => t === c || p === c).length;
      const classes = [...new Set(pairs.map(([t]) => t))];
      const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
      const got = report.variants[variant];
      expect(got?.pixelAccuracy).toBeCloseTo(pairs.filter(([t, p]) => t === p).length / pairs.length, 12);
      expect(got?.meanIoU).toBeCloseTo(mean(classes.map((c) => iou(pairs, c))), 12);
      expect(got?.meanAccuracy).toBeCloseTo(
        mean(
          classes.map(
            (c) => pairs.filter(([t, p]) => t === c && p === c).length / pairs.filter(([t]) => t === c).length,
          ),
        ),
        12,
      );
      expect(got?.frequencyWeightedIoU).toBeCloseTo(
        classes.reduce((s, c) => s + (pairs.filter(([t]) => t === c).length / pairs.length) * iou(pairs, c), 0),
        12,
      );
      expect(got?.boundaryIoU).toBeCloseTo(mean([...new Set(band.map(([t]) => t))].map((c) => iou(band, c))), 12);
    }
    for (const { a, b, share } of report.agreement) {
      let [same, all] = [0, 0];
      used.forEach((_, k) => {
        const [left, right] = [predictions.get(a)?.[k] ?? [], predictions.get(b)?.[k] ?? []];
        left.forEach((label, p) => (same += label === right[p] ? 1 : 0));
        all += left.length;
      });
      expect(share).toBeCloseTo(same / all, 12);
    }
    whole = await totalsIn(at("whole"));
  });

  it("killed in the middle and resumed, ends in the same totals", async () => {
    const child = spawn(
      process.execPath,
      [CLI, "compare", "--voc", at("voc"), "--out", at("killed"), "--sizes", "none", "--boundary-width", "3"],
      { stdio: "ignore" },
    );
    const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on("exit", (_, signal) => resolve(signal)));
    const lines = async (): Promise<number> =>
      existsSync(at("killed/results.jsonl"))
        ? (await readFile(at("killed/results.jsonl"), "utf8")).split("\n").length
        : 0;
    while ((await lines()) < 8 && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill("SIGKILL");
    expect(await ended).toBe("SIGKILL");
    const before = await readFile(at("killed/results.jsonl"), "utf8");
    expect(before.split("\n").length).toBeLessThan(COUNT);
    await writeFile(at("killed/results.jsonl"), `${before}{"picture":"2011_0000`); // as if killed inside a write

    const refused = await voc("killed", "--boundary-width", "3");
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining("has results already; --resume")]);
    const other = await voc("killed", "--boundary-width", "4", "--resume");
    expect([other.code, other.err]).toEqual([2, expect.stringContaining("made with other boundaryWidth")]);

    expect((await voc("killed", "--boundary-width", "3", "--resume")).code).toBe(1);
    expect(await totalsIn(at("killed"))).toEqual(whole);
    expect((await readFile(at("killed/results.jsonl"), "utf8")).startsWith(before)).toBe(true); // nothing was done twice
  });

  it("in 7 shards and merged, in any order, ends in the same totals", async () => {
    const shards = Array.from({ length: 7 }, (_, i) => `shard${i + 1}`);
    for (const [i, name] of shards.entries()) await voc(name, "--boundary-width", "3", "--shard", `${i + 1}/7`);
    const merged = await fcn(
      "compare",
      "--merge",
      ...[...shards].reverse().map((name) => at(name)),
      "--out",
      at("merged"),
    );
    expect(merged.code).toBe(1);
    expect(await totalsIn(at("merged"))).toEqual(whole);
    expect((await readdir(at("merged"))).sort()).toEqual(["contact-sheet.png", "plots", "report.html", "report.json"]);
    // One file that asks for nothing: no address in it but those of data.
    const html = await readFile(at("merged/report.html"), "utf8");
    expect(html.match(/(?:src|href)="(?!data:)[^"]*"|url\((?!data:)|@import|https?:/g)).toBeNull();
    expect([html.match(/<article /g)?.length, html.match(/<b>where they differ/g)?.length]).toEqual([21, 21]);

    await voc("differs", "--boundary-width", "2", "--shard", "1/7");
    const refused = await fcn("compare", "--merge", at("shard2"), at("differs"), "--out", at("merged2"));
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("made with other boundaryWidth")]);
  });
});

describe("fcn compare, called wrongly", () => {
  it.each([
    [[], "name pictures, a folder or a pattern"],
    [["--variants", "fcn4s", "x.png"], "--variants fcn4s is not one of fcn32s, fcn16s, fcn8s"],
    [
      ["--variants", "fcn8s,fcn-resnet101", "x.png"],
      "fcn-resnet101 has a dilated backbone of its own and cannot share one with fcn8s; compare it alone",
    ],
    [["--sizes", "big", "x.png"], "--sizes big is not a list of sizes"],
    [["--boundary-width", "0", "x.png"], "--boundary-width 0 is not a whole number"],
    [["--shard", "3", "test/fixtures/val"], "--shard 3 is not of the form i/n"],
    [["--precision", "half", "x.png"], "--precision half is not one of f32, f16, auto"],
    [["--resume", "--fresh", "x.png"], "give one"],
    [["x.png"], "there is no file or folder x.png"],
    [["--merge", "/nowhere"], "there are no results in"],
    [
      ["--merge", "/nowhere", "--weights", "w.pth"],
      "--weights is of no use with --merge, which adds up results that are there",
    ],
    [["--split", "train", "x.png"], "--split names a list of PASCAL VOC; give its folder with --voc"],
    [["--voc", "VOC2012", "--labels", "truth"], "--labels is of no use with --voc, which has label maps of its own"],
  ])("%j says what to do", async (args, message) => {
    const { code, err } = await fcn("compare", ...args);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });
});

it("torchvision's network is recognised and run alone, at its own size", async () => {
  await writeFile(at("torchvision.safetensors"), await hashedFile(torchvisionFcnTensors(21, 4)));
  const picture = fileURLToPath(new URL("fixtures/val/15.png", import.meta.url));
  const { code, out, err } = await fcn(
    "compare",
    picture,
    "--weights",
    at("torchvision.safetensors"),
    "--out",
    at("torchvision"),
    "--sizes",
    "none",
  );
  expect(code).toBe(0);
  expect(err).toContain(
    "is torchvision fcn_resnet101: dilated, 21 classes, with aux head, 4 planes; runs fcn-resnet101\n",
  );
  expect(out).toMatch(/^FCN-ResNet101 /m);
  expect(out).toContain("shorter side at 520 pixels");
  const [header] = (await readFile(at("torchvision/results.jsonl"), "utf8"))
    .split("\n")
    .map((line) => line && (JSON.parse(line) as object));
  expect(header).toMatchObject({ variants: ["fcn-resnet101"], resize: 520 });
  const other = await fcn(
    "compare",
    picture,
    "--weights",
    at("torchvision.safetensors"),
    "--variants",
    "fcn8s",
    "--out",
    at("torchvision2"),
  );
  expect([other.code, other.err]).toEqual([
    1,
    expect.stringContaining("it has no head for fcn8s, only for fcn-resnet101"),
  ]);
});

it("the shipped pictures have the training report's scores", async () => {
  const { code, out } = await fcn("compare", "test/fixtures/val", "--out", at("val"), "--sizes", "none", "--json");
  expect(code).toBe(0);
  const report = JSON.parse(out) as { variants: Record<string, Record<string, number>> };
  const wanted = JSON.parse(await readFile(new URL("fixtures/val/report.json", import.meta.url), "utf8")) as Record<
    string,
    Record<string, number>
  >;
  for (const variant of VARIANTS) {
    const [got, want] = [report.variants[variant], wanted[variant]];
    expect(Math.abs((got?.meanIoU ?? NaN) - (want?.mIoU ?? NaN)), variant).toBeLessThan(0.001);
    expect(Math.abs((got?.pixelAccuracy ?? NaN) - (want?.pixAcc ?? NaN)), variant).toBeLessThan(0.001);
  }
});

it("time left is told in seconds, minutes or hours", () => {
  expect([3.2, 119, 600, 7300].map(duration)).toEqual(["4 s", "119 s", "10 min", "2.0 h"]);
});
