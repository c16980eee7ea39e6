/** `fcn compare --weights a,b,c`: every output says what is shared; resumed and merged. Runs the build. */
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { paperFcnTensors, torchvisionFcnTensors } from "../bench/hashed-weights.js";
import { parseWeights } from "../src/cli/compare-weights.js";
import { encodeLabelPng, encodePng } from "../src/image/png.js";
import { fcn } from "./helpers/fcn.js";
import { hashedFile } from "./helpers/hashed-checkpoint.js";
import { noisePicture } from "./helpers/pictures.js";
import { setValues } from "./helpers/set-checkpoints.js";

let root: string;
const at = (...parts: string[]): string => join(root, ...parts);
const WIDTH = 4;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "fcn-set-"));
  await mkdir(at("c,d"));
  const small = paperFcnTensors(21, WIDTH, 18);
  await writeFile(at("a.safetensors"), await hashedFile(small));
  await writeFile(at("b.safetensors"), await hashedFile(small, setValues("heads", small)));
  await writeFile(at("c,d", "e,f.safetensors"), await hashedFile(torchvisionFcnTensors(21, WIDTH)));
  await writeFile(at("three.safetensors"), await hashedFile(paperFcnTensors(3, WIDTH, 18)));
  await mkdir(at("photos"));
  for (const [i, name] of ["1", "2", "3"].entries()) {
    await writeFile(at("photos", `${name}.png`), encodePng(noisePicture(16 + i, 24)));
    const truth = Uint8Array.from({ length: (16 + i) * 24 }, (_, k) => k % 21);
    await writeFile(at("photos", `${name}.label.png`), encodeLabelPng(truth, 24, 16 + i));
  }
});
afterAll(() => rm(root, { recursive: true, force: true }));

const FILES = ["a.safetensors", "b.safetensors", "c,d/e,f.safetensors"];
const compare = (out: string, ...more: string[]) =>
  fcn("compare", at("photos"), "--sizes", "none", "--out", at(out), ...more);
const weights = (...names: string[]): string[] => ["--weights", names.map((name) => at(name)).join(",")];

interface Report {
  readonly format: string;
  readonly groups: readonly Readonly<Record<string, unknown>>[];
  readonly variants: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly agreement: unknown;
}

const reportIn = async (out: string): Promise<Report> =>
  JSON.parse(await readFile(at(out, "report.json"), "utf8")) as Report;

/** What does not depend on clocks. */
async function totalsIn(out: string): Promise<unknown> {
  const { variants, agreement, groups } = await reportIn(out);
  return [
    agreement,
    groups.map(({ name, weights: files, variants: own }) => [name, files, own]),
    Object.entries(variants).map(([name, { meanIoU, boundaryIoU, pixelAccuracy }]) => [
      name,
      meanIoU,
      boundaryIoU,
      pixelAccuracy,
    ]),
  ];
}

const NAMES = [
  ...["a", "b"].flatMap((of) => [`fcn32s of ${of}`, `fcn16s of ${of}`, `fcn8s of ${of}`]),
  "fcn-resnet101",
];

describe("a run", () => {
  it("tells on the terminal and in the files what is shared", async () => {
    const { code, out, err } = await compare("whole", ...weights(...FILES));
    expect([code, err]).toEqual([0, expect.stringContaining("fcn-resnet101 has a backbone of its own\n")]);
    expect(err).toContain(`${NAMES.slice(0, 6).join(", ")} share a backbone\n`);
    expect(err).toContain("b.safetensors is fcn-webgpu ResNet-18: heads fcn8s, fcn16s, fcn32s, 21 classes, 4 planes; ");
    expect(out).toMatch(/^backbone +sees +shared ms +GFLOP +M params +all ms +all MiB +networks over it$/m);
    expect(out).toMatch(/^a \+ b +own size .* FCN-32s of a, FCN-16s of a, FCN-8s of a, FCN-32s of b, FCN-16s of b, /m);
    expect(out).toMatch(/^e,f +520 px .* FCN-ResNet101$/m);
    expect(out).toContain(
      'There are 2 backbones; each runs once a picture for its networks, whose time together is "all',
    );
    const { format, groups, variants } = await reportIn("whole");
    expect([format, Object.keys(variants)]).toEqual(["fcn-compare 2", NAMES]);
    expect(groups).toMatchObject([
      { name: "a + b", variants: NAMES.slice(0, 6) },
      { name: "e,f", variants: ["fcn-resnet101"], resize: 520 },
    ]);
    const [kept = ""] = await readdir(at("whole/kept"));
    expect(await readdir(at("whole/kept", kept))).toContain("fcn32s-of-b.png");
    const html = await readFile(at("whole/report.html"), "utf8");
    expect(html).toContain("What is shared");
    expect(html.match(/<article /g)).toHaveLength(3);
    expect(html).toContain("<b>FCN-32s of b</b>");
    expect(await readdir(at("whole/plots"))).toContain("confusion-fcn8s-of-a.svg");
  });

  it("cut off and resumed, and in shards that are merged, ends in the same totals", async () => {
    await compare("cut", ...weights(...FILES));
    const lines = (await readFile(at("cut/results.jsonl"), "utf8")).split("\n");
    await writeFile(at("cut/results.jsonl"), `${lines.slice(0, 2).join("\n")}\n{"pict`);
    const other = await compare("cut", "--resume", ...weights("a.safetensors", "b.safetensors"));
    expect([other.code, other.err]).toEqual([2, expect.stringContaining("was made with other variants and groups")]);
    expect((await compare("cut", "--resume", ...weights(...FILES))).code).toBe(0);
    expect(await totalsIn("cut")).toEqual(await totalsIn("whole"));
    for (const i of [1, 2]) await compare(`shard${i}`, "--shard", `${i}/2`, ...weights(...FILES));
    expect((await fcn("compare", "--merge", at("shard2"), at("shard1"), "--out", at("merged"))).code).toBe(0);
    expect(await totalsIn("merged")).toEqual(await totalsIn("whole"));
  });

  it("times the networks of a backbone together, and one alone once", async () => {
    const run = ["--weights", FILES.map((name) => at(name)).join(","), "--variants", "fcn8s,fcn-resnet101"];
    const { code } = await fcn("compare", at("photos/1.png"), "--sizes", "24x16", "--out", at("timed"), ...run);
    expect(code).toBe(0);
    const text = await readFile(at("timed/results.jsonl"), "utf8");
    const costs = text.split("\n").flatMap((line) => /^\{"cost":\{"variant":"([^"]+)"/.exec(line)?.[1] ?? []);
    expect(costs).toEqual(["fcn8s of a", "fcn8s of b", "fcn-resnet101", "all of a + b"]);
    const { groups } = await reportIn("timed");
    const [shared, own] = groups.map(({ together, backbone }) => [together, backbone]);
    expect(shared).toMatchObject([{ variant: "all of a + b" }, { flops: expect.any(Number) as number }]);
    expect(own).toMatchObject([{ variant: "fcn-resnet101" }, { parameters: expect.any(Number) as number }]);
  });

  it("of one file is as it was: one header, which older results have", async () => {
    await compare("one", ...weights("a.safetensors"));
    const header = JSON.parse((await readFile(at("one/results.jsonl"), "utf8")).split("\n")[0] ?? "") as object;
    expect(header).toMatchObject({ format: "fcn-compare 1", variants: ["fcn32s", "fcn16s", "fcn8s"] });
    expect(header).not.toHaveProperty("groups");
    const { out } = await fcn("compare", "--merge", at("one"), "--out", at("one-merged"));
    expect(out).not.toContain("networks over it");
  });

  it.each([
    [
      ["a.safetensors", "three.safetensors"],
      [],
      1,
      "compare: a has 21 classes and three has 3; only networks of the same",
    ],
    [["a.safetensors", "a.safetensors"], [], 2, "twice; a network compared with itself tells nothing, so name it once"],
    [
      ["a.safetensors", "b.safetensors"],
      ["--state-dict", "x"],
      2,
      "--state-dict chooses a network in one file, and --weights",
    ],
    [["a.safetensors", "none.safetensors"], [], 2, "none.safetensors"],
    [
      ["a.safetensors", "b.safetensors"],
      ["--variants", "fcn-resnet50"],
      1,
      "it has no head for fcn-resnet50, only for",
    ],
  ])("of %j with %j is refused", async (files, more, code, message) => {
    const end = await compare("refused", ...weights(...files), ...more);
    expect([end.code, end.err]).toEqual([code, expect.stringContaining(message)]);
  });
});

describe("--weights", () => {
  it("is a list, in which files may have commas in their names", () => {
    expect(parseWeights("photos, icons")).toEqual(["photos", "icons"]);
    const comma = at("c,d/e,f.safetensors");
    expect(parseWeights(comma)).toEqual([comma]);
    expect(parseWeights(`photos,${comma},${at("a.safetensors")}`)).toEqual(["photos", comma, at("a.safetensors")]);
    expect(parseWeights("https://x.org/a%2Cb.pth,c.pth")).toEqual(["https://x.org/a%2Cb.pth", "c.pth"]);
  });

  it("names each file once, however it is spelled", async () => {
    await symlink(at("a.safetensors"), at("link.safetensors"));
    const twice = `${at("a.safetensors")},${at("link.safetensors")}`;
    expect(() => parseWeights(twice)).toThrow(`names ${at("a.safetensors")} twice, also as ${at("link.safetensors")};`);
    for (const text of ["", "a,", ",a", "a,,b"])
      expect(() => parseWeights(text), text).toThrow("has an empty name; separate names by one comma");
  });
});
