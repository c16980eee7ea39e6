/** The program as a shell sees it: stdout, stderr, files and exit codes. Runs the build (npm test makes it). */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { decodeLabelPng, decodePng, encodePng } from "../src/image/png.js";
import { agreement, fixture } from "./helpers/reference-maps.js";

const main = fileURLToPath(new URL("../dist/src/cli/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "fcn-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fcn(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: "utf8",
    timeout: 100_000,
  });
  // Dawn prints two warnings of its own on some drivers.
  return { status, stdout, stderr: stderr.replace(/^Warning: maxDynamic.*\n/gm, "") };
}

const bird = fileURLToPath(new URL("../samples/bird.png", import.meta.url));
const val15 = fileURLToPath(new URL("fixtures/val/15.png", import.meta.url));

describe("fcn segment", () => {
  it("prints one JSON line per picture and nothing else, and writes what is asked for", () => {
    const out = join(folder, "json");
    const { status, stdout, stderr } = fcn(
      "segment",
      bird,
      val15,
      "--variant",
      "fcn16s",
      "--overlay",
      "--logits",
      "--json",
      "--out",
      out,
    );
    expect([status, stderr]).toEqual([0, ""]);
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map((l) => l.image)).toEqual([bird, val15]);
    const [first] = lines;
    expect(Object.keys(first ?? {})).toEqual([
      "image",
      "width",
      "height",
      "variant",
      "classes",
      "names",
      "pixels",
      "ms",
      "adapter",
      "files",
    ]);
    expect(first).toMatchObject({
      width: 400,
      height: 400,
      variant: "fcn16s",
      classes: [0, 3],
      names: ["background", "bird"],
    });
    expect(Object.keys(first?.ms as object)).toEqual(["load", "compile", "run"]);
    expect(Object.values(first?.pixels as Record<string, number>).reduce((a, b) => a + b, 0)).toBe(400 * 400);
    expect(readdirSync(out).sort()).toEqual([
      "15.labels.png",
      "15.logits.f32",
      "15.overlay.png",
      "bird.labels.png",
      "bird.logits.f32",
      "bird.overlay.png",
    ]);
    const png = readFileSync(join(out, "bird.labels.png"));
    expect([png[24], png[25]]).toEqual([8, 3]); // 8 bits, indexed
    const map = decodeLabelPng(png);
    expect([map.width, map.height]).toEqual([400, 400]);
    expect(agreement(map.labels, decodeLabelPng(fixture("samples/bird.fcn16s.png")).labels)).toBeGreaterThanOrEqual(
      0.999,
    );
    expect(readFileSync(join(out, "bird.logits.f32")).length).toBe(21 * 400 * 400 * 4);
    expect(decodePng(readFileSync(join(out, "bird.overlay.png"))).width).toBe(400);
  });

  it("does the others when one picture is bad, and exits with 1", () => {
    const bad = join(folder, "bad.png");
    writeFileSync(bad, "not a picture at all, just text");
    const small = join(folder, "small.png");
    writeFileSync(small, encodePng({ width: 20, height: 10, data: new Uint8Array(800).fill(200) }));
    const out = join(folder, "some");
    const { status, stdout, stderr } = fcn("segment", small, bad, val15, "--variant", "fcn32s", "--out", out);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^fcn: .*bad\.png: it is no PNG .*\nfcn: segment: 1 of 3 pictures failed\n$/);
    expect(stdout).toMatch(/small\.png {2}20 x 10 .*\n {2}-> .*small\.labels\.png\n/);
    expect(stdout).toMatch(/15\.png {2}131 x 97 .*\n {2}-> .*15\.labels\.png\n/);
    expect(readdirSync(out).sort()).toEqual(["15.labels.png", "small.labels.png"]);
  });

  it.each([
    [
      "a file that is not there",
      ["segment", "nowhere.png"],
      /^fcn: segment: there is no file or folder nowhere\.png\n$/,
    ],
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
      "a class that is not there",
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
    [
      "weights that are not there",
      ["segment", bird, "--weights", "none.pth"],
      /^fcn: segment: there is no file none\.pth\n$/,
    ],
    ["an unknown command", ["segmnt"], /^fcn: there is no command "segmnt"; there is segment, .*\n$/],
  ])("%s is one sentence and exit code 2", (_, args, sentence) => {
    const { status, stdout, stderr } = fcn(...args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(sentence);
  });
});

describe("fcn doctor", () => {
  it("describes the adapter and the kernels chosen", () => {
    const { status, stdout } = fcn("doctor");
    expect(status).toBe(0);
    for (const part of [
      "Adapter",
      "driver",
      "tensor cores",
      "Limits",
      "maxStorageBufferBindingSize",
      "Kernels and the variants chosen",
      "conv2d",
    ])
      expect(stdout).toContain(part);
    const json = JSON.parse(fcn("doctor", "--json").stdout) as {
      adapter: { name: string };
      kernels: { kernel: string }[];
    };
    expect(json.adapter.name).not.toBe("");
    expect(json.kernels.map((k) => k.kernel)).toContain("argmax");
  });

  it("says what to install where there is no adapter, and exits with 1", () => {
    const env = { ...process.env, VK_DRIVER_FILES: "/nowhere.json", VK_ICD_FILENAMES: "/nowhere.json" };
    const { status, stderr } = spawnSync(process.execPath, [main, "doctor"], {
      encoding: "utf8",
      env,
      timeout: 60_000,
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/no graphics adapter/);
    expect(stderr).toMatch(/Install a Vulkan driver|Metal|graphics driver/);
  });
});

it("has help for the program and every command, and a version", () => {
  const help = fcn("--help");
  expect(help.status).toBe(0);
  const commands = [...help.stdout.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name ?? "");
  expect(commands).toContain("segment");
  for (const command of commands) expect(fcn(command, "--help").stdout).toContain(`fcn ${command}`);
  expect(fcn("--version").stdout.trim()).toMatch(/^\d+\.\d+\.\d+/);
});
