/**
 * `fcn compare` on a small PASCAL VOC folder: its numbers against plain loops over the pixels; killed and resumed; in
 * shards and merged. Runs the build.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMPARED as VARIANTS } from "../src/models/compared.js";
import { loadFcn } from "../src/node.js";
import { useDevice } from "./helpers/device.js";
import { PROGRAM, fcn } from "./helpers/fcn.js";
import type { FcnEnd } from "./helpers/fcn.js";
import { boundaryPairsOf, meanIoU, pairsOf, plainMetrics } from "./helpers/plain-metrics.js";
import { COUNT, CUT_OFF, NO_LABEL, WRONG_SIZE, idOf, scene, writeVocFolder } from "./helpers/voc-folder.js";

const device = useDevice();
let root: string;
const at = (...parts: string[]): string => join(root, ...parts);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "fcn-compare-"));
  await writeVocFolder(at("voc"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const vocArguments = (out: string): string[] => ["compare", "--voc", at("voc"), "--out", at(out), "--sizes", "none"];
const voc = (out: string, ...more: string[]): Promise<FcnEnd> => fcn(...vocArguments(out), ...more);

interface Report {
  readonly pictures: unknown;
  readonly failures: readonly { readonly picture: string; readonly error: string }[];
  readonly variants: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly agreement: readonly { readonly a: string; readonly b: string; readonly share: number }[];
}

/** The part of a report that does not depend on clocks. */
async function totalsIn(folder: string): Promise<unknown> {
  const report = JSON.parse(await readFile(join(folder, "report.json"), "utf8")) as Record<string, unknown> & {
    variants: Record<string, Record<string, unknown>>;
    perPicture: Record<string, unknown>[];
  };
  const { variants, agreement, pictures, failures, perPicture } = report;
  const metrics = Object.entries(variants).map(([name, { sharedMs, ownMs, cost, ...rest }]) => [
    name,
    rest,
    [sharedMs, ownMs, cost].length,
  ]);
  return { metrics, agreement, pictures, failures, perPicture: perPicture.map(({ ms, ...rest }) => [rest, typeof ms]) };
}

/** Pictures that can be used. */
const USED = Array.from({ length: COUNT }, (_, i) => i).filter((i) => ![CUT_OFF, WRONG_SIZE].includes(idOf(i)));

/** Label maps of the usable pictures, from the library itself. */
async function predictionsOf(variant: (typeof VARIANTS)[number]): Promise<Uint8Array[]> {
  const model = await loadFcn({ variant, device: device() });
  const maps: Uint8Array[] = [];
  for (const i of USED) {
    const { data, info } = await sharp(at("voc/JPEGImages", `${idOf(i)}.jpg`))
      .raw()
      .toBuffer({ resolveWithObject: true });
    const { labels } = await model.segment({ width: info.width, height: info.height, data: new Uint8Array(data) });
    maps.push(labels);
  }
  model.dispose();
  return maps;
}

function shareOfEqualLabels(left: readonly Uint8Array[], right: readonly Uint8Array[]): number {
  let [same, all] = [0, 0];
  left.forEach((map, k) => {
    map.forEach((label, p) => (same += label === right[k]?.[p] ? 1 : 0));
    all += map.length;
  });
  return same / all;
}

describe("fcn compare --voc", () => {
  /** Totals of the run that nothing interrupted. */
  let wholeTotals: unknown;

  it("gives the numbers of plain loops, and counts what it could not use", async () => {
    const { code, out, err } = await voc("whole", "--boundary-width", "3", "--json");
    expect(code).toBe(1); // pictures failed, the others are done
    const report = JSON.parse(out) as Report;
    expect(report.pictures).toEqual({ done: COUNT - 2, labelled: COUNT - 3, failed: 2 });
    expect(report.failures.map((f) => f.picture)).toEqual([CUT_OFF, WRONG_SIZE]);
    expect(report.failures[0]?.error).toMatch(/JPEG is damaged or cut off/);
    expect(report.failures[1]?.error).toMatch(/the label map is 40 x 30, its picture is (64 x 48|72 x 56)/);
    expect(err).toContain("the label map is 40 x 30");

    const predictions = new Map<string, Uint8Array[]>();
    for (const variant of VARIANTS) predictions.set(variant, await predictionsOf(variant));
    const labelled = USED.flatMap((i, k) => (idOf(i) === NO_LABEL ? [] : [{ own: scene(i), k }]));
    for (const variant of VARIANTS) {
      const maps = predictions.get(variant) ?? [];
      const mapOf = (k: number): Uint8Array => maps[k] ?? new Uint8Array();
      const got = report.variants[variant];
      const plain = plainMetrics(labelled.flatMap(({ own, k }) => pairsOf(own, mapOf(k))));
      for (const [name, value] of Object.entries(plain))
        expect(got?.[name], `${variant} ${name}`).toBeCloseTo(value, 12);
      const boundary = labelled.flatMap(({ own, k }) => boundaryPairsOf(own, mapOf(k), 2));
      expect(got?.boundaryIoU).toBeCloseTo(meanIoU(boundary), 12);
    }
    for (const { a, b, share } of report.agreement)
      expect(share).toBeCloseTo(shareOfEqualLabels(predictions.get(a) ?? [], predictions.get(b) ?? []), 12);
    wholeTotals = await totalsIn(at("whole"));
  });

  it("killed in the middle and resumed, ends in the same totals", async () => {
    const results = at("killed/results.jsonl");
    const child = spawn(process.execPath, [PROGRAM, ...vocArguments("killed"), "--boundary-width", "3"], {
      stdio: "ignore",
    });
    const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on("exit", (_, signal) => resolve(signal)));
    const lines = async (): Promise<number> =>
      existsSync(results) ? (await readFile(results, "utf8")).split("\n").length : 0;
    while ((await lines()) < 8 && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill("SIGKILL");
    expect(await ended).toBe("SIGKILL");
    const before = await readFile(results, "utf8");
    expect(before.split("\n").length).toBeLessThan(COUNT);
    await writeFile(results, `${before}{"picture":"2011_0000`); // as if killed inside a write

    const refused = await voc("killed", "--boundary-width", "3");
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining("has results already; --resume")]);
    const other = await voc("killed", "--boundary-width", "4", "--resume");
    expect([other.code, other.err]).toEqual([
      2,
      expect.stringContaining("made with other boundary width (--boundary-width)"),
    ]);

    expect((await voc("killed", "--boundary-width", "3", "--resume")).code).toBe(1);
    expect(await totalsIn(at("killed"))).toEqual(wholeTotals);
    expect((await readFile(results, "utf8")).startsWith(before)).toBe(true); // nothing was done twice
  });

  it("in 7 shards and merged, in any order, ends in the same totals", async () => {
    const shards = Array.from({ length: 7 }, (_, i) => `shard${i + 1}`);
    for (const [i, name] of shards.entries()) await voc(name, "--boundary-width", "3", "--shard", `${i + 1}/7`);
    const folders = [...shards].reverse().map((name) => at(name));
    const merged = await fcn("compare", "--merge", ...folders, "--out", at("merged"));
    expect(merged.code).toBe(1);
    expect(await totalsIn(at("merged"))).toEqual(wholeTotals);
    expect((await readdir(at("merged"))).sort()).toEqual(["contact-sheet.png", "plots", "report.html", "report.json"]);
    // One file that fetches nothing: its only addresses are data.
    const html = await readFile(at("merged/report.html"), "utf8");
    expect(html.match(/(?:src|href)="(?!data:)[^"]*"|url\((?!data:)|@import|https?:/g)).toBeNull();
    expect([html.match(/<article /g)?.length, html.match(/<b>where they differ/g)?.length]).toEqual([21, 21]);

    await voc("differs", "--boundary-width", "2", "--shard", "1/7");
    const refused = await fcn("compare", "--merge", at("shard2"), at("differs"), "--out", at("merged2"));
    expect([refused.code, refused.err]).toEqual([
      1,
      expect.stringContaining("made with other boundary width (--boundary-width)"),
    ]);
  });
});
