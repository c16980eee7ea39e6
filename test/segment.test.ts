/** `fcn segment` as a shell sees it: folders, formats, classes, probabilities and streams. Runs the build. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { VOC_CLASSES } from "../src/image/palette.js";
import { decodeLabelPng, decodePng } from "../src/image/png.js";
import type { LabelMap } from "../src/image/png.js";
import { fcn, jsonLines, runFcn } from "./helpers/fcn.js";
import type { FcnEnd } from "./helpers/fcn.js";

const val = (name: string): string => fileURLToPath(new URL(`fixtures/val/${name}`, import.meta.url));
const root = mkdtempSync(join(tmpdir(), "fcn-segment-"));
const at = (...parts: string[]): string => join(root, ...parts);
afterAll(() => rmSync(root, { recursive: true, force: true }));

const segment = (...args: string[]): Promise<FcnEnd> => fcn("segment", ...args);
const segmentStdin = (input: Buffer, ...args: string[]): Promise<FcnEnd> => runFcn(["segment", ...args], { input });

/** What the format json holds. */
interface Document {
  readonly image: string;
  readonly classes: readonly {
    readonly class: number;
    readonly name: string;
    readonly pixels: number;
    readonly share: number;
    readonly box: readonly number[];
    readonly regions?: readonly unknown[];
    readonly confidence?: number;
  }[];
}
const documentIn = (path: string): Document => JSON.parse(readFileSync(path, "utf8")) as Document;
const labelsIn = (path: string): LabelMap => decodeLabelPng(readFileSync(path));
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const pixelsOf = ({ classes }: Document): number => sum(classes.map(({ pixels }) => pixels));

/** Paths of the files below a folder, with forward slashes. */
function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return entries.map((e) => relative(folder, join(e.parentPath, e.name)).split(sep).join("/")).sort();
}

beforeAll(async () => {
  for (const folder of ["set/a", "set/b"]) mkdirSync(at(folder), { recursive: true });
  copyFileSync(val("15.png"), at("set/a/one.png"));
  await sharp(val("14.png")).jpeg({ quality: 95 }).toFile(at("set/a/one.jpg"));
  await sharp(val("15.png")).webp({ lossless: true }).toFile(at("set/b/one.webp"));
  const jpeg = await sharp(val("14.png")).jpeg().toBuffer();
  writeFileSync(at("set/b/broken.jpg"), jpeg.subarray(0, jpeg.length >> 1));
});

/** Compares a description with loops over its label map. */
function expectDescribed({ classes }: Document, { labels, width, height }: LabelMap): void {
  for (const found of classes) {
    const own = [...labels.keys()].filter((i) => labels[i] === found.class);
    const [xs, ys] = [own.map((i) => i % width), own.map((i) => Math.floor(i / width))];
    const [left, top] = [Math.min(...xs), Math.min(...ys)];
    expect(found).toMatchObject({
      name: VOC_CLASSES[found.class],
      pixels: own.length,
      box: [left, top, Math.max(...xs) - left + 1, Math.max(...ys) - top + 1],
    });
    expect(found.share).toBeCloseTo(own.length / (width * height), 5);
  }
  expect(sum(classes.map(({ pixels }) => pixels))).toBe(width * height);
}

/** The values of an .npy file of float32, at a multiple of 64 bytes after a newline. */
function npyValues(path: string, count: number): Float32Array {
  const npy = readFileSync(path);
  const start = npy.length - count * 4;
  expect([start % 64, npy[start - 1]]).toEqual([0, 10]);
  return new Float32Array(npy.buffer.slice(npy.byteOffset + start, npy.byteOffset + npy.length));
}

describe("fcn segment", () => {
  it("takes folders and patterns of PNG, JPEG and WebP, and keeps every result apart", async () => {
    const out = at("folders");
    const inputs = [at("set/a"), at("set/**/*.{jpg,webp}")];
    const ended = await segment(...inputs, "--format", "labels,mask,json", "--out", out);
    expect(ended.code).toBe(1);
    expect(ended.err).toMatch(
      /^fcn: .*broken\.jpg: the JPEG is damaged or cut off .*\nfcn: segment: 1 of 4 pictures failed\n$/,
    );
    expect(ended.out.match(/ {2}-> /g)).toHaveLength(3);
    const names = ["a/one.jpg", "a/one.png", "b/one"];
    const files = names.flatMap((name) => [`${name}.json`, `${name}.labels.png`, `${name}.mask.png`]);
    expect(filesIn(out)).toEqual(files.sort());
    // Lossless WebP is the same picture, so the same labels.
    const png = labelsIn(join(out, "a/one.png.labels.png"));
    expect(labelsIn(join(out, "b/one.labels.png"))).toEqual(png);
    const jpeg = labelsIn(join(out, "a/one.jpg.labels.png"));
    expect([jpeg.width, jpeg.height]).toEqual([224, 224]);
    const mask = labelsIn(join(out, "a/one.png.mask.png"));
    expect(mask.labels).toEqual(png.labels.map((label) => (label ? 255 : 0)));
    const description = documentIn(join(out, "a/one.png.json"));
    expect(description.image).toBe(at("set/a/one.png"));
    expectDescribed(description, png);
  });

  it("writes probabilities that numpy reads, and their mean into the JSON", async () => {
    const out = at("classes");
    const ended = await segment(val("14.png"), "--format", "labels,json", "--probabilities", "--out", out);
    expect([ended.code, ended.err]).toEqual([0, ""]);
    expect(filesIn(out)).toEqual(["14.confidence.png", "14.json", "14.labels.png", "14.probabilities.npy"]);
    const { labels } = labelsIn(join(out, "14.labels.png"));
    const pixels = 224 * 224;
    const npy = join(out, "14.probabilities.npy");
    expect(readFileSync(npy).toString("latin1", 10, 80)).toContain("'shape': (21, 224, 224)");
    const values = npyValues(npy, 21 * pixels);
    const confidence = [...labels].map((label, i) => values[label * pixels + i] ?? NaN);
    // The label is the most probable class, and probabilities add up to 1.
    for (let i = 0; i < pixels; i += 97) {
      const own = Array.from({ length: 21 }, (_, c) => values[c * pixels + i] ?? NaN);
      expect(confidence[i]).toBeCloseTo(Math.max(...own), 5);
      expect(sum(own)).toBeCloseTo(1, 5);
    }
    const grey = decodePng(readFileSync(join(out, "14.confidence.png"))).data.filter((_, i) => i % 4 === 0);
    expect([...grey]).toEqual(confidence.map((p) => Math.round(255 * p)));
    for (const { class: label, confidence: mean } of documentIn(join(out, "14.json")).classes) {
      const own = confidence.filter((_, i) => labels[i] === label);
      expect(mean).toBeCloseTo(sum(own) / own.length, 3);
    }
  });

  it("makes other classes background", async () => {
    await segment(val("14.png"), "--format", "labels,json", "--out", at("all"));
    const { labels } = labelsIn(at("all/14.labels.png"));
    const objects = documentIn(at("all/14.json")).classes.filter((c) => c.class !== 0);
    const [largest] = objects.sort((a, b) => b.pixels - a.pixels);
    if (!largest) throw new Error("nothing but background in 14.png");
    const classes = ` ${largest.name.toUpperCase()},aeroplane`;
    const options = ["--format", "labels,mask,json", "--classes", classes, "--out", at("some")];
    const ended = await segment(val("14.png"), ...options);
    expect([ended.code, ended.err]).toEqual([0, ""]);
    expect(labelsIn(at("some/14.labels.png")).labels).toEqual(
      labels.map((label) => (label === largest.class || label === 1 ? label : 0)),
    );
    expect(documentIn(at("some/14.json")).classes.map((c) => c.name)).toEqual(["background", largest.name]);
  });

  it("reads stdin and writes stdout, and nothing else there", async () => {
    const picture = readFileSync(val("15.png"));
    const labels = await segmentStdin(picture, "-", "-o", "-");
    expect([labels.code, labels.err]).toEqual([0, ""]);
    const map = decodeLabelPng(labels.bytes);
    expect([map.width, map.height]).toEqual([131, 97]);
    const json = await segmentStdin(picture, "-", val("15.png"), "--format", "json", "--out", "-");
    const lines = jsonLines<Document>(json.out);
    expect(lines.map((line) => line.image)).toEqual(["stdin", val("15.png")]);
    const [first, second] = lines;
    expect(first?.classes).toEqual(second?.classes);
    expect(first && pixelsOf(first)).toBe(131 * 97);
    const text = await segmentStdin(Buffer.from("not a picture"), "-", "-o", "-");
    const sentence = expect.stringMatching(/^fcn: stdin: it is not a PNG .*\n$/) as string;
    expect([text.code, text.bytes.length, text.err]).toEqual([1, 0, sentence]);
  });

  it("refuses to write a result over a picture", async () => {
    copyFileSync(val("15.png"), at("set/cat.png"));
    copyFileSync(val("15.label.png"), at("set/cat.labels.png"));
    const { code, err } = await segment(at("set/cat.png"), at("set/cat.labels.png"), "--out", at("set"));
    expect(code).toBe(2);
    expect(err).toMatch(
      /^fcn: segment: the picture .*cat\.labels\.png would be replaced by a result of that name; .*--out\n$/,
    );
  });
});
