/** VGG-16 files on the command line: segment, compare, inspect and import. Runs the build. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hashedVggTensor, vggTensors } from "../bench/hashed-vgg.js";
import { decodeLabelPng } from "../src/image/png.js";
import { loadFcn } from "../src/node.js";
import { useDevice } from "./helpers/device.js";
import { fcn } from "./helpers/fcn.js";
import { hashedFile } from "./helpers/hashed-checkpoint.js";
import { VGG_WIDTH, vggClassifier } from "./helpers/vgg.js";

const device = useDevice();
const root = mkdtempSync(join(tmpdir(), "fcn-vgg-"));
const at = (name: string): string => join(root, name);
const PICTURE = "test/fixtures/val/15.png";
/** The metadata of a safetensors file. */
const metadataOf = (path: string): unknown => {
  const bytes = readFileSync(path);
  const header = bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString();
  return (JSON.parse(header) as { __metadata__: unknown }).__metadata__;
};

beforeAll(async () => {
  writeFileSync(at("vgg.safetensors"), await hashedFile(vggTensors(21, VGG_WIDTH), hashedVggTensor));
  const classifier = vggClassifier("torchvision").map(({ name, shape }) => ({ name, shape }));
  writeFileSync(at("vgg16-imagenet.safetensors"), await hashedFile(classifier));
});
afterAll(() => rmSync(root, { recursive: true }));

describe("--at-once", () => {
  it("of segment is the library's atOnce", async () => {
    const weights = at("vgg.safetensors");
    const labels: Uint8Array[] = [];
    for (const atOnce of [false, true]) {
      const end = await fcn("segment", PICTURE, "--weights", weights, "--out", root, ...(atOnce ? ["--at-once"] : []));
      expect(end).toMatchObject({ code: 0 });
      const written = decodeLabelPng(readFileSync(at("15.labels.png"))).labels;
      const network = await loadFcn({ weights, device: device(), atOnce });
      expect(written).toEqual((await network.segment(PICTURE)).labels);
      labels.push(written);
      network.dispose();
    }
    expect(labels[0]).not.toEqual(labels[1]);
  });

  it("of compare is part of what the results say", async () => {
    const options = ["--weights", at("vgg.safetensors"), "--sizes", "none", "--out", at("compared"), "--at-once"];
    expect(await fcn("compare", PICTURE, ...options)).toMatchObject({ code: 0 });
    const [header = ""] = readFileSync(at("compared/results.jsonl"), "utf8").split("\n");
    expect(header).toMatch(/"weights":"[^"]*vgg\.safetensors \(\d+ bytes, at once\)"/);
    const without = options.filter((option) => option !== "--at-once");
    const resumed = await fcn("compare", PICTURE, ...without, "--resume");
    expect(resumed.code).toBe(2);
    expect(resumed.err).toContain("was made with other weights");
  });

  it("of compare is for the networks over VGG-16 among several files", async () => {
    const options = ["--weights", `${at("vgg.safetensors")},photos`, "--sizes", "none", "--out", at("several")];
    expect(await fcn("compare", PICTURE, ...options, "--at-once")).toMatchObject({ code: 0 });
    const [header = ""] = readFileSync(at("several/results.jsonl"), "utf8").split("\n");
    expect(header.match(/at once/g)?.length).toBeGreaterThan(0);
    expect(header).not.toMatch(/photos[^,"]*at once/);
  });

  it("is refused for other networks", async () => {
    const sentence = /has a backbone \S+, atOnce \(--at-once\) is for VGG-16: leave it out/;
    for (const command of ["segment", "compare"]) {
      const end = await fcn(command, PICTURE, "--at-once", "--out", at(command));
      expect(end.code).not.toBe(0);
      expect(end.err).toMatch(sentence);
    }
  });
});

it("inspect lists the networks that fit, and names --at-once where a network has skips", async () => {
  const { out, code } = await fcn("inspect", at("vgg.safetensors"));
  expect(code).toBe(0);
  expect(out).toContain("pytorch-fcn VGG-16: heads fcn8s, fcn16s, fcn32s, 21 classes, 4 planes");
  expect(out.match(/fcn(8|16|32)s +fits/g)).toHaveLength(3);
  expect(out).toContain("Give --at-once if it was trained at once");
});

it("import keeps how pictures are prepared for ImageNet's vgg16", async () => {
  const path = at("own.safetensors");
  expect(await fcn("import", at("vgg16-imagenet.safetensors"), "--out", path)).toMatchObject({ code: 0 });
  expect(metadataOf(path)).toMatchObject({ preprocessing: "imagenet" });
  const { out } = await fcn("inspect", path);
  expect(out).toContain("VGG-16");
  const options = { variant: "fcn16s", heads: "init", device: device() } as const;
  const networks = await Promise.all(
    [path, at("vgg16-imagenet.safetensors")].map((weights) => loadFcn({ ...options, weights })),
  );
  const [own, original] = await Promise.all(networks.map(async (network) => (await network.logits(PICTURE)).data));
  expect(own).toEqual(original);
  networks.forEach((network) => network.dispose());
});
