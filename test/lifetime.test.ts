/** What a model holds over its life: nothing new on a second run, memory as it says, clean ends. */
import { describe, expect, it } from "vitest";
import { loadFcn, requestDevice } from "../src/node.js";
import { countingCreations } from "./helpers/count-creations.js";
import { useDevice } from "./helpers/device.js";
import { watchMemory } from "./helpers/live-memory.js";
import { noisePicture } from "./helpers/pictures.js";
import { nextTurn, outcomeOf } from "./helpers/promises.js";

const device = useDevice();
const SIZES = [
  [48, 64],
  [33, 47],
  [64, 64],
  [17, 90],
  [40, 40],
] as const;

describe("a model", () => {
  it("creates no buffer, texture, bind group or pipeline for a size it has seen", async () => {
    const fcn = await loadFcn({ device: device(), variant: "fcn8s" });
    await fcn.segment(noisePicture(48, 64));
    expect(await countingCreations(device(), () => fcn.segment(noisePicture(48, 64, 3)))).toEqual({});
    await fcn.warmup(33, 47);
    expect(await countingCreations(device(), () => fcn.segment(noisePicture(33, 47))), "after warmup").toEqual({});
    await fcn.logits(noisePicture(48, 64));
    expect(await countingCreations(device(), () => fcn.logits(noisePicture(48, 64)))).toEqual({});
    fcn.dispose();
  });

  it("reports the memory that it holds, and frees all of it", async () => {
    const own = await requestDevice();
    const live = watchMemory(own);
    const fcn = await loadFcn({ device: own, maxPlans: 2 });
    const plans: number[] = [];
    for (const [h, w] of [...SIZES, ...SIZES]) {
      await fcn.segment(noisePicture(h, w));
      await nextTurn(); // an evicted plan frees its memory when its queue is empty
      expect(live.bytes).toBe(fcn.memory.weights + fcn.memory.plans);
      plans.push(fcn.memory.plans);
    }
    expect(plans[9], "the same two sizes held").toBe(plans[4]);
    fcn.dispose();
    await nextTurn();
    expect([live.count, live.bytes]).toEqual([0, 0]);
    live.stop();
    own.dispose();
  });

  it("that is disposed ends the run in progress and rejects the calls behind it", async () => {
    const fcn = await loadFcn({ variant: "fcn32s" });
    await fcn.segment(noisePicture(48, 64));
    const runs = [1, 2, 3].map((seed) => outcomeOf(fcn.segment(noisePicture(48, 64, seed))));
    await nextTurn(); // the first has begun
    fcn.dispose();
    expect(await Promise.all(runs)).toEqual(["resolves", "disposed", "disposed"]);
  });

  it("leaves a shared device and other models on it alone", async () => {
    const own = await requestDevice();
    const [a, b] = [await loadFcn({ device: own, variant: "fcn32s" }), await loadFcn({ device: own })];
    const { labels } = await b.segment(noisePicture(40, 40));
    await a.segment(noisePicture(40, 40));
    a.dispose();
    expect((await b.segment(noisePicture(40, 40))).labels).toEqual(labels);
    const running = outcomeOf(b.segment(noisePicture(40, 40)));
    await nextTurn();
    own.dispose();
    expect(await running).toBe("disposed");
    expect(await outcomeOf(b.segment(noisePicture(40, 40)))).toBe("disposed");
    b.dispose();
  });

  // With one plan, every call of another size takes the place of the plan that is running.
  it.each([1, 4])(
    "answers concurrent calls of mixed sizes, each with its own picture's labels, with %i plans",
    async (maxPlans) => {
      const fcn = await loadFcn({ device: device(), variant: "fcn8s", maxPlans });
      const pictures = Array.from({ length: 20 }, (_, i) => {
        const [h, w] = SIZES[i % SIZES.length] ?? SIZES[0];
        return noisePicture(h, w, i + 1);
      });
      const together = await Promise.all(pictures.map((picture) => fcn.segment(picture)));
      const alone = await loadFcn({ device: device(), variant: "fcn8s" });
      for (const [i, picture] of pictures.entries())
        expect(together[i]?.labels).toEqual((await alone.segment(picture)).labels);
      let seen = 0;
      for await (const { labels } of fcn.segmentAll(pictures)) {
        expect(labels).toEqual(together[seen]?.labels);
        seen++;
      }
      expect(seen).toBe(20);
      alone.dispose();
      fcn.dispose();
    },
  );

  it("is made, disposed and made again", async () => {
    const labels = [];
    for (let i = 0; i < 3; i++) {
      const fcn = await loadFcn({ variant: "fcn32s" });
      labels.push((await fcn.segment(noisePicture(40, 40))).labels);
      fcn.dispose();
    }
    expect(labels[1]).toEqual(labels[0]);
    expect(labels[2]).toEqual(labels[0]);
  });
});
