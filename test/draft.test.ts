/** `fcn segment --draft`: JPEGs are decoded smaller, where only the network needs their pixels. Runs the build. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { segment } from "../src/cli/segment.js";
import { readTask } from "../src/cli/threads/picture-tasks.js";
import { decodeLabelPng } from "../src/image/png.js";
import { shrink } from "../src/image/shrink.js";
import { loadFcn, readPicture } from "../src/node.js";
import { runCommand } from "./helpers/commands.js";
import { runFcn } from "./helpers/fcn.js";
import { rejectionOf } from "./helpers/promises.js";
import { agreement } from "./helpers/reference-maps.js";
import { root } from "./helpers/sources.js";

const SIDE = 96;
const folder = mkdtempSync(join(tmpdir(), "fcn-draft-"));
const at = (name: string): string => join(folder, name);
const PICTURE = at("large.jpg");
const PHOTOGRAPH = join(root, "samples/photographs/chelsea.png");
const readDraft = (image: string, resize: number | "none" = SIDE): ReturnType<typeof readTask> =>
  readTask({ kind: "read", image, resize, draft: true });

beforeAll(async () => {
  const large = sharp(PHOTOGRAPH).resize(1200, 900, { fit: "fill" });
  // Orientation 6: the stored rows are columns.
  await large.withMetadata({ orientation: 6 }).jpeg({ quality: 95 }).toFile(PICTURE);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a draft", () => {
  it("has the picture's size, turned as EXIF says, and pixels for the network alone", async () => {
    const { width, height, data, shrunk } = await readDraft(PICTURE);
    expect([width, height, data.length]).toEqual([900, 1200, 0]);
    const exact = shrink(await readPicture(PICTURE), 128, SIDE);
    expect(shrunk).toMatchObject({ width: SIDE, height: 128, channels: 4 });
    const steps = Array.from(exact.data, (value, i) => Math.abs(value - (shrunk?.data[i] ?? NaN)));
    expect(steps.reduce((sum, step) => sum + step, 0) / steps.length).toBeLessThan(2);
  });

  it("is not made of a PNG, nor of a picture that does not get smaller", async () => {
    for (const [image, resize] of [
      [PHOTOGRAPH, SIDE],
      [PICTURE, 900],
      [PICTURE, 2000],
      [PICTURE, "none"],
    ] as const) {
      const exact = await readTask({ kind: "read", image, resize });
      const { data, width, height } = await readDraft(image, resize);
      expect([width, height], `${image} at ${resize}`).toEqual([exact.width, exact.height]);
      expect(Buffer.from(data).equals(Buffer.from(exact.data))).toBe(true);
      expect(data).toHaveLength(width * height * 4);
    }
  });

  it("of a damaged file ends with the same error as without", async () => {
    const whole = await sharp(PICTURE).toBuffer();
    const bad = at("bad.jpg");
    for (const bytes of [whole.subarray(0, whole.length / 2), whole.subarray(0, 30)]) {
      writeFileSync(bad, bytes);
      const error = await rejectionOf(readTask({ kind: "read", image: bad, resize: SIDE }));
      expect(error).toMatchObject({ code: "bad-image" });
      await expect(readDraft(bad)).rejects.toEqual(error);
    }
  });

  it("at another size than the network needs is refused", async () => {
    const fcn = await loadFcn({ resize: 64 });
    await expect(fcn.segment(await readDraft(PICTURE))).rejects.toMatchObject({ code: "bad-image" });
    fcn.dispose();
  });
});

describe("fcn segment --draft", () => {
  const run = (...options: string[]): ReturnType<typeof runCommand> =>
    runCommand(segment, PICTURE, "--out", at("out"), ...options);

  it("gives labels of the picture's own size, close to those without", async () => {
    const labels = [];
    for (const options of [[], ["--draft"]]) {
      rmSync(at("out"), { recursive: true, force: true });
      const { code, err } = await run("--resize", "320", ...options);
      expect(code, err).toBe(0);
      labels.push(decodeLabelPng(readFileSync(at("out/large.labels.png"))).labels);
    }
    const [exact, draft] = labels as [Uint8Array, Uint8Array];
    expect(Buffer.compare(draft, exact), "some labels differ: a draft was made").not.toBe(0);
    expect(draft).toHaveLength(900 * 1200);
    expect(agreement(draft, exact)).toBeGreaterThan(0.98);
  });

  it("takes a picture from stdin too", async () => {
    await run("--resize", "320", "--draft");
    const input = readFileSync(PICTURE);
    const { code, bytes, err } = await runFcn(["segment", "-", "--out", "-", "--resize", "320", "--draft"], { input });
    expect(code, err).toBe(0);
    expect(bytes.equals(readFileSync(at("out/large.labels.png")))).toBe(true);
  });

  it.each([
    [["--overlay"], "--draft does not decode the pixels that an overlay shows; leave one of them out"],
    [["--resize", "none"], "--draft decodes pictures at the size that the network sees; give --resize N"],
    [["--weights", "icons"], "--draft decodes pictures at the size that the network sees; give --resize N"],
  ])("with %j is refused", async (options, sentence) => {
    await expect(run("--draft", ...options)).rejects.toThrow(`segment: ${sentence}`);
  });
});
