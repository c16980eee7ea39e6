/** Where label maps are found, what `--void` and `--map` make of them, and what is said about the rest. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { listPictures } from "../src/cli/datasets.js";
import { checkLabels, labelOf, needLabels } from "../src/cli/label-files.js";
import { checkMeaning, describeMeaning, labelMeaningOf } from "../src/cli/label-options.js";
import { labelWarning } from "../src/cli/label-warnings.js";
import { listVoc } from "../src/cli/voc.js";
import { FORMAT } from "../src/eval/records.js";
import { summarise } from "../src/eval/summary.js";
import { readLabelFile } from "../src/image/decode.js";
import { labelsMeant } from "../src/image/label-meaning.js";
import { chunk, pngFile } from "./helpers/png-bytes.js";

let root: string;
const at = (...parts: string[]): string => join(root, ...parts);
const BUGS = "test/fixtures/bugs";

async function files(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(join(at(name), ".."), { recursive: true });
    await writeFile(at(name), "");
  }
}
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "fcn-labels-"));
});
afterAll(() => rm(root, { recursive: true }));

describe("label maps in a folder of their own", () => {
  it("are found by the relative path of their picture, the longest first", async () => {
    await files("photos/a/1.jpg", "photos/b/1.jpg", "photos/2.jpg", "photos/c/3.png");
    await files("maps/a/1.png", "maps/b/1.label.png", "maps/2.png", "maps/photos/c/3.png", "maps/3.png");
    const items = await listPictures("compare", [at("photos/**/*.*")], at("maps"));
    const found = items.map(({ picture, label }) => [picture, label].map((path) => path?.slice(root.length + 1)));
    expect(found).toEqual([
      ["photos/2.jpg", "maps/2.png"],
      ["photos/a/1.jpg", "maps/a/1.png"],
      ["photos/b/1.jpg", "maps/b/1.label.png"],
      ["photos/c/3.png", "maps/photos/c/3.png"],
    ]);
    expect(() => checkLabels("compare", items, at("maps"))).not.toThrow();
  });

  it("are never the picture itself", async () => {
    await files("both/x.png", "both/x.label.png");
    expect(labelOf(at("both/x.png"), at("both"))).toBe(at("both/x.label.png"));
  });

  it("may not serve two pictures of different folders", async () => {
    await files("two/a/9.jpg", "two/b/9.jpg", "flat/9.png");
    const items = await listPictures("compare", [at("two/*/*.jpg")], at("flat"));
    const sentence =
      /^compare: .*a\/9\.jpg and .*b\/9\.jpg would share the label map .*flat\/9\.png; give the maps the/;
    expect(() => checkLabels("compare", items, at("flat"))).toThrow(sentence);
  });

  it("that fit none of the pictures are an error with the names that would", async () => {
    await files("alone/7.jpg", "unlike/8.png");
    const items = await listPictures("compare", [at("alone")], at("unlike"));
    const sentence =
      /the picture has no label map in the folder .*unlike \(--labels\); the map of .*7\.jpg would be 7\.png or/;
    expect(() => checkLabels("compare", items, at("unlike"))).toThrow(sentence);
    expect(() => needLabels("compare", items, "void")).toThrow(
      "--void is about label maps, and the picture has no label map",
    );
  });
});

describe("a folder of PASCAL VOC", () => {
  it("holds pictures of any format and any name", async () => {
    const names = ["plain.jpg", "two words.png", "bild ä (1).webp", "LOUD.JPG", "deep/er.jpeg", "dots.1.2.jpg"];
    await files(...names.map((name) => `voc/JPEGImages/${name}`), "voc/SegmentationClass/two words.png");
    await files("voc/SegmentationClass/deep/er.png", "voc/SegmentationClass/plain.png");
    const ids = ["plain", "two words", "bild ä (1)", "LOUD", "deep/er", "dots.1.2", "missing"];
    await mkdir(at("voc/ImageSets/Segmentation"), { recursive: true });
    await writeFile(at("voc/ImageSets/Segmentation/val.txt"), ids.join("\n"));
    await writeFile(at("voc/ImageSets/Segmentation/whole.txt"), "two words.png\n");
    const found = await listVoc("compare", at("voc"), "val");
    const folder = at("voc/JPEGImages/");
    expect(new Set(found.map(({ picture }) => picture.slice(folder.length)))).toEqual(
      new Set([...names, "missing.jpg"]),
    );
    expect(found.filter(({ label }) => label !== undefined).map(({ key }) => key)).toEqual([
      "deep/er",
      "plain",
      "two words",
    ]);
    const [whole] = await listVoc("compare", at("voc"), "whole");
    expect(whole).toMatchObject({ picture: at("voc/JPEGImages/two words.png") });
    expect(whole?.label).toBe(at("voc/SegmentationClass/two words.png"));
  });

  it.each(["../x", "a/../../x", "/etc/passwd", "a//b", "..\\x", "C:\\x", "a\u0007b"])(
    "names nothing outside: %j",
    async (id) => {
      await mkdir(at("out/ImageSets/Segmentation"), { recursive: true });
      await writeFile(at("out/ImageSets/Segmentation/val.txt"), `${id}\n`);
      await expect(listVoc("compare", at("out"), "val")).rejects.toThrow("has a line that is no picture's name");
    },
  );

  it("whose list cannot be read does not call it missing", async () => {
    await mkdir(at("locked/ImageSets/Segmentation/val.txt"), { recursive: true });
    await expect(listVoc("compare", at("locked"), "val")).rejects.toThrow(/val\.txt cannot be read: /);
    await expect(listVoc("compare", at("nowhere"), "val")).rejects.toThrow(/there is no list /);
  });

  it("without label maps says so", async () => {
    await files("bare/JPEGImages/a.jpg");
    await mkdir(at("bare/ImageSets/Segmentation"), { recursive: true });
    await writeFile(at("bare/ImageSets/Segmentation/val.txt"), "a\n");
    const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    await listVoc("compare", at("bare"), "val");
    expect(stderr.mock.calls.map(String).join("")).toContain(
      `the picture has no label map in ${at("bare/SegmentationClass")}; accuracy is left`,
    );
    stderr.mockRestore();
  });
});

describe("--void and --map", () => {
  it("say what values mean; 255 is void with --voc", () => {
    expect(labelMeaningOf({ void: "0, 255", map: "7=1,24113=2" })).toEqual({
      voids: new Set([0, 255]),
      classOf: new Map([
        [7, 1],
        [24113, 2],
      ]),
    });
    expect([...labelMeaningOf({}).voids]).toEqual([]);
    expect([...labelMeaningOf({ voc: "VOC2012" }).voids]).toEqual([255]);
    expect([...labelMeaningOf({ voc: "VOC2012", void: "0" }).voids]).toEqual([0]);
    expect([...labelMeaningOf({ voc: "VOC2012", map: "255=15" }).voids]).toEqual([]);
  });

  it.each([
    [{ void: "-1" }, '--void takes values of label maps, 0 to 65535, not "-1"'],
    [{ void: "" }, '--void takes values of label maps, 0 to 65535, not ""'],
    [{ void: "70000" }, '--void takes values of label maps, 0 to 65535, not "70000"'],
    [{ map: "1" }, '--map takes FROM=TO,... as in 255=15, not "1"'],
    [{ map: "1=2=3" }, '--map takes FROM=TO,... as in 255=15, not "1=2=3"'],
    [{ map: "a=2" }, '--map takes values of label maps, 0 to 65535, not "a"'],
    [{ map: "1=2,1=3" }, "--map names 1 twice"],
    [{ void: "255", map: "255=15" }, "255 is in --void and in --map; leave out one"],
  ])("%j is refused", (options, sentence) => expect(() => labelMeaningOf(options)).toThrow(sentence));

  it("are checked against the network", () => {
    expect(() => checkMeaning(labelMeaningOf({ map: "255=21" }), 21)).toThrow(
      "--map 255=21: the network's classes are 0 to 20",
    );
    expect(() => checkMeaning(labelMeaningOf({ void: "3" }), 256)).toThrow("the network has 256 classes");
    expect(() => checkMeaning(labelMeaningOf({ void: "3", map: "255=20" }), 21)).not.toThrow();
  });

  it("are one text in the header of results, in one order", () => {
    expect(describeMeaning(labelMeaningOf({ void: "9,3,255", map: "40=2,31=15" }))).toBe("3=void,9=void,31=15,40=2");
    expect(describeMeaning(labelMeaningOf({ void: "255" }))).toBeUndefined();
    expect(describeMeaning(labelMeaningOf({}))).toBeUndefined();
  });
});

describe("the values of a label map", () => {
  const map = { width: 6, height: 1, values: Uint16Array.of(0, 5, 30, 255, 300, 7) };
  const meant = (options: object, classes = 21) => labelsMeant(map, "x.png", classes, labelMeaningOf(options));

  it("become classes and void, and others are counted", () => {
    expect(meant({})).toMatchObject({ labels: Uint8Array.of(0, 5, 30, 255, 255, 7), outside: [30, 1, 255, 1, 300, 1] });
    expect(meant({ void: "30,255,5", map: "300=2" })).toMatchObject({
      labels: Uint8Array.of(0, 255, 255, 255, 2, 7),
      outside: [],
    });
    expect(meant({ map: "5=7,7=5" }).labels.slice(0, 6)).toEqual(Uint8Array.of(0, 7, 30, 255, 255, 5)); // at once
  });

  it.each([
    [{ void: "255" }, undefined],
    [{ map: "255=15" }, undefined],
    [{}, "only 255 (20.8 %), but the network's classes are 0 to 20; --map 255=CLASS says which class that is"],
  ])("0 and 255 alone need a meaning: %j", async (options, sentence) => {
    const rules = { ...labelMeaningOf(options), classes: 21 };
    const read = readLabelFile(`${BUGS}/mask255.label.png`, { width: 48, height: 32 }, rules);
    if (sentence === undefined) expect((await read).outside).toEqual([]);
    else
      await expect(read).rejects.toMatchObject({
        code: "bad-image",
        message: expect.stringContaining(sentence) as string,
      });
  });

  it("of 16 bits beyond a byte can be mapped", async () => {
    const form = { width: 2, height: 1, depth: 16, colourType: 0 };
    await writeFile(at("wide.png"), pngFile(form, [0, 94, 49, 0, 0], [chunk("tEXt", [65, 0])]));
    const rules = { ...labelMeaningOf({ map: "24113=3" }), classes: 21 };
    const { labels } = await readLabelFile(at("wide.png"), form, rules);
    expect([...labels]).toEqual([3, 0]);
  });
});

it("what did not count is said with its share", () => {
  const header = {
    format: FORMAT,
    variants: [],
    classNames: ["a", "b"],
    boundaryWidth: 3,
    weights: "",
    adapter: "",
  } as const;
  const record = (outside: number[]) => ({
    picture: String(outside),
    width: 10,
    height: 10,
    ms: { total: 1 },
    agreement: {},
    scores: {},
    outside,
  });
  const summary = summarise(header, [record([30, 4, 255, 36]), record([255, 10])]);
  expect(summary.outside).toEqual([
    { value: 255, pixels: 46, share: 0.23 },
    { value: 30, pixels: 4, share: 0.02 },
  ]);
  expect(labelWarning(summary, labelMeaningOf({}))).toBe(
    "25.0 % of the label maps' pixels have a value that no class has (0 to 1): 255 (23.0 %), 30 (2.0 %); " +
      "they do not count. --void 255 says that this is right, --map 255=CLASS which class it is",
  );
  expect(labelWarning(summary, labelMeaningOf({ void: "30,255" }))).toBeUndefined();
});
