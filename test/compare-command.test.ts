/** `fcn compare` as a user runs it: wrong calls, torchvision's network, the shipped pictures. Runs the build. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { torchvisionFcnTensors } from "../bench/hashed-weights.js";
import { duration } from "../src/cli/progress.js";
import { COMPARED as VARIANTS } from "../src/models/compared.js";
import { fcn } from "./helpers/fcn.js";
import { hashedFile } from "./helpers/hashed-checkpoint.js";

let root: string;
const at = (...parts: string[]): string => join(root, ...parts);
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "fcn-compare-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe("fcn compare, called wrongly", () => {
  it.each([
    [[], "name pictures, a folder or a pattern"],
    [["--variants", "fcn4s", "x.png"], "--variants fcn4s is not one of fcn32s, fcn16s, fcn8s"],
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
    [["--void", "x", "test/fixtures/val"], '--void takes values of label maps, 0 to 65535, not "x"'],
    [["--map", "255", "test/fixtures/val"], "--map takes FROM=TO,... as in 255=15"],
    [
      ["--labels", "test/fixtures/bugs", "test/fixtures/val"],
      "has a label map in the folder test/fixtures/bugs (--labels)",
    ],
    [["--void", "255", "test/fixtures/bugs/p3.png"], "--void is about label maps, and the picture has no label map"],
    [["--voc", "VOC2012", "--labels", "truth"], "--labels is of no use with --voc, which has label maps of its own"],
  ])("%j says what to do", async (args, message) => {
    const { code, err } = await fcn("compare", ...args);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });
});

it("torchvision's network is recognised and run alone, at its own size", async () => {
  const weights = at("torchvision.safetensors");
  await writeFile(weights, await hashedFile(torchvisionFcnTensors(21, 4)));
  const picture = fileURLToPath(new URL("fixtures/val/15.png", import.meta.url));
  const compare = ["compare", picture, "--weights", weights];
  const { code, out, err } = await fcn(...compare, "--out", at("torchvision"), "--sizes", "none");
  expect(code).toBe(0);
  const description = "torchvision fcn_resnet101: dilated, 21 classes, with aux head, 4 planes";
  expect(err).toContain(`is ${description}; runs fcn-resnet101\n`);
  expect(out).toMatch(/^FCN-ResNet101 /m);
  expect(out).toContain("shorter side at 520 pixels");
  const [header = ""] = (await readFile(at("torchvision/results.jsonl"), "utf8")).split("\n");
  expect(JSON.parse(header)).toMatchObject({ variants: ["fcn-resnet101"], resize: 520 });

  const other = await fcn(...compare, "--variants", "fcn8s", "--out", at("torchvision2"));
  const sentence = "it has no head for fcn8s, only for fcn-resnet101";
  expect([other.code, other.err]).toEqual([1, expect.stringContaining(sentence)]);
});

it("the shipped pictures have the training report's scores", async () => {
  const options = ["--weights", "icons", "--out", at("val"), "--sizes", "none", "--json"];
  const { code, out } = await fcn("compare", "test/fixtures/val", ...options);
  expect(code).toBe(0);
  const report = JSON.parse(out) as { variants: Record<string, Record<string, number>> };
  const text = await readFile(new URL("fixtures/val/report.json", import.meta.url), "utf8");
  const training = JSON.parse(text) as Record<string, Record<string, number>>;
  for (const variant of VARIANTS) {
    const [got, want] = [report.variants[variant], training[variant]];
    expect(Math.abs((got?.meanIoU ?? NaN) - (want?.mIoU ?? NaN)), variant).toBeLessThan(0.001);
    expect(Math.abs((got?.pixelAccuracy ?? NaN) - (want?.pixAcc ?? NaN)), variant).toBeLessThan(0.001);
  }
});

it("a 0/255 mask is an error until 255 has a meaning; values without one are a warning", async () => {
  const run = (name: string, ...more: string[]) =>
    fcn("compare", `test/fixtures/bugs/${name}.png`, "--sizes", "none", "--out", at(name + more.join("")), ...more);
  const refused = await run("mask255");
  expect(refused.code).toBe(1);
  expect(refused.err).toContain("mask255.label.png: besides background the label map has only 255 (20.8 %), but");
  const mapped = await run("mask255", "--map", "255=15");
  expect([mapped.code, mapped.err]).toEqual([0, expect.not.stringContaining("label maps")]);
  const warned = await run("rgb", "--json");
  expect(warned.code).toBe(0);
  expect(warned.err).toContain("1.0 % of the label maps' pixels have a value that no class has (0 to 20): 255 (1.0 %)");
  expect(JSON.parse(warned.out)).toMatchObject({ outside: [{ value: 255, pixels: 16 }] });
  const declared = await run("rgb", "--void", "255");
  expect(declared.err).not.toContain("label maps");
});

it("results of one meaning are not continued with another", async () => {
  const compare = ["compare", "test/fixtures/bugs/rgb.png", "--sizes", "none", "--out", at("meaning")];
  expect((await fcn(...compare, "--map", "255=15")).code).toBe(0);
  const { code, err } = await fcn(...compare, "--map", "255=12", "--resume");
  expect([code, err]).toEqual([2, expect.stringContaining("was made with other labels")]);
});

it("the time left is given in seconds, minutes or hours", () => {
  expect([3.2, 119, 600, 7300].map(duration)).toEqual(["4 s", "119 s", "10 min", "2.0 h"]);
});
