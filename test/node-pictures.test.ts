/** Pictures for the Node entry: paths, file URLs and bytes of PNG, JPEG and WebP, turned by their EXIF orientation. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadFcn, readPicture } from "../src/node.js";
import type { Fcn, NodePicture } from "../src/node.js";
import { useDevice } from "./helpers/device.js";
import { agreement } from "./helpers/reference-maps.js";

const device = useDevice();
const VAL = "test/fixtures/val/15.png";
const folder = mkdtempSync(join(tmpdir(), "fcn-pictures-"));
const at = (name: string): string => join(folder, name);
let fcn: Fcn<NodePicture>;
/** The labels of VAL. */
let expected: Uint8Array;

beforeAll(async () => {
  await sharp(VAL).webp({ lossless: true }).toFile(at("photo.webp"));
  await sharp(VAL).jpeg({ quality: 100, chromaSubsampling: "4:4:4" }).toFile(at("photo.jpg"));
  writeFileSync(at("cut.jpg"), (await sharp(VAL).jpeg().toBuffer()).subarray(0, 2000));
  fcn = await loadFcn({ device: device(), variant: "fcn16s" });
  expected = (await fcn.segment(VAL)).labels;
});
afterAll(() => {
  fcn.dispose();
  rmSync(folder, { recursive: true });
});

describe("segment takes", () => {
  it.each<[string, () => NodePicture | Promise<NodePicture>]>([
    ["the path of a WebP file", () => at("photo.webp")],
    ["its file: URL", () => pathToFileURL(at("photo.webp"))],
    ["its bytes", async () => sharp(VAL).webp({ lossless: true }).toBuffer()],
    ["the bytes of a PNG file", async () => sharp(VAL).png().toBuffer()],
  ])("%s", async (_, picture) => expect((await fcn.segment(await picture())).labels).toEqual(expected));

  it("a JPEG file, alone and in rows", async () => {
    const { labels, width, height } = await fcn.segment(at("photo.jpg"));
    expect([width, height]).toEqual([131, 97]);
    expect(agreement(labels, expected)).toBeGreaterThan(0.97);
    const [batch] = await fcn.segmentBatch([at("photo.jpg"), VAL]);
    expect(batch?.labels).toEqual(labels);
    for await (const each of fcn.segmentAll([at("photo.jpg")])) expect(each.labels).toEqual(labels);
  });
});

describe("readPicture", () => {
  it("turns a picture as its EXIF orientation says", async () => {
    await sharp(VAL).withMetadata({ orientation: 6 }).webp({ lossless: true }).toFile(at("turned.webp"));
    const upright = await sharp(VAL).rotate(90).removeAlpha().ensureAlpha().raw().toBuffer();
    const { width, height, data } = await readPicture(at("turned.webp"));
    expect([width, height, Buffer.from(data).equals(upright)]).toEqual([97, 131, true]);
  });

  it.each<[string, NodePicture, RegExp]>([
    ["a JPEG that is cut off", at("cut.jpg"), /cut\.jpg: the JPEG is damaged or cut off \(2000 bytes\)/],
    ["a file that is not there", at("none.jpg"), /none\.jpg: there is no such file$/],
    ["a folder", folder, /: it is a folder$/],
    ["bytes that are not a picture", new Uint8Array([1, 2, 3]), /^picture bytes: it is no PNG/],
    [
      "a URL of the web",
      new URL("https://example.org/cat.jpg"),
      /^https:\/\/example\.org\/cat\.jpg: pictures are read from files; fetch it and pass its bytes$/,
    ],
    [
      "the text of such a URL",
      "https://example.org/cat.jpg",
      /^https:\/\/example\.org\/cat\.jpg: pictures are read from files; fetch it and pass its bytes$/,
    ],
  ])("refuses %s", async (_, picture, sentence) => {
    await expect(readPicture(picture)).rejects.toMatchObject({
      code: "bad-image",
      message: expect.stringMatching(sentence) as string,
    });
  });
});
