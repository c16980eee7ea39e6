/** The page's GPU and CPU painters draw the same, except near the lines between classes. */
import { describe, expect, it } from "vitest";
import type { Layering, Look } from "../demo/src/messages.js";
import { blend } from "../demo/src/worker/cpu-painter.js";
import { PaintPass } from "../demo/src/worker/paint-pass.js";
import type { Layer } from "../demo/src/worker/painter.js";
import { BUFFER, MAP_MODE_READ, TEXTURE } from "../src/gpu/flags.js";
import { useDevice } from "./helpers/device.js";
import { seeded } from "./helpers/random.js";

const device = useDevice();
const [width, height] = [64, 30];
/** A row of 64 RGBA pixels: 256 bytes, the alignment of copies to a buffer. */
const ROW_BYTES = width * 4;
/** GPUTextureUsage.RENDER_ATTACHMENT; kernels need no render target, so src/gpu/flags.ts lacks it. */
const RENDER_ATTACHMENT = 0x10;
/** The labels do not start at the buffer's start, as in an arena. */
const LABELS_OFFSET = 256;

const random = seeded(3);
const picture = {
  width,
  height,
  data: Uint8Array.from({ length: width * height * 4 }, (_, i) => (i % 4 === 3 ? 255 : Math.floor(random() * 256))),
};

/** Rectangles of 16 x 10 pixels: four columns, three rows. */
const labels = Uint8Array.from({ length: width * height }, (_, i) => {
  const column = Math.floor((i % width) / 16);
  const row = Math.floor(i / width / 10);
  return [0, 7, 15, 255, 7, 0, 1, 20][(column + 4 * row) % 8] ?? 0;
});

/** Another label map: the rectangles lie a column further. */
const others = Uint8Array.from(labels, (_, i) => labels[i % width < 16 ? i : i - 16] ?? 0);

/** Whether all labels within two pixels are the same. */
function isInner(i: number): boolean {
  const offsets = [-2, -1, 0, 1, 2];
  return offsets.every((dx) => offsets.every((dy) => isSame(i, i + dx + dy * width)));
}

const isSame = (a: number, b: number): boolean => labels[a] === labels[b] && others[a] === others[b];

/** RGBA as the GPU draws it, with the labels from the host, from a GPU buffer, or without labels. */
async function draw(
  look: Look,
  source: "host" | "gpu" | "none",
  layering: Layering = { variant: "net" },
): Promise<Uint8Array> {
  const { gpu } = device();
  const pass = new PaintPass(gpu, "rgba8unorm");
  const buffer = gpu.createBuffer({
    size: LABELS_OFFSET + labels.length,
    usage: BUFFER.COPY_SRC | BUFFER.COPY_DST,
  });
  gpu.queue.writeBuffer(buffer, LABELS_OFFSET, labels);
  const layers = new Map<string, Layer>();
  if (source === "host") layers.set("net", { labels, buffer: undefined });
  if (source === "gpu") layers.set("net", { labels: new Uint8Array(0), buffer: { buffer, offset: LABELS_OFFSET } });
  layers.set("other", { labels: others, buffer: undefined });
  pass.show(picture, layers);
  const target = gpu.createTexture({
    size: [width, height],
    format: "rgba8unorm",
    usage: RENDER_ATTACHMENT | TEXTURE.COPY_SRC,
  });
  const staging = gpu.createBuffer({
    size: ROW_BYTES * height,
    usage: BUFFER.MAP_READ | BUFFER.COPY_DST,
  });
  const encoder = gpu.createCommandEncoder();
  pass.draw(encoder, { view: target.createView(), size: [width, height], index: 0 }, layering, look);
  encoder.copyTextureToBuffer({ texture: target }, { buffer: staging, bytesPerRow: ROW_BYTES }, [width, height]);
  gpu.queue.submit([encoder.finish()]);
  await device().settle(staging.mapAsync(MAP_MODE_READ));
  const pixels = new Uint8Array(staging.getMappedRange().slice(0));
  for (const owned of [staging, target, buffer]) owned.destroy();
  pass.dispose();
  return pixels;
}

/** Largest difference of a channel, over the pixels away from other classes. */
function difference(drawn: Uint8Array, expected: Uint8ClampedArray): number {
  let worst = 0;
  for (let i = 0; i < labels.length; i++) {
    if (!isInner(i)) continue;
    for (let channel = i * 4; channel < i * 4 + 4; channel++)
      worst = Math.max(worst, Math.abs((drawn[channel] as number) - (expected[channel] as number)));
  }
  return worst;
}

describe("the page's painters agree", () => {
  const plain: Look = { opacity: 0.6, grey: false, split: 0, highlight: undefined, layerings: [] };
  const looks: Readonly<Record<string, Look>> = {
    "an overlay": plain,
    "an overlay on grey": { ...plain, grey: true },
    "no overlay": { ...plain, opacity: 0 },
    "grey alone": { ...plain, opacity: 0, grey: true },
    "one class": { ...plain, opacity: 0.5, highlight: 7 },
    "the background": { ...plain, opacity: 0.5, split: 0.25, highlight: 0 },
  };
  for (const [name, look] of Object.entries(looks)) {
    it(`on ${name}`, async () => {
      for (const source of ["host", "gpu"] as const)
        expect(
          difference(await draw(look, source), blend(picture, { labels, left: labels }, look)),
          source,
        ).toBeLessThanOrEqual(1);
    });
  }

  it("on a divider between the picture, or another label map, and labels", async () => {
    const look = { ...plain, opacity: 1, split: 0.5 };
    const bare = await draw(look, "gpu", { variant: "net", left: { variant: undefined } });
    expect(difference(bare, blend(picture, { labels, left: undefined }, look))).toBeLessThanOrEqual(1);
    const both = await draw(look, "gpu", { variant: "net", left: { variant: "other" } });
    expect(difference(both, blend(picture, { labels, left: others }, look))).toBeLessThanOrEqual(1);
  });

  it("on where label maps differ, for all classes and for one", async () => {
    for (const highlight of [undefined, 7]) {
      const look = { ...plain, highlight };
      const drawn = await draw(look, "gpu", { variant: "net", against: "other" });
      expect(difference(drawn, blend(picture, { labels, against: others }, look))).toBeLessThanOrEqual(1);
    }
  });

  it("on a picture without labels", async () => {
    expect(await draw({ ...plain, opacity: 1, highlight: 2 }, "none")).toEqual(picture.data);
  });

  it("on a light line inside a class, and a dark one around it", async () => {
    const look = { ...plain, opacity: 1 };
    const ways = [await draw(look, "gpu"), blend(picture, { labels, left: labels }, look)] as const;
    for (const at of [5 * width + 15, 5 * width + 16].flatMap((pixel) =>
      [0, 1, 2].map((channel) => 4 * pixel + channel),
    ))
      expect(Math.abs((ways[0][at] as number) - (ways[1][at] as number)), "GPU and CPU draw alike").toBeLessThanOrEqual(
        1,
      );
    for (const drawn of ways) {
      const lumaAt = (x: number): number =>
        (drawn[(5 * width + x) * 4] as number) + (drawn[(5 * width + x) * 4 + 1] as number);
      expect(lumaAt(16), "class 7, beside the background").toBeGreaterThan(400);
      expect(lumaAt(15), "the background, beside class 7").toBeLessThan(120);
    }
  });
});
