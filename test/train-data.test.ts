/** The pictures of a training: what tells two sets apart, and files of numbers beside them. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { DatasetItem } from "../src/cli/datasets.js";
import { checkApart, digestOf } from "../src/cli/train-data.js";
import { readClassWeights } from "../src/cli/train-numbers.js";

const root = mkdtempSync(join(tmpdir(), "fcn-train-data-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const at = (name: string): string => join(root, name);
mkdirSync(at("in"));
symlinkSync("in", at("linked"));
writeFileSync(at("in/a.png"), "picture");

const item = (label: string): DatasetItem => ({ key: "a.png", picture: at("in/a.png"), label: at(label) });
const digestWith = (text: string): Promise<string> => {
  writeFileSync(at("in/a.label.png"), text);
  return digestOf({ training: [item("in/a.label.png")], heldOut: [] });
};

describe("a set of pictures", () => {
  it("is another one after a label map was edited to the same size", async () => {
    const before = await digestWith("0011");
    expect(await digestWith("0111")).not.toBe(before);
    expect(await digestWith("0011")).toBe(before);
    const one = item("in/a.label.png");
    expect(await digestOf({ training: [], heldOut: [one] })).not.toBe(before);
  });

  it("whose label map is gone is said in a sentence", async () => {
    await expect(digestOf({ training: [item("none.png")], heldOut: [] })).rejects.toMatchObject({
      name: "UsageError",
      message: expect.stringMatching(/^train: .*none\.png cannot be read: /) as string,
    });
  });

  it("is not measured on through a linked folder", () => {
    const same: DatasetItem = { key: "linked/a.png", picture: at("linked/a.png") };
    const both = { training: [item("in/a.label.png")], heldOut: [same] };
    expect(() => checkApart(both)).toThrow(
      /linked\/a\.png is among the pictures to train on and among those to measure/,
    );
  });
});

it("weights of classes are not read without end", async () => {
  await expect(readClassWeights("/dev/zero", 2)).rejects.toThrow(
    "train: --class-weights /dev/zero is larger than 1048576 bytes; give a number a line",
  );
});
