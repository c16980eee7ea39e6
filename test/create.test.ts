/** createFcn: a backbone and heads in memory give what one file of both gives, for any number of classes. */
import { describe, expect, it } from "vitest";
import { paperFcnTensors, torchvisionFcnTensors } from "../bench/hashed-weights.js";
import type { HashedTensor } from "../bench/hashed-weights.js";
import { FCN_VARIANTS, createFcn, loadFcn, openCheckpoint, openSource, requestDevice } from "../src/node.js";
import type { Checkpoint, Fcn, HostTensors, NodeCreateOptions, NodePicture } from "../src/node.js";
import { useDevice } from "./helpers/device.js";
import { expectError } from "./helpers/expect-error.js";
import { vggTensors } from "./helpers/float64-vgg.js";
import { hashedCheckpoint, hashedFile } from "./helpers/hashed-checkpoint.js";
import { below, matching, namedTensors } from "./helpers/heads.js";
import { watchMemory } from "./helpers/live-memory.js";
import { nextTurn, rejectionOf } from "./helpers/promises.js";
import { loadHashed, stripedPicture } from "./helpers/small-networks.js";

const device = useDevice();
const PICTURE = stripedPicture(52, 41);
const PAPER = paperFcnTensors(21, 4, 18);
const isBackbone = ({ name }: HashedTensor): boolean => name.startsWith("backbone.");
const BACKBONE = PAPER.filter(isBackbone);
const PHOTOS = "weights/fcn-mobilenet-v2-photos-f16.safetensors";

const create = (options: NodeCreateOptions): Promise<Fcn<NodePicture>> =>
  createFcn({ device: device(), resize: "none", ...options });

/** Disposes of both. */
async function expectSame(made: Fcn<NodePicture>, loaded: Fcn<NodePicture>): Promise<void> {
  expect((await made.logits(PICTURE)).data).toEqual((await loaded.logits(PICTURE)).data);
  expect((await made.segment(PICTURE)).labels).toEqual((await loaded.segment(PICTURE)).labels);
  expect([made.variant, made.classNames, made.notice]).toEqual([loaded.variant, loaded.classNames, undefined]);
  made.dispose();
  loaded.dispose();
}

describe("a backbone and heads in memory", () => {
  const heads = Object.fromEntries(FCN_VARIANTS.map((name) => [name, below(namedTensors(PAPER), `${name}.`)]));

  it.each(FCN_VARIANTS)("give what one file of both gives: %s over ResNet-18", async (variant) => {
    const loaded = await loadHashed(device(), PAPER, { variant });
    await expectSame(await create({ backbone: await hashedFile(BACKBONE), heads, variant }), loaded);
  });

  it("give the finest of the heads, whatever heads the file has", async () => {
    const loaded = await loadHashed(device(), PAPER, { variant: "fcn16s" });
    const { fcn16s = {}, fcn32s = {} } = heads;
    const others = await hashedFile(paperFcnTensors(7, 4, 18));
    const made = await create({ backbone: others, heads: { fcn32s, fcn16s } });
    expect(made.description).toBe("ResNet-18 with a head given in memory: fcn16s, 21 classes");
    await expectSame(made, loaded);
  });

  it("give torchvision's network, with its auxiliary head", async () => {
    const specs = torchvisionFcnTensors(6, 4, 50);
    const loaded = await loadHashed(device(), specs, { resize: "none" });
    const backbone = await hashedFile(specs.filter(isBackbone));
    const made = await create({
      backbone,
      heads: { "fcn-resnet50": matching(namedTensors(specs), /^(aux_)?classifier/) },
    });
    const aux = { aux: true };
    expect((await made.logits(PICTURE, aux)).data).toEqual((await loaded.logits(PICTURE, aux)).data);
    await expectSame(made, loaded);
  });

  it("give the paper's VGG-16", async () => {
    const specs = vggTensors(5);
    const loaded = await loadHashed(device(), specs);
    const fcn8s = matching(namedTensors(specs), /^(up)?score/);
    await expectSame(await create({ backbone: await hashedFile(specs), heads: { fcn8s } }), loaded);
  });

  it("give MobileNetV2, aligned by corners as its file says, or as the caller says", async () => {
    const file = await openCheckpoint(await openSource(PHOTOS));
    const all = await tensorsOf(file);
    const fcn32s = below(all, "fcn32s.");
    const load = (): Promise<Fcn<NodePicture>> =>
      loadFcn({ weights: PHOTOS, variant: "fcn32s", device: device(), resize: "none" });
    await expectSame(await create({ backbone: PHOTOS, heads: { fcn32s } }), await load());
    const backbone = matching(all, /^backbone/);
    await expectSame(await create({ backbone, heads: { fcn32s }, alignCorners: true }), await load());
    const padded = await create({ backbone: PHOTOS, heads: { fcn32s }, alignCorners: false });
    expect((await padded.features(PICTURE, ["fc7"])).fc7.shape).toEqual([1, 256, 2, 2]);
    padded.dispose();
    await file.close();
  });

  it.each([1, 5, 200])("may have %i classes", async (classes) => {
    const specs = paperFcnTensors(classes, 4, 18);
    const fcn8s = below(namedTensors(specs), "fcn8s.");
    const backbone = namedTensors(BACKBONE);
    const numbered = await create({ backbone, heads: { fcn8s } });
    expect(numbered.classNames).toEqual(Array.from({ length: classes }, (_, i) => `class ${i}`));
    await expectSame(numbered, await loadHashed(device(), specs, { variant: "fcn8s" }));
    const classNames = Array.from({ length: classes }, (_, i) => `kind ${i}`);
    const named = await create({ backbone, heads: { fcn8s }, classNames });
    const { names } = await named.segment(PICTURE);
    expect([named.classes, named.classNames]).toEqual([classes, classNames]);
    expect(names.every((name) => name.startsWith("kind "))).toBe(true);
    named.dispose();
  });

  it("take a checkpoint that is open, and leave it open", async () => {
    const checkpoint = await openCheckpoint(await openSource(await hashedFile(PAPER)));
    const fcn8s = below(namedTensors(PAPER), "fcn8s.");
    await expectSame(await create({ backbone: checkpoint, heads: { fcn8s } }), await loadHashed(device(), PAPER));
    expect(await checkpoint.read("backbone.bn1.bias")).toHaveLength(4);
    await checkpoint.close();
  });
});

async function tensorsOf(file: Checkpoint): Promise<HostTensors> {
  const tensors: Record<string, HostTensors[string]> = {};
  for (const { name, shape } of file.tensors.values()) tensors[name] = { shape, data: await file.read(name) };
  return tensors;
}

describe("createFcn reports", () => {
  const head = below(namedTensors(PAPER), "fcn32s.");
  const backbone = hashedCheckpoint(BACKBONE);
  const one = { shape: [1], data: new Float32Array(1) };
  const { "score32.weight": weight = one, "score32.bias": bias = one } = head;

  it.each<[string, NodeCreateOptions["heads"], string, string | RegExp]>([
    [
      "a missing tensor",
      { fcn32s: { "score32.weight": weight } },
      "bad-weights",
      "hashed with these heads does not fit fcn32s: 1 missing (fcn32s.score32.bias)",
    ],
    [
      "a mis-shaped and an unexpected one",
      { fcn32s: { ...head, "score32.bias": one, "score16.bias": one } },
      "bad-weights",
      "hashed with these heads does not fit fcn32s: 1 mis-shaped (fcn32s.score32.bias is [1], needed [21]); " +
        "1 unexpected (fcn32s.score16.bias)",
    ],
    [
      "heads for a backbone of another width",
      { fcn32s: below(namedTensors(paperFcnTensors(21, 8, 18)), "fcn32s.") },
      "bad-weights",
      "hashed with these heads does not fit fcn32s: 1 mis-shaped (fcn32s.score32.weight is [21,64,1,1], " +
        "needed [21,32,1,1])",
    ],
    [
      "values that do not fill a shape",
      { fcn32s: { ...head, "score32.bias": { ...bias, shape: [22] } } },
      "bad-weights",
      "createFcn: score32.bias [22] needs 22 values, got 21",
    ],
    ["a shape of nothing", { fcn32s: { x: { ...one, shape: [0] } } }, "bad-option", /x.shape must be .* got \[0\]$/],
    [
      "values of another type",
      { fcn32s: { x: { shape: [1], data: [1] as unknown as Float32Array } } },
      "bad-option",
      "createFcn: x.data must be a Float32Array, got Array",
    ],
    ["no head", {}, "bad-option", /^createFcn: heads is empty; give the tensors of one of fcn8s, fcn16s, fcn32s, /],
    ["an unknown head", { fcn9s: head } as object, "bad-option", /network "fcn9s" is not one of fcn8s, fcn16s, /],
    [
      "a head of another backbone",
      { "fcn-resnet50": head },
      "bad-weights",
      'hashed is resnet18 under "backbone.": backbone only, 4 planes; fcn-resnet50 has another backbone: ' +
        "load it as fcn32s or fcn16s or fcn8s",
    ],
  ])("%s", (_, heads, code, sentence) => expectError(() => create({ backbone, heads }), code, sentence));

  it("options that do not go together", async () => {
    const refused = (options: Partial<NodeCreateOptions>, sentence: string | RegExp): Promise<void> =>
      expectError(() => create({ backbone, heads: { fcn32s: head }, ...options }), "bad-option", sentence);
    await refused({ variant: "fcn8s" }, 'createFcn: heads has no head "fcn8s"; it has fcn32s');
    await refused({ classNames: ["a"] }, "classNames (--class-names) names 1 of 21 classes");
    await refused(
      { sha256: "00" },
      "createFcn: sha256 is for files, so it cannot go with a backbone in memory; leave it out",
    );
    await refused({ backbone: 5 as never }, /^createFcn: backbone must be a string, URL, .* got number$/);
    await refused({ backbone: { tensors: 3 } as never }, /^createFcn: checkpoint must be one that openCheckpoint/);
    await refused({ heads: undefined as never }, /^createFcn needs a backbone and heads: createFcn\(\{ backbone: "net/);
    await refused({ heads: [] as never }, "createFcn: heads must be an object of heads, got Array");
    const vgg = namedTensors(vggTensors(5));
    await refused(
      { backbone: vgg, heads: { fcn8s: matching(vgg, /score/) }, alignCorners: true },
      "createFcn: alignCorners is for heads under this library's names; those of fcn8s over VGG-16 have one " +
        "geometry; leave it out",
    );
  });

  it("the reason of a signal, before it begins and while it reads", async () => {
    const fcn32s = head;
    expect(await rejectionOf(create({ backbone, heads: { fcn32s }, signal: AbortSignal.abort("early") }))).toBe(
      "early",
    );
    const controller = new AbortController();
    const reading = create({ backbone: PHOTOS, heads: { fcn32s }, signal: controller.signal });
    controller.abort("late");
    expect(await rejectionOf(reading)).toBe("late");
  });

  it("and leaves nothing open", async () => {
    const own = await requestDevice();
    const live = watchMemory(own);
    await expectError(
      () => create({ backbone, heads: { fcn32s: {} }, device: own }),
      "bad-weights",
      /2 missing \(fcn32s.score32.weight, fcn32s.score32.bias\)/,
    );
    await nextTurn();
    expect(live.count).toBe(0);
    own.dispose();
  });
});
