/** The comparison's shared backbone gives what each network gives alone, and its stages add up. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMPARED, Comparison, SHARED } from "../src/models/comparison.js";
import { loadFcn, openSource } from "../src/node.js";
import type { Checkpoint } from "../src/weights/checkpoint.js";
import { defaultCheckpointUrl } from "../src/weights/default-checkpoint.js";
import { openCheckpoint } from "../src/weights/open.js";
import { countingCreations } from "./helpers/count-creations.js";
import { useDevice } from "./helpers/device.js";
import { largestDifference, referencePictures } from "./helpers/reference-maps.js";

const device = useDevice();
const val = referencePictures("test/fixtures/val").slice(0, 2);
let checkpoint: Checkpoint;
let comparison: Comparison;
beforeAll(async () => {
  checkpoint = await openCheckpoint(await openSource(defaultCheckpointUrl()));
  comparison = new Comparison(device(), checkpoint);
});
afterAll(async () => {
  comparison.dispose();
  await checkpoint.close();
});

describe("comparison", () => {
  it("gives the labels that each network gives alone", async () => {
    for (const variant of COMPARED) {
      const fcn = await loadFcn({ variant, device: device() });
      for (const { name, picture } of val) expect((await comparison.run(picture)).labels[variant], `${name} ${variant}`).toEqual((await fcn.segment(picture)).labels);
      fcn.dispose();
    }
  });

  it("times what is shared and each head, within the whole", async () => {
    const picture = val[0]?.picture ?? { width: 1, height: 1, data: new Uint8Array(4) };
    const { stages, total, compile } = await comparison.run(picture);
    expect(Object.keys(stages ?? {}).sort()).toEqual([...COMPARED, SHARED].sort());
    const sum = Object.values(stages ?? {}).reduce((a, b) => a + b, 0);
    expect(sum).toBeGreaterThan(0.3 * total);
    expect(sum).toBeLessThan(total);
    expect(stages?.[SHARED]).toBeGreaterThan(stages?.fcn8s ?? 0);
    expect(compile).toBeLessThan(5); // seen before
  });

  it("creates nothing for a size it has seen", async () => {
    const picture = val[0]?.picture ?? { width: 1, height: 1, data: new Uint8Array(4) };
    await comparison.run(picture);
    expect(await countingCreations(device(), () => comparison.run(picture))).toEqual({});
  });

  it("gives the probabilities of single pixels as each network does for all, to the corners", async () => {
    const { picture } = val[1] ?? { picture: { width: 1, height: 1, data: new Uint8Array(4) } };
    const { scores, labels } = await comparison.run(picture, { scores: true });
    const { width, height } = picture;
    const places = [[0, 0], [width - 1, height - 1], [0, height - 1], [37, 101], [width >> 1, height >> 1], [width - 2, 5]] as const;
    for (const variant of COMPARED) {
      const fcn = await loadFcn({ variant, device: device() });
      const whole = (await fcn.probabilities(picture)).data;
      for (const [x, y] of places) {
        const here = scores?.[variant]?.probabilities(x, y) ?? new Float32Array();
        const there = Float32Array.from(here, (_, c) => whole[(c * height + y) * width + x] as number);
        expect(largestDifference(here, there), `${variant} at ${x}, ${y}`).toBeLessThan(1e-4);
        expect(here.indexOf(Math.max(...here)), `${variant} at ${x}, ${y}`).toBe(labels[variant]?.[y * width + x]);
      }
      fcn.dispose();
    }
    expect(() => scores?.fcn8s?.probabilities(width, 0)).toThrow(`pixel (${width}, 0) is not in the picture of ${width} x ${height}`);
  });

  it("says where the labels lie on the GPU, and how far its pipelines are", async () => {
    const seen: [number, number][] = [];
    const own = new Comparison(device(), checkpoint, { onPipeline: (ready, total) => seen.push([ready, total]) });
    const picture = { width: 40, height: 24, data: Uint8Array.from({ length: 40 * 24 * 4 }, (_, i) => (i * 37) % 256) };
    const { labels, buffers } = await own.run(picture);
    const total = seen[0]?.[1] ?? 0;
    expect(seen).toEqual(Array.from({ length: total }, (_, i) => [i + 1, total]));
    expect(total).toBeGreaterThan(3);
    const { buffer, offset = 0 } = buffers.fcn8s ?? {};
    if (!buffer) throw new Error("no buffer");
    const { gpu } = device();
    const staging = gpu.createBuffer({ size: 40 * 24, usage: 0x9 });
    const encoder = gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, offset, staging, 0, 40 * 24);
    gpu.queue.submit([encoder.finish()]);
    await staging.mapAsync(1);
    expect(new Uint8Array(staging.getMappedRange().slice(0))).toEqual(labels.fcn8s);
    staging.destroy();
    own.dispose();
  });

  it("adds up operations, parameters and memory", async () => {
    const [coarse, fine, all] = await comparison.measure(["fcn32s", "fcn8s", "all"], 64, 96, 1);
    if (!coarse || !fine || !all) throw new Error("three costs were asked for");
    expect(all.sharedFlops).toBe(coarse.sharedFlops);
    expect(all.headParameters).toBeGreaterThan(coarse.headParameters + fine.headParameters);
    expect(coarse.sharedFlops).toBe(fine.sharedFlops);
    expect(coarse.headFlops).toBeLessThan(fine.headFlops);
    // score32 has 512 features and 21 classes; 8s adds two dense 4x4 and the scores of 256 and 128 features.
    expect(coarse.headParameters).toBe(21 * 512 + 21);
    expect(fine.headParameters).toBe(21 * (512 + 256 + 128 + 3) + 2 * 21 * 21 * 16);
    expect(fine.weightBytes).toBeGreaterThan(4 * fine.sharedParameters);
    expect(fine.planBytes).toBeGreaterThan(64 * 96 * 16 * 4);
    expect(fine.ms).toBeGreaterThan(0);
  });

  it("refuses a size beyond the device and an empty list", async () => {
    await expect(comparison.measure(["fcn8s"], 30_000, 30_000)).rejects.toMatchObject({ code: "limit-too-small", message: expect.stringContaining("30000 x 30000 is too large") as string });
    expect(() => new Comparison(device(), checkpoint, { variants: [] })).toThrow("name at least one variant");
  });
});
