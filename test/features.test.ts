/** Feature maps of the three families of backbones: against float64, on the host and on the GPU, in f32 and f16. */
import { describe, expect, it } from "vitest";
import { paperFcnTensors, torchvisionFcnTensors } from "../bench/hashed-weights.js";
import type { HashedTensor } from "../bench/hashed-weights.js";
import { layoutNamed, layouts } from "../src/kernel/layout.js";
import { describeBackbone } from "../src/models/backbones/index.js";
import { IMAGENET } from "../src/models/preprocessing.js";
import { loadFcn, requestDevice } from "../src/node.js";
import type { Fcn, NodePicture } from "../src/node.js";
import { Graph } from "../src/plan/graph.js";
import { Plan } from "../src/plan/plan.js";
import { WeightStore } from "../src/plan/weight-store.js";
import { recognise } from "../src/weights/names.js";
import { Parameters } from "../src/weights/parameters.js";
import { Backbone } from "../src/layers/backbone.js";
import { countingCreations } from "./helpers/count-creations.js";
import { useDevice } from "./helpers/device.js";
import { expectError } from "./helpers/expect-error.js";
import type { Feature } from "./helpers/float64-layers.js";
import { float64ResNet } from "./helpers/float64-resnet.js";
import { float64Vgg, vggTensors } from "./helpers/float64-vgg.js";
import { watchMemory } from "./helpers/live-memory.js";
import { noisePicture } from "./helpers/pictures.js";
import { codeOf, nextTurn, rejectionOf } from "./helpers/promises.js";
import { loadHashed, stripedPicture } from "./helpers/small-networks.js";
import { withCheckpoint } from "./helpers/small-checkpoint.js";
import { compare } from "./helpers/verify-kernel.js";

const device = useDevice();
const PICTURE = stripedPicture(52, 41);
const PAPER = paperFcnTensors(21, 4, 50);
const TORCHVISION = torchvisionFcnTensors(21, 4, 50);
const PHOTOS = "weights/fcn-mobilenet-v2-photos-f16.safetensors";
const LAYERS = ["stem", "layer1", "layer2", "layer3", "layer4"];

const load = (specs: readonly HashedTensor[]): Promise<Fcn<NodePicture>> =>
  loadHashed(device(), specs, { resize: "none" });
const loadMobileNet = (options = {}): Promise<Fcn<NodePicture>> =>
  loadFcn({ weights: PHOTOS, device: device(), resize: "none", ...options });

/** The striped picture in float64, normalised as the network does. */
function normalised({ mean, std }: { readonly mean: readonly number[]; readonly std: readonly number[] }): Feature {
  const { width: w, height: h } = PICTURE;
  const bytes = PICTURE.data as Uint8Array;
  const data = new Float64Array(3 * h * w);
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < h * w; i++)
      data[c * h * w + i] = ((bytes[4 * i + c] as number) / 255 - (mean[c] ?? 0)) / (std[c] ?? 1);
  }
  return { c: 3, h, w, data };
}

async function expectFeatures(fcn: Fcn<NodePicture>, expected: Readonly<Record<string, Feature>>): Promise<void> {
  const names = Object.keys(expected);
  const maps = await fcn.features(PICTURE, names);
  expect(Object.keys(maps)).toEqual(names);
  for (const [name, { c, h, w, data }] of Object.entries(expected)) {
    expect(maps[name]?.shape, name).toEqual([1, c, h, w]);
    const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const worst = data.reduce((most, value, i) => Math.max(most, Math.abs(value - (maps[name]?.data[i] ?? NaN))), 0);
    expect(worst / largest, name).toBeLessThan(1e-5);
  }
}

describe("features() on the host", () => {
  it.each([
    ["ResNet-50", PAPER, false],
    ["torchvision's dilated ResNet-50", TORCHVISION, true],
  ])("of %s are those of float64", async (_, specs, dilated) => {
    const fcn = await load(specs);
    await expectFeatures(fcn, float64ResNet(specs).encode(normalised(IMAGENET), { blocks: [3, 4, 6, 3], dilated }));
    const strides = dilated ? [4, 4, 8, 8, 8] : [4, 4, 8, 16, 32];
    const channels = [4, 16, 32, 64, 128];
    expect(fcn.stages).toEqual(LAYERS.map((name, i) => ({ name, channels: channels[i], stride: strides[i] })));
    fcn.dispose();
  });

  it("of VGG-16 are those of float64, with the padding of 100", async () => {
    const fcn = await load(vggTensors(5));
    expect(fcn.stages.map(({ name, stride }) => `${name} ${stride}`)).toEqual([
      ...["pool1 2", "pool2 4", "pool3 8", "pool4 16", "pool5 32"],
      "fc7 32",
    ]);
    const caffe = { mean: [122.67892 / 255, 116.66877 / 255, 104.00699 / 255], std: [1 / 255, 1 / 255, 1 / 255] };
    await expectFeatures(fcn, float64Vgg(vggTensors(5), normalised(caffe)));
    fcn.dispose();
  });

  it("of MobileNetV2 are those of its backbone in a graph of one's own", async () => {
    const fcn = await loadMobileNet();
    const names = ["features.0", "features.6", "features.13", "features.17", "fc7"];
    expect(fcn.stages).toHaveLength(19);
    expect(fcn.stages.at(-1)).toEqual({ name: "fc7", channels: 256, stride: 32 });
    const maps = await fcn.features(PICTURE, names);
    // 41 x 52 pixels and zeros, to a multiple of 32 and one more.
    const { c, h, w, data } = normalised(IMAGENET);
    const padded = new Float32Array(3 * 65 * 65);
    for (let i = 0; i < c * h; i++) {
      const row = Math.floor(i / h) * 65 + (i % h);
      padded.set(Float32Array.from(data.subarray(i * w, (i + 1) * w)), row * 65);
    }
    await withCheckpoint(PHOTOS, async (file) => {
      const { checkpoint } = recognise(file);
      const backbone = new Backbone(Parameters.of(checkpoint).at("backbone"), await describeBackbone(checkpoint));
      const graph = new Graph();
      const image = graph.input("image", [1, 3, 65, 65], "nhwc4");
      for (const [name, map] of backbone.features(graph, image, names)) graph.output(name, map);
      const store = new WeightStore(device());
      const plan = await Plan.create(device(), graph, store);
      const { outputs } = await plan.run({ image: new Uint8Array(layouts.nhwc4.pack(padded, [1, 3, 65, 65])) });
      for (const [name, { shape, bytes, layout }] of outputs) {
        expect(maps[name]?.shape).toEqual(shape);
        compare(maps[name]?.data ?? [], layoutNamed(layout).unpack(bytes, shape), "f32", name);
      }
      plan.dispose();
      store.dispose();
    });
    fcn.dispose();
  });

  it("are of the picture as the network sees it", async () => {
    const fcn = await loadHashed(device(), PAPER, { resize: 64 });
    const { layer1, layer4 } = await fcn.features(noisePicture(32, 48), ["layer4", "layer1"]);
    expect([layer1.shape, layer4.shape]).toEqual([
      [1, 16, 16, 24],
      [1, 128, 2, 3],
    ]);
    fcn.dispose();
  });
});

describe("features() on the GPU", () => {
  it.each([
    ["ResNet-50", () => load(PAPER), ["stem", "layer2", "layer4"]],
    ["torchvision's", () => load(TORCHVISION), ["layer3", "layer4"]],
    ["VGG-16", () => load(vggTensors(5)), ["pool3", "pool4", "fc7"]],
    ["MobileNetV2", loadMobileNet, ["features.6", "features.13", "fc7"]],
  ])("of %s equal those on the host, and are nhwc4", async (_, make, names) => {
    const fcn = await make();
    const host = await fcn.features(PICTURE, names);
    const tensors = await fcn.features(PICTURE, names, { on: "gpu" });
    for (const name of names) {
      const tensor = tensors[name];
      expect([tensor?.shape, tensor?.layout, tensor?.device]).toEqual([host[name]?.shape, "nhwc4", device()]);
      expect(await tensor?.read()).toEqual(host[name]?.data);
      tensor?.dispose();
    }
    fcn.dispose();
  });

  it.each([
    ["ResNet-50", () => loadHashed(device(), PAPER, { precision: "f16" }), ["stem", "layer4"]],
    ["VGG-16", () => loadHashed(device(), vggTensors(5), { precision: "f16" }), ["pool3", "fc7"]],
    ["MobileNetV2", () => loadMobileNet({ precision: "f16" }), ["features.6", "features.13", "fc7"]],
  ])("are stored as f16 where the model is: %s", async (_, make, names) => {
    const fcn = await make();
    const host = await fcn.features(PICTURE, names);
    const tensors = await fcn.features(PICTURE, names, { on: "gpu" });
    for (const name of names) {
      expect(host[name]?.data).toBeInstanceOf(Float32Array);
      expect([tensors[name]?.layout, await tensors[name]?.read()]).toEqual(["nhwc4-f16", host[name]?.data]);
      tensors[name]?.dispose();
    }
    fcn.dispose();
  });

  it("create the tensors and nothing else, and stay as they are while other calls run", async () => {
    const fcn = await load(PAPER);
    const other = noisePicture(41, 52, 7);
    const [first, labels, second] = [
      await fcn.features(PICTURE, ["layer2"]),
      await fcn.segment(PICTURE),
      await fcn.features(other, ["layer2"]),
    ];
    const tensor = (await fcn.features(other, ["layer2"], { on: "gpu" })).layer2;
    let made: (typeof tensor)[] = [];
    const created = await countingCreations(device(), async () => {
      const [a, , b] = await Promise.all([
        fcn.features(PICTURE, ["layer2", "layer2"], { on: "gpu" }),
        fcn.segment(PICTURE).then((again) => expect(again.labels).toEqual(labels.labels)),
        fcn.features(other, ["layer2"], { on: "gpu" }),
      ]);
      made = [a.layer2, b.layer2];
    });
    expect(created).toEqual({ createBuffer: 2 });
    expect(await Promise.all(made.map((one) => one.read()))).toEqual([first.layer2.data, second.layer2.data]);
    [tensor, ...made].forEach((one) => one.dispose());
    fcn.dispose();
  });

  it("leave memory as it was: when they are disposed, when the caller left, when the model goes", async () => {
    const own = await requestDevice();
    const live = watchMemory(own);
    const fcn = await loadHashed(own, PAPER, { maxPlans: 1 });
    const { layer2, layer3 } = await fcn.features(PICTURE, ["layer2", "layer3"], { on: "gpu" });
    expect(live.bytes).toBe(fcn.memory.weights + fcn.memory.plans + layer2.memory.size + layer3.memory.size);
    layer2.dispose();
    layer3.dispose();
    expect(live.bytes).toBe(fcn.memory.weights + fcn.memory.plans);
    const controller = new AbortController();
    const left = fcn.features(PICTURE, ["layer2", "layer3"], { on: "gpu", signal: controller.signal });
    await nextTurn();
    controller.abort("left");
    expect(await rejectionOf(left)).toBe("left");
    await fcn.warmup(41, 52);
    await nextTurn();
    expect(live.bytes).toBe(fcn.memory.weights + fcn.memory.plans);
    fcn.dispose();
    await nextTurn();
    expect(live.count).toBe(0);
    expect(await codeOf(fcn.features(PICTURE, ["layer2"]))).toBe("disposed");
    own.dispose();
  });
});

it("features() names the stages that there are, and what its options are", async () => {
  const fcn = await load(PAPER);
  const names = (given: unknown, options = {}): Promise<unknown> => fcn.features(PICTURE, given as string[], options);
  const refused = (work: () => unknown, sentence: string): Promise<void> => expectError(work, "bad-option", sentence);
  const known = 'features: ResNet-50 has no stage "layer5"; it has stem, layer1, layer2, layer3, layer4';
  await refused(() => names(["layer2", "layer5"]), known);
  await refused(() => names([]), "features: name at least one stage of stem, layer1, layer2, layer3, layer4");
  await refused(() => names("layer2"), "features: names must be an array, got string");
  await refused(() => names(["layer2"], { on: "cpu" }), 'on "cpu" is not one of host, gpu');
  await refused(() => names(["layer2"], { as: "gpu" }), 'features has no option "as"; it has signal, on');
  fcn.dispose();
});
