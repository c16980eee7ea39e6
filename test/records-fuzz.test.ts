/**
 * Results of other people: mutated headers, records and descriptions of kept pictures are refused with a typed error,
 * or give a report without markup of theirs. FCN_FUZZ multiplies the number of mutations.
 */
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isFcnError } from "../src/base/errors.js";
import { parseMeta } from "../src/cli/compare-kept.js";
import { textReport } from "../src/cli/compare-table.js";
import { parseRunHeader } from "../src/eval/parse-header.js";
import { parseRecord } from "../src/eval/parse-records.js";
import { allPlots } from "../src/eval/plots.js";
import type { ResultRecord } from "../src/eval/records.js";
import { reportHtml } from "../src/eval/report-html.js";
import { reportJson } from "../src/eval/report-json.js";
import { summarise } from "../src/eval/summary.js";
import { svgFile } from "../src/eval/svg.js";
import { encodeLabelPng, encodePng } from "../src/image/png.js";
import { fcn } from "./helpers/fcn.js";
import { seeded } from "./helpers/random.js";
import { HEADER, SET_HEADER, costRecord, failureRecord, linesOf, pictureRecord, setRecord } from "./helpers/records.js";
import { stripedPicture } from "./helpers/small-networks.js";

const COUNT = 2000 * Number(process.env.FCN_FUZZ ?? 1);
const MARKUP = '"><img src=x onerror=alert(1)><script>alert(2)</script>';

const META = { picture: "a.png", width: 12, height: 9, maps: ["truth", "fcn32s", "fcn16s", "fcn8s"] };
const LINES: readonly object[] = [
  HEADER,
  pictureRecord("a.png", 1),
  pictureRecord("b.png", 2),
  failureRecord("c.png"),
  costRecord("fcn8s"),
  costRecord("all", 2),
];

/** Of networks over two backbones. */
const SET_LINES: readonly object[] = [
  SET_HEADER,
  setRecord("a.png", 1),
  failureRecord("c.png"),
  ...SET_HEADER.variants.map((variant) => costRecord(variant)),
  costRecord("all of a + b"),
  costRecord("fcn8s of c", 2),
];

/** Values that another kind of field may hold. */
const HOSTILE: readonly unknown[] = [
  MARKUP,
  "../../escaped",
  "__proto__",
  "constructor",
  "",
  "\u0000\u001b[31m",
  "1",
  -1,
  0,
  0.5,
  1e300,
  2 ** 53,
  null,
  true,
  [],
  {},
  [MARKUP],
  { toString: MARKUP },
  { length: 1e9 },
  "x".repeat(70_000),
];

type Random = () => number;
const pick = <T>(random: Random, values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;

/** Every place of a JSON value: the object or list that holds it, and its key. */
function placesOf(value: object): [holder: Record<string, unknown>, key: string][] {
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => {
    const own = holder[key];
    const below = typeof own === "object" && own !== null ? placesOf(own) : [];
    return [[holder, key] as [Record<string, unknown>, string], ...below];
  });
}

/** Replaces, removes, doubles or adds a value. */
function mutateValue(value: object, random: Random): string {
  const copy = structuredClone(value);
  const [holder, key] = pick(random, placesOf(copy));
  const change = Math.floor(random() * 5);
  if (change === 0) Reflect.deleteProperty(holder, key);
  else if (change === 1) holder[pick(random, ["extra", "ms", "error", "cost", "toString", MARKUP])] = holder[key];
  else holder[key] = pick(random, HOSTILE);
  return JSON.stringify(copy);
}

/** Cuts, overwrites or repeats characters. */
function mutateText(text: string, random: Random): string {
  const at = Math.floor(random() * text.length);
  const length = 1 + Math.floor(random() * 8);
  const change = Math.floor(random() * 4);
  if (change === 0) return text.slice(0, at);
  if (change === 1) return text.slice(0, at) + text.slice(at + length);
  if (change === 2)
    return text.slice(0, at) + pick(random, ["[", "{", "\\", '"', "9", "-", "\u2028"]) + text.slice(at + 1);
  return text.slice(0, at) + "[".repeat(20_000) + text.slice(at);
}

/** The result of reading, or undefined for a typed refusal. Any other error fails the test. */
function typed<T>(read: () => T, text: string): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isFcnError(error)) return undefined;
    throw new Error(`untyped error for ${text.slice(0, 400)}`, { cause: error });
  }
}

/** What a report of these lines holds. */
function outputsOf(header: typeof HEADER, records: readonly ResultRecord[]): string {
  const summary = summarise(header, records);
  const plots = allPlots(summary);
  for (const { name } of plots) expect(name).toMatch(/^[a-z0-9-]+$/);
  JSON.stringify(reportJson(summary));
  textReport(summary);
  return [reportHtml(summary, []), ...plots.map(svgFile)].join("");
}

describe(`${COUNT} mutations`, () => {
  it.each([
    ["one backbone", LINES],
    ["several backbones", SET_LINES],
  ])("of records of %s are refused or harmless", (_, lines) => {
    const random = seeded(1313);
    let accepted = 0;
    for (let i = 0; i < COUNT; i++) {
      const at = Math.floor(random() * lines.length);
      const line = lines[at] as object;
      const mutated = random() < 0.75 ? mutateValue(line, random) : mutateText(JSON.stringify(line), random);
      const texts = lines.map((own, k) => (k === at ? mutated : JSON.stringify(own)));
      const read = typed(() => {
        const header = parseRunHeader(texts[0] ?? "", "line 1");
        return { header, records: texts.slice(1).map((text) => parseRecord(text, "a line", header)) };
      }, mutated);
      if (!read) continue;
      accepted++;
      const found = outputsOf(read.header, read.records);
      expect(found, mutated.slice(0, 400)).not.toMatch(/<img|<script>alert|onerror=alert\(1\)>/);
    }
    expect(accepted, "mutations that reach the report").toBeGreaterThan(COUNT / 50);
    expect(accepted, "mutations that are refused").toBeLessThan(COUNT / 2);
  });

  it("of descriptions of kept pictures are none, or name only maps that exist", () => {
    const random = seeded(77);
    for (let i = 0; i < COUNT; i++) {
      const text = random() < 0.5 ? mutateValue(META, random) : mutateText(JSON.stringify(META), random);
      const meta = parseMeta(text);
      if (meta) expect(META.maps).toEqual(expect.arrayContaining([...meta.maps]));
    }
  });
});

describe("a crafted shard", () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "fcn-crafted-"));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  it("runs no script, reads no file beside it and writes nothing outside --out", async () => {
    const shard = join(root, "shard");
    const kept = async (name: string, meta: object): Promise<string> => {
      const folder = join(shard, "kept", name);
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, "meta.json"), JSON.stringify(meta));
      return folder;
    };
    const named = { ...pictureRecord(MARKUP), picture: MARKUP };
    const header = { ...HEADER, weights: MARKUP, adapter: MARKUP, classNames: HEADER.classNames.map(() => MARKUP) };
    const good = await kept("good", { ...META, picture: MARKUP, maps: ["truth"] });
    await writeFile(join(good, "picture.png"), encodePng(stripedPicture(12, 9)));
    await writeFile(join(good, "truth.png"), encodeLabelPng(new Uint8Array(12 * 9).fill(3), 12, 9));
    await writeFile(join(root, "secret.png"), encodeLabelPng(new Uint8Array(12 * 9), 12, 9));
    await kept("reads", { ...META, picture: "b.png", maps: ["../../../secret"] });
    const linked = await kept("linked", { ...META, picture: "c.png", maps: [] });
    await symlink(join(root, "secret.png"), join(linked, "picture.png"));
    const records = [named, pictureRecord("b.png"), pictureRecord("c.png"), failureRecord("d.png", MARKUP)];
    await writeFile(join(shard, "results.jsonl"), linesOf(header, ...records));

    const before = (await readdir(root)).sort();
    const { err } = await fcn("compare", "--merge", shard, "--out", join(root, "merged"));
    expect(err).toContain("it is not a kept picture of at most 320 x 320 pixels; the report does not show it");
    expect((await readdir(root)).sort()).toEqual([...before, "merged"].sort());
    const html = await readFile(join(root, "merged/report.html"), "utf8");
    expect(html.match(/<article /g)).toHaveLength(1);
    expect(html).not.toMatch(/<img src=x|<script>alert/);
    expect(html).toMatch(/script-src 'sha256-[\w+/=]{44}';/);
    expect(html).not.toMatch(/script-src[^;]*unsafe-inline/);

    const wrong = { ...HEADER, variants: ["../../escaped"] };
    await writeFile(join(shard, "results.jsonl"), linesOf(wrong, pictureRecord("a.png")));
    const refused = await fcn("compare", "--merge", shard, "--out", join(root, "merged"));
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("the header's variants is not a list of")]);
  });
});
