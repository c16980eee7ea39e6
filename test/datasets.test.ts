/** Finding pictures and label maps, and decoding what is found: JPEG, WebP, orientation, damage, sizes. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import type { Sharp } from "sharp";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { listPictures } from "../src/cli/datasets.js";
import { parseShard, shardOf } from "../src/cli/shards.js";
import { listVoc } from "../src/cli/voc.js";
import { decodePicture, readLabelFile, readPictureFile } from "../src/image/decode.js";
import { encodeLabelPng } from "../src/image/png.js";

let root: string;
const at = (...parts: string[]): string => join(root, ...parts);
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "fcn-datasets-"));
  for (const folder of ["photos/deep", "truth", "empty"]) await mkdir(at(folder), { recursive: true });
  for (const name of ["b.jpg", "a.png", "a.label.png", "a.overlay.png", "v1.2.webp", "notes.txt", "deep/c.jpeg"])
    await writeFile(at("photos", name), "");
  await writeFile(at("truth/b.png"), "");
});
afterAll(() => rm(root, { recursive: true }));

/** Key below the root, and whether there is a label map. */
async function keys(inputs: string[], labels?: string): Promise<(readonly [string, boolean])[]> {
  const paths = inputs.map((input) => at(input));
  const items = await listPictures("compare", paths, labels);
  return items.map(({ key, label }) => [key.slice(root.length + 1), label !== undefined] as const);
}

describe("listPictures", () => {
  it("takes folders, leaves out files about another picture, and finds label maps", async () => {
    expect(await keys(["photos"])).toEqual([
      ["photos/a.png", true],
      ["photos/b.jpg", false],
      ["photos/v1.2.webp", false],
    ]);
    expect(await keys(["photos"], at("truth"))).toEqual([
      ["photos/a.png", false],
      ["photos/b.jpg", true],
      ["photos/v1.2.webp", false],
    ]);
  });

  it("takes patterns and files, each picture once", async () => {
    expect(await keys(["photos/**/*.{jpg,jpeg}", "photos/b.jpg"])).toEqual([
      ["photos/b.jpg", false],
      ["photos/deep/c.jpeg", false],
    ]);
    expect(await keys(["photos/?.png"])).toEqual([["photos/a.png", true]]);
  });

  it.each([
    ["nothing.png", "there is no file or folder"],
    ["photos/*.gif", "matches no picture"],
    ["empty", "holds no picture"],
    ["photos/{a.png", "unmatched brace"],
  ])("says what is wrong with %s", async (input, message) => {
    await expect(listPictures("compare", [at(input)])).rejects.toThrow(message);
  });

  it("treats everything else in a pattern literally", async () => {
    for (const folder of ["signs/a.b+(c)", "signs/aXb+(c)"]) await mkdir(at(folder), { recursive: true });
    for (const name of ["a.b+(c)/d,e.png", "aXb+(c)/f.png"]) await writeFile(at("signs", name), "");
    expect(await keys(["signs/a.b+(c)*/*.png"])).toEqual([["signs/a.b+(c)/d,e.png", false]]);
    await expect(keys(["signs/*.png"])).rejects.toThrow("matches no picture");
  });
});

describe("listVoc", () => {
  it("reads a split sorted by id, and refuses a missing or malformed list", async () => {
    await mkdir(at("voc/ImageSets/Segmentation"), { recursive: true });
    await mkdir(at("voc/SegmentationClass"), { recursive: true });
    await writeFile(at("voc/SegmentationClass/2007_000033.png"), "");
    await writeFile(at("voc/ImageSets/Segmentation/val.txt"), "2007_000042\r\n2007_000033\n\n");
    await writeFile(at("voc/ImageSets/Segmentation/bad.txt"), "../../etc/passwd\n");
    const items = await listVoc("compare", at("voc"), "val");
    expect(
      items.map(({ key, picture, label }) => [
        key,
        picture === at("voc/JPEGImages", `${key}.jpg`),
        label !== undefined,
      ]),
    ).toEqual([
      ["2007_000033", true, true],
      ["2007_000042", true, false],
    ]);
    await expect(listVoc("compare", at("voc"), "test")).rejects.toThrow("--voc takes the folder that holds ImageSets");
    await expect(listVoc("compare", at("voc"), "bad")).rejects.toThrow("no picture's name");
  });

  it("takes a picture once that is named by its id and by its file", async () => {
    for (const folder of ["ImageSets/Segmentation", "JPEGImages"])
      await mkdir(at("twice", folder), { recursive: true });
    await writeFile(at("twice/JPEGImages/cat.png"), "");
    await writeFile(at("twice/ImageSets/Segmentation/val.txt"), "cat.png\ncat\ndog\ndog.jpg\n");
    const items = await listVoc("compare", at("twice"), "val", { needsLabels: false });
    expect(items.map(({ key, picture }) => [key, picture])).toEqual([
      ["cat", at("twice/JPEGImages/cat.png")],
      ["dog", at("twice/JPEGImages/dog.jpg")],
      ["dog.jpg", at("twice/JPEGImages/dog.jpg.jpg")],
    ]);
  });
});

it("shards are disjoint, alike and complete", () => {
  const all = Array.from({ length: 23 }, (_, i) => i);
  const parts = Array.from({ length: 7 }, (_, i) => shardOf(all, parseShard("compare", { shard: `${i + 1}/7` })));
  expect(parts.flat().sort((a, b) => a - b)).toEqual(all);
  expect(new Set(parts.map((p) => p.length))).toEqual(new Set([3, 4]));
  for (const wrong of ["0/7", "8/7", "1", "a/b", "1/0", "01/7", "1/07"])
    expect(() => parseShard("compare", { shard: wrong })).toThrow("not of the form i/n");
});

describe("decodePicture", () => {
  // Left half red, right half blue.
  const halves = (): Sharp =>
    sharp(Buffer.from(Array.from({ length: 32 * 16 }, (_, i) => (i % 32 < 16 ? [255, 0, 0] : [0, 0, 255])).flat()), {
      raw: { width: 32, height: 16, channels: 3 },
    });

  it.each(["jpeg", "webp", "png"] as const)("reads %s", async (format) => {
    const { width, height, data } = await decodePicture(
      await halves().toFormat(format, { quality: 100 }).toBuffer(),
      "x",
    );
    expect([width, height, data.length]).toEqual([32, 16, 32 * 16 * 4]);
    expect([data[0], data[31 * 4 + 2], data[3]].every((v) => (v ?? 0) > 240)).toBe(true);
  });

  it("turns a picture as its EXIF orientation says", async () => {
    const { width, height, data } = await decodePicture(
      await halves().withMetadata({ orientation: 6 }).jpeg({ quality: 100 }).toBuffer(),
      "x",
    );
    expect([width, height]).toEqual([16, 32]); // turned a quarter to the right: red is on top
    expect([data[0], data[31 * 16 * 4]].map((v) => (v ?? 0) > 200)).toEqual([true, false]);
  });

  it("puts transparency over white, grey to RGB", async () => {
    const clear = await sharp({
      create: { width: 4, height: 4, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } },
    })
      .webp({ lossless: true })
      .toBuffer();
    expect([...(await decodePicture(clear, "x")).data.slice(0, 4)]).toEqual([255, 255, 255, 255]);
    const grey = await sharp({ create: { width: 4, height: 4, channels: 3, background: "#808080" } })
      .greyscale()
      .jpeg()
      .toBuffer();
    expect([...(await decodePicture(grey, "x")).data.slice(0, 4)]).toEqual([128, 128, 128, 255]);
  });

  it("names a file that is cut off, empty or no picture", async () => {
    const whole = await sharp({
      create: {
        width: 300,
        height: 200,
        channels: 3,
        background: "#123456",
        noise: { type: "gaussian", mean: 128, sigma: 40 },
      },
    })
      .jpeg()
      .toBuffer();
    await expect(decodePicture(whole.subarray(0, whole.length >> 1), "half.jpg")).rejects.toMatchObject({
      code: "bad-image",
      message: expect.stringMatching(/^half\.jpg: the JPEG is damaged or cut off/) as string,
    });
    await expect(decodePicture(new Uint8Array(), "none.jpg")).rejects.toThrow("none.jpg: the file is empty");
    await expect(decodePicture(Buffer.from("hello world"), "note.png")).rejects.toThrow("note.png: it is not a PNG");
    await expect(readPictureFile(at("missing.png"))).rejects.toThrow("there is no such file");
  });

  it("says what to install where sharp is missing", async () => {
    vi.resetModules();
    vi.doMock("sharp", () => {
      throw new Error("Cannot find package 'sharp'");
    });
    const { decodePicture: decode } = await import("../src/image/decode.js");
    await expect(decode(Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 0, 0, 0]), "cat.jpg")).rejects.toMatchObject({
      code: "missing-package",
      message: expect.stringMatching(
        /^cat\.jpg: reading JPEG needs the npm package "sharp" .*npm install sharp/,
      ) as string,
    });
    vi.doUnmock("sharp");
  });
});

it("a label map of another size is an error with both sizes", async () => {
  await writeFile(at("m.png"), encodeLabelPng(new Uint8Array(12), 4, 3));
  await expect(readLabelFile(at("m.png"), { width: 3, height: 4 })).rejects.toThrow(
    "the label map is 4 x 3, its picture is 3 x 4",
  );
  expect((await readLabelFile(at("m.png"), { width: 4, height: 3 })).labels).toHaveLength(12);
});
