/** `fcn segment` with threads, and on two devices, gives the files that it gives without. Runs the build. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SWIFTSHADER_PLACES } from "../scripts/vulkan.mjs";
import { decodeLabelPng } from "../src/image/png.js";
import { fcn, jsonLines, runFcn } from "./helpers/fcn.js";
import type { FcnEnd } from "./helpers/fcn.js";
import { root } from "./helpers/sources.js";

const folder = mkdtempSync(join(tmpdir(), "fcn-segment-threads-"));
const at = (...parts: string[]): string => join(folder, ...parts);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PICTURES = 6;
const OPTIONS = ["--resize", "96", "--format", "labels,overlay,mask,json"];

beforeAll(async () => {
  mkdirSync(at("in"));
  const cat = sharp(join(root, "samples/photographs/chelsea.png"));
  for (let i = 0; i < PICTURES; i++) {
    const coloured = cat
      .clone()
      .resize(200, 150)
      .modulate({ hue: 20 * i });
    await coloured.jpeg().toFile(at("in", `${i}.jpg`));
  }
  const jpeg = readFileSync(at("in/3.jpg"));
  writeFileSync(at("in/3.jpg"), jpeg.subarray(0, jpeg.length >> 1));
});

interface Line {
  readonly image: string;
  readonly error?: { readonly code: string };
}

/** The lines of JSON without times, and hashes of the files. */
function resultOf(end: FcnEnd, out: string): [unknown[], Map<string, string>] {
  const lines = jsonLines<Line>(end.out.replaceAll(at(out), "OUT"));
  const files = readdirSync(at(out)).sort();
  return [
    lines.map((line) => ({ ...line, ms: 0, adapter: "" })),
    new Map(
      files.map((name) => [
        name,
        createHash("sha256")
          .update(readFileSync(at(out, name)))
          .digest("hex"),
      ]),
    ),
  ];
}

const segmentTo = (out: string, ...args: string[]): Promise<FcnEnd> =>
  fcn("segment", at("in"), ...OPTIONS, "--json", "--out", at(out), ...args);

describe("threads", () => {
  it("give the same files and lines in the same order, a torn picture included", async () => {
    const without = await segmentTo("without", "--threads", "0", "--probabilities");
    const within = await segmentTo("within", "--threads", "3", "--probabilities");
    expect([without.code, within.code], within.err).toEqual([1, 1]);
    expect(within.err).toContain("1 of 6 pictures failed");
    const expected = resultOf(without, "without");
    expect(expected[1].size).toBe((PICTURES - 1) * 6);
    expect((expected[0] as Line[])[3]?.error?.code).toBe("bad-image");
    expect(resultOf(within, "within")).toEqual(expected);
  });

  it("that cannot start end the run, and no picture is called broken", async () => {
    const dies = at("dies.cjs");
    writeFileSync(dies, "if (!require('node:worker_threads').isMainThread) process.exit(4);");
    const args = ["segment", at("in"), ...OPTIONS, "--json", "--out", at("dead"), "--threads", "2"];
    const { code, out, err } = await runFcn(args, { env: { NODE_OPTIONS: `--require ${dies}` } });
    expect([code, out]).toEqual([1, ""]);
    expect(err.trim().split("\n").at(-1)).toMatch(/^fcn: no thread can start \(.+ code 4 .+--threads 0 works/);
  });

  it.each([
    ["", "--threads is empty; give it a value or leave it out"],
    ["-1", "--threads -1 is not a whole number from 0 to 64"],
    ["65", "--threads 65 is not a whole number from 0 to 64"],
    ["two", "--threads two is not a whole number from 0 to 64"],
  ])("--threads %j is refused", async (threads, sentence) => {
    const { code, err } = await segmentTo("never", `--threads=${threads}`);
    expect([code, err]).toEqual([2, expect.stringContaining(sentence)]);
  });
});

/** The adapter of the tests and SwiftShader, which comes with Chromium: both drivers are there on any machine. */
function withSwiftShader(): Readonly<Record<string, string>> {
  const driver = SWIFTSHADER_PLACES.find((path) => existsSync(path));
  if (driver === undefined) throw new Error("no SwiftShader was found: npm test installs Chromium, which brings it");
  const { VK_DRIVER_FILES: drivers } = process.env;
  return drivers ? { VK_DRIVER_FILES: [drivers, driver].join(delimiter) } : { VK_ADD_DRIVER_FILES: driver };
}

describe("devices", () => {
  /** Part of the name of this machine's adapter. Names have commas. */
  let own: string;
  beforeAll(async () => {
    const { err } = await segmentTo("never", "--adapter", "Voodoo 3");
    own = /this machine has ([^,(]+[^,( ])/.exec(err)?.[1] ?? "";
  });

  it("share the pictures, and results stay in order", async () => {
    const args = ["segment", at("in"), ...OPTIONS, "--json", "--out", at("devices"), "--devices", `${own},SwiftShader`];
    const end = await runFcn(args, { env: withSwiftShader() });
    expect(end.code, end.err).toBe(1);
    const lines = jsonLines<Line & { readonly adapter?: string }>(end.out);
    expect(lines.map(({ image }) => image)).toEqual(Array.from({ length: PICTURES }, (_, i) => at("in", `${i}.jpg`)));
    expect(lines[0]?.adapter).toMatch(/, swiftshader/i);
    // Devices round differently, so a few pixels between two classes may differ.
    for (const name of readdirSync(at("devices")).filter((file) => file.endsWith(".labels.png"))) {
      const [a, b] = [at("devices", name), at("within", name)].map((path) => decodeLabelPng(readFileSync(path)).labels);
      const same = a?.filter((label, i) => label === b?.[i]).length ?? 0;
      expect(same / (a?.length ?? 1), name).toBeGreaterThan(0.999);
    }
  });

  it("are refused when they are one, unknown, none, or beside --adapter", async () => {
    const refused = async (...args: string[]): Promise<unknown[]> => {
      const { code, err } = await segmentTo("never", ...args);
      return [code, err.trim().split("\n").at(-1)];
    };
    const [twice, unknown, none, both] = [
      await refused("--devices", `${own},${own.slice(0, 4)}`),
      await refused("--devices", `${own},Voodoo 3`),
      await refused("--devices", ","),
      await refused("--devices", own, "--adapter", own),
    ];
    expect(twice).toEqual([2, expect.stringMatching(/names ".+" twice; name different ones; .* --shard/)]);
    expect(unknown).toEqual([1, expect.stringMatching(/no graphics adapter has "Voodoo 3" in its name/)]);
    expect(none).toEqual([
      2,
      expect.stringContaining("--devices has an empty name; write it like --devices nvidia,intel"),
    ]);
    expect(both).toEqual([2, expect.stringContaining("leave --adapter out")]);
  });
});
