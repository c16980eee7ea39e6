/** What the page's GPU draws on a canvas is what its CPU draws, away from the lines between classes. */
import { describe, expect, it } from "vitest";
import type { Look } from "../demo/src/messages.js";
import { blend } from "../demo/src/worker/cpu-painter.js";
import { PaintPass } from "../demo/src/worker/gpu-painter.js";
import { useDevice } from "./helpers/device.js";
import { seeded } from "./helpers/random.js";

const device = useDevice();
const [width, height] = [64, 30];
const random = seeded(3);
const picture = {
  width,
  height,
  data: Uint8Array.from({ length: width * height * 4 }, (_, i) => (i % 4 === 3 ? 255 : Math.floor(random() * 256))),
};
/** Rectangles of 16 x 10. */
const labels = Uint8Array.from(
  { length: width * height },
  (_, i) => [0, 7, 15, 255, 7, 0, 1, 20][(Math.floor((i % width) / 16) + 4 * Math.floor(i / width / 10)) % 8] ?? 0,
);
const inner = (i: number): boolean =>
  [...Array(5).keys()].every((dx) =>
    [...Array(5).keys()].every((dy) => labels[i + dx - 2 + (dy - 2) * width] === labels[i]),
  );

async function draw(look: Look, source: "host" | "gpu", shown = true): Promise<Uint8Array> {
  const { gpu } = device();
  const pass = new PaintPass(gpu, "rgba8unorm");
  const buffer = gpu.createBuffer({ size: 256 + labels.length, usage: 0xc }); // as an output in an arena: not at its start
  gpu.queue.writeBuffer(buffer, 256, labels);
  pass.show(
    picture,
    new Map(
      shown
        ? [
            [
              "net",
              {
                labels: source === "host" ? labels : new Uint8Array(0),
                buffer: source === "gpu" ? { buffer, offset: 256 } : undefined,
              },
            ],
          ]
        : [],
    ),
  );
  const target = gpu.createTexture({ size: [width, height], format: "rgba8unorm", usage: 0x11 });
  const staging = gpu.createBuffer({ size: 256 * height, usage: 0x9 });
  const encoder = gpu.createCommandEncoder();
  pass.draw(encoder, target.createView(), [width, height], 0, "net", look);
  encoder.copyTextureToBuffer({ texture: target }, { buffer: staging, bytesPerRow: 256 }, [width, height]);
  gpu.queue.submit([encoder.finish()]);
  await device().settle(staging.mapAsync(1));
  const pixels = new Uint8Array(staging.getMappedRange().slice(0, width * 4 * height)); // 64 pixels are 256 bytes
  for (const owned of [staging, target, buffer]) owned.destroy();
  pass.dispose();
  return pixels;
}

/** Largest difference over pixels that are not beside another class. */
function difference(drawn: Uint8Array, expected: Uint8ClampedArray): number {
  let worst = 0;
  for (let i = 0; i < labels.length; i++) {
    if (inner(i))
      for (let c = 0; c < 4; c++)
        worst = Math.max(worst, Math.abs((drawn[i * 4 + c] as number) - (expected[i * 4 + c] as number)));
  }
  return worst;
}

describe("the page's painters agree", () => {
  const looks: Readonly<Record<string, Look>> = {
    "an overlay": { opacity: 0.6, split: 0, highlight: undefined },
    "no overlay": { opacity: 0, split: 0, highlight: undefined },
    "a divider": { opacity: 1, split: 0.5, highlight: undefined },
    "one class": { opacity: 0.5, split: 0, highlight: 7 },
    "the background": { opacity: 0.5, split: 0.25, highlight: 0 },
  };
  for (const [name, look] of Object.entries(looks)) {
    it(`on ${name}`, async () => {
      for (const source of ["host", "gpu"] as const)
        expect(difference(await draw(look, source), blend(picture, labels, look)), source).toBeLessThanOrEqual(1);
    });
  }

  it("on a picture without labels", async () => {
    expect(await draw({ opacity: 1, split: 0, highlight: 2 }, "host", false)).toEqual(picture.data);
  });

  it("on a darker line between classes, whatever the picture under it", async () => {
    const look = { opacity: 1, split: 0, highlight: undefined };
    const at = (5 * width + 16) * 4; // class 7, beside the background
    expect([...(await draw(look, "gpu")).slice(at, at + 3)]).toEqual([70, 70, 70]);
    expect([...blend(picture, labels, look).slice(at, at + 3)]).toEqual([70, 70, 70]);
  });
});
