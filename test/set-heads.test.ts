/** setHeads(): other heads on a backbone that stays on the GPU, in turn with other calls. */
import { describe, expect, it } from "vitest";
import { hashedTensor, paperFcnTensors, torchvisionFcnTensors } from "../bench/hashed-weights.js";
import { createFcn, loadFcn, requestDevice } from "../src/node.js";
import type { Checkpoint, Device, Fcn, HeadWeights, NodePicture, Segmentation, Tensor } from "../src/node.js";
import { countingCreations } from "./helpers/count-creations.js";
import { destroyAtSubmit } from "./helpers/destroy-device.js";
import { useDevice } from "./helpers/device.js";
import { expectError } from "./helpers/expect-error.js";
import { hashedCheckpoint, hashedFile } from "./helpers/hashed-checkpoint.js";
import { below, matching, namedTensors } from "./helpers/heads.js";
import { watchMemory } from "./helpers/live-memory.js";
import { noisePicture } from "./helpers/pictures.js";
import { codeOf, nextTurn, rejectionOf } from "./helpers/promises.js";
import { stripedPicture } from "./helpers/small-networks.js";

const device = useDevice();
const PICTURE = stripedPicture(52, 41);
const BACKBONE = paperFcnTensors(21, 4, 18).filter(({ name }) => name.startsWith("backbone."));
const headsOf = (classes: number, salt = ""): HeadWeights => {
  const tensors = namedTensors(paperFcnTensors(classes, 4, 18), salt);
  return { fcn8s: below(tensors, "fcn8s."), fcn32s: below(tensors, "fcn32s.") };
};
const TWENTY_ONE = headsOf(21);
const FIVE = headsOf(5);
const NAMES = ["a", "b", "c", "d", "e"];

/** The backbone's checkpoint, and the names of the tensors that were read. */
function countedBackbone(): { readonly backbone: Checkpoint; readonly reads: string[] } {
  const reads: string[] = [];
  const values = (name: string, shape: readonly number[]): Float32Array => {
    reads.push(name);
    return hashedTensor(name, shape);
  };
  return { backbone: hashedCheckpoint(BACKBONE, values), reads };
}

async function make(heads: HeadWeights, on: Device = device(), options = {}): Promise<Fcn<NodePicture>> {
  return createFcn({ backbone: countedBackbone().backbone, heads, device: on, ...options });
}

/** What a new model with these heads gives. */
async function expected(heads: HeadWeights, options = {}): Promise<Segmentation> {
  const fcn = await make(heads, device(), options);
  const result = await fcn.segment(PICTURE);
  fcn.dispose();
  return result;
}

describe("setHeads()", () => {
  it("gives what a new model gives: other classes, other values, another FCN", async () => {
    const fcn = await make(TWENTY_ONE);
    for (const [heads, options] of [
      [FIVE, { classNames: NAMES }],
      [headsOf(5, "other values"), {}],
      [headsOf(21), { variant: "fcn32s" }],
      [headsOf(7), {}],
    ] as const) {
      await fcn.setHeads(heads, options);
      const wanted = await make(heads, device(), options);
      const isKept = heads !== FIVE && wanted.classes === 5;
      expect([fcn.variant, fcn.classes, fcn.description]).toEqual([wanted.variant, wanted.classes, wanted.description]);
      expect(fcn.classNames).toEqual(isKept ? NAMES : wanted.classNames);
      expect((await fcn.logits(PICTURE)).data).toEqual((await wanted.logits(PICTURE)).data);
      const [got, want] = [await fcn.segment(PICTURE), await wanted.segment(PICTURE)];
      expect(got.labels).toEqual(want.labels);
      expect(got.names).toEqual(got.classes.map((label) => fcn.classNames[label]));
      wanted.dispose();
    }
    fcn.dispose();
  });

  it("works with torchvision's network and its auxiliary head, and not across backbones", async () => {
    const specs = torchvisionFcnTensors(6, 4, 50);
    const tensors = namedTensors(specs);
    const backbone = matching(tensors, /^backbone/);
    const heads = (classes: number): HeadWeights => ({
      "fcn-resnet50": matching(namedTensors(torchvisionFcnTensors(classes, 4, 50)), /classifier/),
    });
    const make50 = (classes: number): Promise<Fcn<NodePicture>> =>
      createFcn({ backbone, heads: heads(classes), device: device(), resize: "none" });
    const [fcn, wanted] = [await make50(6), await make50(3)];
    await fcn.logits(PICTURE, { aux: true });
    await fcn.setHeads(heads(3));
    expect((await fcn.logits(PICTURE, { aux: true })).data).toEqual((await wanted.logits(PICTURE, { aux: true })).data);
    expect((await fcn.segment(PICTURE)).labels).toEqual((await wanted.segment(PICTURE)).labels);
    expect(fcn.memory.weights).toBe(wanted.memory.weights);
    await expectError(
      () => fcn.setHeads({ fcn8s: below(tensors, "none") }),
      "bad-option",
      "setHeads: fcn8s cannot replace fcn-resnet50, because only fcn-resnet50 has a dilated backbone; " +
        "make another model with createFcn",
    );
    [fcn, wanted].forEach((one) => one.dispose());
  });

  it("replaces heads of a file, and untrained ones, whose notice goes", async () => {
    const load = (weights: string | Uint8Array, heads: "file" | "init"): Promise<Fcn<NodePicture>> =>
      loadFcn({ weights, heads, variant: "fcn32s", device: device(), resize: "none" });
    for (const [fcn, channels] of [
      [await load("photos", "file"), 256],
      [await load(await hashedFile(BACKBONE), "init"), 32],
    ] as const) {
      const data = new Float32Array(2 * channels).map((_, i) => Math.sin(i));
      const bias = { shape: [2], data: new Float32Array(2) };
      await fcn.setHeads({ fcn32s: { "score32.weight": { shape: [2, channels, 1, 1], data }, "score32.bias": bias } });
      expect((await fcn.logits(PICTURE)).shape).toEqual([1, 2, 41, 52]);
      expect([fcn.classNames, fcn.notice]).toEqual([["class 0", "class 1"], undefined]);
      fcn.dispose();
    }
  });

  it("copies the values", async () => {
    const fcn = await make(TWENTY_ONE);
    const heads = headsOf(5);
    const replaced = fcn.setHeads(heads);
    for (const tensors of Object.values(heads)) for (const { data } of Object.values(tensors)) data.fill(NaN);
    await replaced;
    expect((await fcn.segment(PICTURE)).labels).toEqual((await expected(FIVE)).labels);
    fcn.dispose();
  });
});

describe("the backbone under new heads", () => {
  it("is not read or uploaded again, and plans of features stay", async () => {
    const { backbone, reads } = countedBackbone();
    const fcn = await createFcn({ backbone, heads: TWENTY_ONE, device: device() });
    await fcn.segment(PICTURE);
    const { layer4 } = await fcn.features(PICTURE, ["layer4"], { on: "gpu" });
    const [readOnce, before] = [reads.length, await layer4.read()];
    await fcn.setHeads(headsOf(21, "other values"));
    const made: Tensor[] = [layer4];
    const work = async (): Promise<unknown> =>
      made.push((await fcn.features(PICTURE, ["layer4"], { on: "gpu" })).layer4);
    expect(await countingCreations(device(), work)).toEqual({ createBuffer: 1 });
    await fcn.segment(PICTURE);
    expect(reads).toHaveLength(readOnce);
    expect(await made.at(-1)?.read()).toEqual(before);
    made.forEach((tensor) => tensor.dispose());
    fcn.dispose();
  });

  it("leaves weights and plans as they were after a round of heads", async () => {
    const own = await requestDevice();
    const live = watchMemory(own);
    const fcn = await make(TWENTY_ONE, own);
    await fcn.segment(PICTURE);
    const [{ weights, plans }, { count }] = [fcn.memory, live];
    for (const heads of [FIVE, headsOf(200), headsOf(1), TWENTY_ONE]) {
      await fcn.setHeads(heads);
      await nextTurn();
      expect([fcn.memory.plans, live.bytes]).toEqual([0, fcn.memory.weights]);
      await fcn.segment(PICTURE);
    }
    expect([fcn.memory, live.count]).toEqual([{ weights, plans }, count]);
    fcn.dispose();
    await nextTurn();
    expect(live.count).toBe(0);
    own.dispose();
  });
});

describe("setHeads() among other calls", () => {
  it("waits for the calls before it, those in flight on the GPU too; later ones have the new heads", async () => {
    const fcn = await make(TWENTY_ONE);
    const [old, fresh] = [await expected(TWENTY_ONE), await expected(FIVE, { classNames: NAMES })];
    async function* pictures(): AsyncGenerator<NodePicture> {
      for (let i = 0; i < 8; i++) yield Promise.resolve(PICTURE);
    }
    const results: Segmentation[] = [];
    let replaced: Promise<void> | undefined;
    for await (const result of fcn.segmentAll(pictures(), { inFlight: 4 })) {
      results.push(result);
      if (results.length === 2) replaced = fcn.setHeads(FIVE, { classNames: NAMES });
    }
    await replaced;
    const isNew = results.map(({ names }) => NAMES.includes(names[0] ?? ""));
    expect(isNew).toEqual([...isNew].sort((a, b) => Number(a) - Number(b)));
    expect([isNew[1], isNew[7]]).toEqual([false, true]);
    results.forEach(({ labels, names }, i) => {
      const want = isNew[i] ? fresh : old;
      expect([labels, names]).toEqual([want.labels, want.names]);
    });
    const [before, , after] = await Promise.all([fcn.segment(PICTURE), fcn.setHeads(TWENTY_ONE), fcn.segment(PICTURE)]);
    expect([before.names, after.names]).toEqual([fresh.names, old.names]);
    fcn.dispose();
  });

  it("takes effect in the order of the calls, and rejects where dispose() comes first", async () => {
    const fcn = await make(TWENTY_ONE);
    const [, five, , seven] = await Promise.all([
      fcn.setHeads(FIVE),
      fcn.logits(PICTURE),
      fcn.setHeads(headsOf(7)),
      fcn.logits(PICTURE),
    ]);
    expect([five.shape[1], seven.shape[1], fcn.classes]).toEqual([5, 7, 7]);
    const running = fcn.segment(PICTURE);
    const late = codeOf(fcn.setHeads(FIVE));
    fcn.dispose();
    await running.catch(() => undefined);
    expect([await late, fcn.classes]).toEqual(["disposed", 7]);
  });

  it("changes nothing where it rejects or is aborted", async () => {
    const fcn = await make(FIVE, device(), { classNames: NAMES });
    const [{ labels }, { memory }] = [await fcn.segment(PICTURE), fcn];
    const { fcn8s = {} } = headsOf(7);
    const wrong = { fcn8s: { ...fcn8s, "up2.weight": { shape: [7, 7, 3, 3], data: new Float32Array(441) } } };
    await expectError(
      () => fcn.setHeads(wrong),
      "bad-weights",
      "hashed with these heads does not fit fcn8s: 1 mis-shaped (fcn8s.up2.weight is [7,7,3,3], needed [7,7,4,4])",
    );
    await expectError(
      () => fcn.setHeads(headsOf(7), { classNames: NAMES }),
      "bad-option",
      "classNames (--class-names) names 5 of 7 classes",
    );
    await expectError(() => fcn.setHeads({}), "bad-option", /^setHeads: heads is empty; give/);
    const controller = new AbortController();
    const aborted = rejectionOf(fcn.setHeads(headsOf(7), { signal: controller.signal }));
    controller.abort("not now");
    expect(await aborted).toBe("not now");
    expect((await fcn.segment(PICTURE)).labels).toEqual(labels);
    expect([fcn.classNames, fcn.memory]).toEqual([NAMES, memory]);
    fcn.dispose();
    expect(await codeOf(fcn.setHeads(FIVE))).toBe("disposed");
  });

  it("comes back with recover(), whether it was called before or after the loss", async () => {
    const wanted = await expected(FIVE);
    for (const isLate of [false, true]) {
      const fcn = await createFcn({ backbone: countedBackbone().backbone, heads: TWENTY_ONE });
      await fcn.segment(PICTURE);
      if (!isLate) await fcn.setHeads(FIVE);
      destroyAtSubmit(fcn.device.gpu, "after");
      expect(await codeOf(fcn.segment(noisePicture(33, 40)))).toBe("device-lost");
      if (isLate) await fcn.setHeads(FIVE);
      await fcn.recover();
      expect((await fcn.segment(PICTURE)).labels).toEqual(wanted.labels);
      fcn.dispose();
    }
  });
});
