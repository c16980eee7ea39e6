/** Pictures for the Node entry: paths, file URLs and bytes of PNG, JPEG and WebP, turned by their EXIF orientation. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodePicture } from "../src/image/decode.js";
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

  it("gives the stored values of every format, whatever the colour profile", async () => {
    const pixel = async (picture: NodePicture) => [...(await readPicture(picture)).data.slice(0, 3)];
    const stored = [211, 61, 67];
    expect(await pixel("test/fixtures/bugs/p3.png")).toEqual(stored);
    const near = (await pixel("test/fixtures/bugs/p3.jpg")).map((v, c) => Math.abs(v - (stored[c] as number)));
    expect(Math.max(...near)).toBeLessThanOrEqual(1); // JPEG loses a little; converted it would be 231, 40, 62
    const tagged = sharp("test/fixtures/bugs/p3.png", { ignoreIcc: true }).keepIccProfile();
    for (const bytes of [
      await tagged.clone().webp({ lossless: true }).toBuffer(),
      await tagged.clone().tiff().toBuffer(),
    ]) {
      const want = await sharp(bytes, { ignoreIcc: true }).raw().toBuffer();
      expect((await sharp(bytes).metadata()).hasProfile).toBe(true);
      expect(await pixel(bytes)).toEqual([...want.subarray(0, 3)]);
    }
  });

  it.each<[string, NodePicture, RegExp]>([
    ["a JPEG that is cut off", at("cut.jpg"), /cut\.jpg: the JPEG is damaged or cut off \(2000 bytes\)/],
    [
      "HEIC, which is not damaged",
      "test/fixtures/bugs/photo.heic",
      /photo\.heic: HEIC cannot be read here, because the installed sharp has no decoder of HEVC; convert it to PNG/,
    ],
    ["JPEG XL", Buffer.from("ff0a0000", "hex"), /^picture bytes: JPEG XL cannot be read; convert it to PNG or JPEG$/],
    ["BMP", Buffer.from(`BM${"\0".repeat(12)}\x28`, "latin1"), /^picture bytes: BMP cannot be read; convert it/],
    ["a video", Buffer.from("\0\0\0\x14ftypisom\0\0\0\0mp42", "latin1"), /: MP4 video cannot be read; convert it/],
    [
      "a TIFF of no known kind",
      Buffer.from(`II*\0${"\0".repeat(60)}`, "latin1"),
      /: the TIFF is of a kind that sharp cannot read, or its header is damaged \(64 bytes\): .*; convert it to PNG/,
    ],
    ["a file that is not there", at("none.jpg"), /none\.jpg: there is no such file$/],
    ["a folder", folder, /: it is a folder$/],
    ["bytes that are not a picture", new Uint8Array([1, 2, 3]), /^picture bytes: it is not a PNG/],
  ])("refuses %s", async (_, picture, sentence) => {
    await expect(readPicture(picture)).rejects.toMatchObject({
      code: "bad-image",
      message: expect.stringMatching(sentence) as string,
    });
  });

  it("says how large a JPEG is that has too many pixels, and shrinks it where that is asked for", async () => {
    const create = { width: 16500, height: 16400, channels: 3, background: "#606060" } as const;
    const bytes = await sharp({ create, limitInputPixels: false }).jpeg({ quality: 1 }).toBuffer();
    const limit =
      "the JPEG is 16500 x 16400, more than the 268402689 pixels that can be read; make the picture smaller";
    const sentence = `${limit}, or cut it into pieces; fcn segment --resize N shrinks it while decoding`;
    await expect(readPicture(bytes)).rejects.toMatchObject({
      code: "bad-image",
      message: expect.stringContaining(sentence) as string,
    });
    await expect(decodePicture(bytes, "x", 16400)).rejects.toThrow("more than the 268402689 pixels");
    const shrunk = await decodePicture(bytes, "x", 64);
    expect(shrunk).toMatchObject({ width: 64, height: 64, shrunkFrom: { width: 16500, height: 16400 } });
    expect([...shrunk.data.slice(0, 4)]).toEqual([0x60, 0x60, 0x60, 255]);
    const turned = sharp(bytes, { limitInputPixels: false }).withMetadata({ orientation: 6 });
    expect(await decodePicture(await turned.jpeg({ quality: 1 }).toBuffer(), "x", 64)).toMatchObject({
      shrunkFrom: { width: 16400, height: 16500 },
    });
    await expect(decodePicture(bytes.subarray(0, 9000), "x", 64)).rejects.toThrow("the JPEG is damaged or cut off");
    const small = await sharp({ create: { ...create, width: 90, height: 70 } })
      .jpeg()
      .toBuffer();
    expect(await decodePicture(small, "x", 64)).toMatchObject({ width: 90, height: 70 });
  });
});

it("an aborted readPicture rejects with the signal's reason, whatever the picture is", async () => {
  const reason = new Error("no longer wanted");
  const file = at("turned.webp");
  for (const picture of [file, pathToFileURL(file), new Blob(["x"]), { width: 1, height: 1, data: Uint8Array.of(9) }])
    await expect(readPicture(picture, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  const abort = new AbortController();
  const reading = readPicture(file, { signal: abort.signal });
  abort.abort(reason);
  await expect(reading, "while it is read").rejects.toBe(reason);
});
