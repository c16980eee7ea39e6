/** Sets of checkpoints: networks share a backbone where its values are equal, and give what each gives alone. */
import { describe, expect, it } from "vitest";
import { torchvisionFcnTensors } from "../bench/hashed-weights.js";
import { Comparison, ComparisonSet } from "../src/models/node-comparison.js";
import { loadFcn, openCheckpoint, openSource, requestDevice } from "../src/node.js";
import { recognise } from "../src/weights/names.js";
import { countingCreations } from "./helpers/count-creations.js";
import { destroyAtSubmit } from "./helpers/destroy-device.js";
import { useDevice } from "./helpers/device.js";
import { expectError } from "./helpers/expect-error.js";
import { noisePicture } from "./helpers/pictures.js";
import { codeOf, pause, rejectionOf } from "./helpers/promises.js";
import { useSets } from "./helpers/open-sets.js";
import { bothHeads, smallCheckpoint } from "./helpers/set-checkpoints.js";

const device = useDevice();
const PICTURE = noisePicture(37, 52);

const { openSet, keep } = useSets(device);

const a = smallCheckpoint({ name: "nets/a.safetensors" });
const sameBackbone = smallCheckpoint({ name: "nets/b.safetensors", other: "heads" });
const otherBackbone = smallCheckpoint({ name: "nets/c.safetensors", other: "backbone" });

describe("networks of several files with one backbone", () => {
  it("share it, and give the labels that each file gives alone", async () => {
    const set = await openSet([a, sameBackbone]);
    expect(set.groups).toMatchObject([{ name: "a + b", checkpoints: [0, 1], shared: "shared", together: "all" }]);
    expect(set.variants).toEqual(["a", "b"].flatMap((of) => [32, 16, 8].map((stride) => `fcn${stride}s of ${of}`)));
    const { labels, stages, groupRuns, run } = await set.run(PICTURE);
    expect(groupRuns).toEqual([run]);
    expect(Object.keys(stages ?? {}).sort()).toEqual([...set.variants, "shared"].sort());
    let weights = 0;
    for (const [of, checkpoint] of [a, sameBackbone].entries()) {
      const alone = new Comparison(device(), checkpoint);
      keep(alone);
      const own = await alone.run(PICTURE);
      weights += alone.memory.weights;
      for (const { name, variant } of set.networks.filter((network) => network.checkpoint === of))
        expect(labels[name], name).toEqual(own.labels[variant]);
    }
    const [both] = await set.measure(["all"], 37, 52, 1);
    const backboneBytes = both?.sharedParameters ?? 0;
    expect(set.memory.weights).toBeLessThan(weights - 3 * backboneBytes); // f32: the backbone is there once
    const alone = new Comparison(device(), a);
    keep(alone);
    const [one] = await alone.measure(["all"], 37, 52, 1);
    expect(both).toMatchObject({
      variant: "all",
      sharedFlops: one?.sharedFlops,
      sharedParameters: one?.sharedParameters,
    });
    expect(both?.headFlops).toBe(2 * (one?.headFlops ?? 0));
    expect(both?.headParameters).toBe(2 * (one?.headParameters ?? 0));
  });

  it("of torchvision's share theirs too", async () => {
    const specs = { tensors: torchvisionFcnTensors, depth: 50 };
    const frozen = [
      smallCheckpoint({ ...specs, name: "first" }),
      smallCheckpoint({ ...specs, name: "second", other: "heads" }),
    ];
    const set = await openSet(frozen);
    expect(set.groups.map(({ variants, resize }) => [variants, resize])).toEqual([
      [["fcn-resnet50 of first", "fcn-resnet50 of second"], 520],
    ]);
    const { labels } = await set.run(noisePicture(6, 8));
    expect(labels["fcn-resnet50 of second"]).not.toEqual(labels["fcn-resnet50 of first"]);
  });

  it("give the scores of pixels as the labels say", async () => {
    const set = await openSet([a, sameBackbone, otherBackbone]);
    const { scores, labels } = await set.run(PICTURE, { scores: true });
    for (const name of set.variants) {
      const own = scores?.[name]?.probabilities(20, 11) ?? new Float32Array();
      expect(own.indexOf(Math.max(...own)), name).toBe(labels[name]?.[11 * PICTURE.width + 20]);
    }
  });
});

describe("networks that do not share", () => {
  it("are groups: another backbone, another preprocessing, another size", async () => {
    const resized = smallCheckpoint({ name: "d", metadata: { resize: "64" } });
    const preprocessing = { mean: [0, 0, 0], std: [1, 1, 1] } as const;
    const set = await openSet([a, otherBackbone, resized, { checkpoint: a, name: "e", preprocessing }, sameBackbone], {
      variants: ["fcn8s"],
    });
    expect(set.groups.map(({ name, checkpoints, resize }) => [name, checkpoints, resize])).toEqual([
      ["a + b", [0, 4], "none"],
      ["c", [1], "none"],
      ["d", [2], 64],
      ["e", [3], "none"],
    ]);
    expect(set.groups[1]).toMatchObject({ shared: "shared of c", together: "all of c" });
    const { labels } = await set.run(PICTURE);
    const alone = async (checkpoint: typeof a, options = {}) => {
      const comparison = new Comparison(device(), checkpoint, { variants: ["fcn8s"], ...options });
      keep(comparison);
      return (await comparison.run(PICTURE)).labels.fcn8s;
    };
    expect(labels["fcn8s of c"]).toEqual(await alone(otherBackbone));
    expect(labels["fcn8s of d"]).toEqual(await alone(resized));
    expect(labels["fcn8s of e"]).toEqual(await alone(a, { preprocessing }));
  });

  it("of one file: torchvision's dilated network beside the paper's, whose costs add up", async () => {
    const both = smallCheckpoint({ name: "both.pth", tensors: bothHeads, depth: 50 });
    const set = await openSet([both]);
    expect(set.variants).toEqual(["fcn32s", "fcn16s", "fcn8s", "fcn-resnet50"]);
    expect(set.groups.map(({ name, resize }) => [name, resize])).toEqual([
      ["both", "none"],
      ["both dilated", 520],
    ]);
    const costs = await set.measure(["all", "all of both", "fcn-resnet50", "fcn8s"], 6, 8, 1);
    const [all, paper, dilated] = costs;
    expect(costs.map(({ variant }) => variant)).toEqual(["all", "all of both", "fcn-resnet50", "fcn8s"]);
    for (const key of ["ms", "sharedFlops", "headParameters", "weightBytes"] as const)
      expect(all?.[key]).toBeCloseTo((paper?.[key] ?? NaN) + (dilated?.[key] ?? NaN), 6);
    await expectError(
      () => set.run(PICTURE, { scores: true }),
      "bad-option",
      "compare: scores of single pixels exist for fcn32s, fcn16s, fcn8s, not for fcn-resnet50",
    );
  });

  it("of the shipped weights give the labels of loadFcn, and nothing is created for a size seen before", async () => {
    const checkpoints = [];
    for (const name of ["photos", "icons"]) checkpoints.push(await openCheckpoint(await openSource(name)));
    const set = await openSet(checkpoints, { variants: ["fcn16s"] });
    const { labels } = await set.run(PICTURE);
    expect(await countingCreations(device(), () => set.run(PICTURE))).toEqual({});
    for (const [i, weights] of ["photos", "icons"].entries()) {
      const fcn = await loadFcn({ weights, variant: "fcn16s", device: device() });
      expect(labels[set.variants[i] ?? ""], weights).toEqual((await fcn.segment(PICTURE)).labels);
      fcn.dispose();
      await checkpoints[i]?.close();
    }
  });
});

describe("a set in use", () => {
  it("answers an aborted caller at once, and goes on", async () => {
    const set = await openSet([a, otherBackbone]);
    const expected = (await set.run(PICTURE)).labels;
    const control = new AbortController();
    const outcome = rejectionOf(set.run(PICTURE, { signal: control.signal }));
    await pause();
    const reason = new Error("the user closed the picture");
    control.abort(reason);
    expect(await outcome).toBe(reason);
    expect((await set.run(PICTURE)).labels).toEqual(expected);
  });

  it("returns after a lost device, with all its groups", async () => {
    const own = await requestDevice();
    const set = await ComparisonSet.open(own, [a, otherBackbone]);
    keep(set, own);
    const expected = (await set.run(PICTURE)).labels;
    destroyAtSubmit(own.gpu, "after");
    expect(await codeOf(set.run(PICTURE))).toBe("device-lost");
    const another = await requestDevice();
    keep(another);
    await set.recover(another);
    expect((await set.run(PICTURE)).labels).toEqual(expected);
    expect(set.device).toBe(another);
  });

  it("lets go of its memory, refuses calls after dispose(), and leaves the checkpoints open", async () => {
    const set = await openSet([a, otherBackbone]);
    await set.run(PICTURE);
    expect(set.memory.weights).toBeGreaterThan(0);
    set.dispose();
    set.dispose();
    expect(await codeOf(set.run(PICTURE))).toBe("disposed");
    expect(recognise(a).variants).toContain("fcn8s");
  });
});
