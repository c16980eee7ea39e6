/** The comparison's shared backbone gives what each network gives alone, and its stages add up. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMPARED, Comparison, SHARED } from "../src/models/comparison.js";
import { loadFcn, openSource } from "../src/node.js";
import type { Checkpoint } from "../src/weights/checkpoint.js";
import { defaultCheckpointUrl } from "../src/weights/default-checkpoint.js";
import { openCheckpoint } from "../src/weights/open.js";
import { countingCreations } from "./helpers/count-creations.js";
import { useDevice } from "./helpers/device.js";
import { referencePictures } from "./helpers/reference-maps.js";

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
