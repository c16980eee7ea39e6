/** The program as a shell sees it: stdout, stderr, files and exit codes. Runs the build (npm test makes it). */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { decodeLabelPng, decodePng, encodePng } from "../src/image/png.js";
import { fcn, jsonLines, runFcn } from "./helpers/fcn.js";
import { agreement, fixture } from "./helpers/reference-maps.js";

const folder = mkdtempSync(join(tmpdir(), "fcn-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bird = fileURLToPath(new URL("../samples/bird.png", import.meta.url));
const val15 = fileURLToPath(new URL("fixtures/val/15.png", import.meta.url));

interface SegmentRecord {
  readonly image: string;
  readonly classes: readonly { readonly class: number; readonly name: string; readonly pixels: number }[];
  readonly ms: object;
}

const RECORD_KEYS = ["image", "width", "height", "variant", "classes", "ms", "adapter", "files"];

describe("fcn segment", () => {
  it("prints one JSON line per picture and nothing else, and writes what is asked for", async () => {
    const out = join(folder, "json");
    const options = ["--weights", "icons", "--variant", "fcn16s", "--overlay", "--logits", "--json", "--out", out];
    const { code, out: stdout, err } = await fcn("segment", bird, val15, ...options);
    const known = "fcn-webgpu ResNet-101: heads fcn8s, fcn16s, fcn32s, 21 classes, 16 planes";
    expect([code, err]).toEqual([0, `fcn: icons is ${known}; runs as fcn16s\n`]);
    const lines = jsonLines<SegmentRecord>(stdout);
    expect(lines.map((line) => line.image)).toEqual([bird, val15]);
    const [first] = lines;
    expect(Object.keys(first ?? {})).toEqual(RECORD_KEYS);
    expect(first).toMatchObject({
      width: 400,
      height: 400,
      variant: "fcn16s",
      classes: [
        { class: 0, name: "background" },
        { class: 3, name: "bird" },
      ],
    });
    expect(Object.keys(first?.ms ?? {})).toEqual(["load", "compile", "run"]);
    expect(first?.classes.reduce((sum, { pixels }) => sum + pixels, 0)).toBe(400 * 400);
    const endings = [".labels.png", ".logits.f32", ".overlay.png"];
    expect(readdirSync(out).sort()).toEqual(["15", "bird"].flatMap((name) => endings.map((e) => name + e)));
    const png = readFileSync(join(out, "bird.labels.png"));
    expect([png[24], png[25]]).toEqual([8, 3]); // 8 bits, indexed
    const map = decodeLabelPng(png);
    expect([map.width, map.height]).toEqual([400, 400]);
    const reference = decodeLabelPng(fixture("samples/bird.fcn16s.png"));
    expect(agreement(map.labels, reference.labels)).toBeGreaterThanOrEqual(0.999);
    expect(readFileSync(join(out, "bird.logits.f32")).length).toBe(21 * 400 * 400 * 4);
    expect(decodePng(readFileSync(join(out, "bird.overlay.png"))).width).toBe(400);
  });

  it("segments the others when one picture is bad, and exits with 1", async () => {
    const bad = join(folder, "bad.png");
    writeFileSync(bad, "not a picture at all, just text");
    const small = join(folder, "small.png");
    writeFileSync(small, encodePng({ width: 20, height: 10, data: new Uint8Array(800).fill(200) }));
    const out = join(folder, "some");
    const { code, out: stdout, err } = await fcn("segment", small, bad, val15, "--variant", "fcn32s", "--out", out);
    expect(code).toBe(1);
    expect(err).toMatch(/^fcn: .*bad\.png: it is not a PNG .*\nfcn: segment: 1 of 3 pictures failed\n$/);
    expect(stdout).toMatch(/small\.png {2}20 x 10 .*\n {2}-> .*small\.labels\.png\n/);
    expect(stdout).toMatch(/15\.png {2}131 x 97 .*\n {2}-> .*15\.labels\.png\n/);
    expect(readdirSync(out).sort()).toEqual(["15.labels.png", "small.labels.png"]);
  });

  it.each([
    ["a missing file", ["segment", "nowhere.png"], /^fcn: segment: there is no file or folder nowhere\.png\n$/],
    ["an unknown option", ["segment", bird, "--colour"], /^fcn: segment: unknown option '--colour'.*\n$/],
    ["an option without its value", ["segment", bird, "--out"], /^fcn: segment: .*\n$/],
    [
      "an unknown variant",
      ["segment", bird, "--variant", "fcn64s"],
      /^fcn: segment: --variant fcn64s is not one of fcn32s, fcn16s, fcn8s.*\n$/,
    ],
    [
      "an unknown precision",
      ["segment", bird, "--precision", "f64"],
      /^fcn: segment: --precision f64 is not one of f32, f16, auto\n$/,
    ],
    ["no picture", ["segment"], /^fcn: segment: name at least one picture, as in fcn segment photo\.png\n$/],
    [
      "an unknown format",
      ["segment", bird, "--format", "labels,gif"],
      /^fcn: segment: --format gif is not one of labels, overlay, mask, json\n$/,
    ],
    [
      "an unknown class",
      ["segment", bird, "--classes", "bird,unicorn"],
      /^fcn: segment: --classes unicorn is not one of background, aeroplane, .*, tvmonitor\n$/,
    ],
    [
      "two pictures for stdout",
      ["segment", bird, val15, "--out", "-"],
      /^fcn: segment: --out - takes one picture, 2 are named.*\n$/,
    ],
    [
      "two formats for stdout",
      ["segment", bird, "--format", "labels,json", "-o", "-"],
      /^fcn: segment: --out - takes one format, not labels and json\n$/,
    ],
    [
      "probabilities for stdout",
      ["segment", bird, "--probabilities", "-o", "-"],
      /^fcn: segment: --probabilities writes files of its own.*\n$/,
    ],
    [
      "two kinds of output for stdout",
      ["segment", bird, "--json", "-o", "-"],
      /^fcn: segment: --json and --out - both write to stdout.*\n$/,
    ],
    ["stdin twice", ["segment", "-", "-"], /^fcn: segment: - \(stdin\) can be given once\n$/],
    ["missing weights", ["segment", bird, "--weights", "none.pth"], /^fcn: segment: there is no file none\.pth\n$/],
    [
      "an unknown command",
      ["segmnt"],
      /^fcn: there is no command "segmnt"; there is segment, .*; the closest is segment\n$/,
    ],
    [
      "a word that is near to none",
      ["help", "paint"],
      /^fcn: there is no command "paint"; there is segment, .*, completion\n$/,
    ],
  ])("%s is one sentence and exit code 2", async (_, args, sentence) => {
    const { code, out, err } = await fcn(...args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(sentence);
  });
});

describe("fcn doctor", () => {
  it("describes the adapter and the kernels chosen", async () => {
    const { code, out } = await fcn("doctor");
    expect(code).toBe(0);
    for (const part of [
      "Adapter",
      "driver",
      "tensor cores",
      "Limits",
      "maxStorageBufferBindingSize",
      "Kernels and the variants chosen",
      "conv2d",
    ])
      expect(out).toContain(part);
    const json = JSON.parse((await fcn("doctor", "--json")).out) as {
      adapter: { name: string };
      kernels: { kernel: string }[];
    };
    expect(json.adapter.name).not.toBe("");
    expect(json.kernels.map((k) => k.kernel)).toContain("argmax");
  });

  it("says what to install where there is no adapter, and exits with 1", async () => {
    const env = { VK_DRIVER_FILES: "/nowhere.json", VK_ICD_FILENAMES: "/nowhere.json" };
    const { code, err } = await runFcn(["doctor"], { env });
    expect(code).toBe(1);
    expect(err).toMatch(/no graphics adapter/);
    expect(err).toMatch(/Install a Vulkan driver|Metal|graphics driver/);
  });

  it("says to install the package webgpu, and no driver, where that cannot be loaded", async () => {
    const hooks = `export const resolve = (name, context, next) => {
      if (name === "webgpu") throw new Error("it is gone");
      return next(name, context);
    };`;
    const asUrl = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;
    const start = `import { register } from "node:module"; register(${JSON.stringify(asUrl(hooks))});`;
    const { code, out, err } = await runFcn(["doctor", "--json"], {
      env: { NODE_OPTIONS: `--import=${asUrl(start)}` },
    });
    const sentence =
      'the npm package "webgpu" could not be loaded (it is gone): install it with `npm install webgpu`; ';
    expect([code, err]).toEqual([1, expect.stringContaining(`fcn doctor: ${sentence}`)]);
    expect((JSON.parse(out) as { advice: string }).advice).toContain(sentence);
    expect(err).not.toMatch(/driver/i);
  });

  it("says how to allow the package webgpu where node loads no addons", async () => {
    const { code, err } = await runFcn(["doctor"], { env: { NODE_OPTIONS: "--no-addons" } });
    expect(code).toBe(1);
    expect(err).toContain("it is a native addon; start node with --allow-addons beside --permission, and without");
    expect(err).not.toContain("npm install");
  });
});

it("has help for the program and every command in 80 columns, and a version", async () => {
  const help = await fcn("--help");
  expect(help.code).toBe(0);
  const commands = [...help.out.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name ?? "");
  expect(commands).toContain("segment");
  const texts = [help.out];
  for (const command of commands) {
    const { out } = await fcn(command, "--help");
    expect(out).toContain(`fcn ${command}`);
    texts.push(out);
  }
  const lines = texts.join("\n").split("\n");
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect((await fcn("--version")).out.trim()).toMatch(/^\d+\.\d+\.\d+/);
});
