/** torchvision's fcn_resnet101 against the float64 reference, and everything that comes with weights from elsewhere. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  bilinear,
  hashedInput,
  hashedTensor,
  paperFcnTensors,
  torchvisionFcnTensors,
} from "../bench/hashed-weights.js";
import type { HashedTensor } from "../bench/hashed-weights.js";
import { normalizeReference } from "../shaders/normalize/reference.js";
import { resizeReference } from "../shaders/resize/reference.js";
import { toRgba } from "../src/image/picture.js";
import { shrink } from "../src/image/shrink.js";
import { layouts } from "../src/kernel/layout.js";
import { withInitialHead } from "../src/models/initial-heads.js";
import { IMAGENET, networkSize } from "../src/models/preprocessing.js";
import { torchvisionNetwork } from "../src/models/torchvision.js";
import { FCN_VARIANTS, loadFcn } from "../src/node.js";
import type { Fcn, NodeLoadOptions, NodePicture, Picture } from "../src/node.js";
import { Graph } from "../src/plan/graph.js";
import { Plan } from "../src/plan/plan.js";
import { WeightStore } from "../src/plan/weight-store.js";
import { recognise } from "../src/weights/names.js";
import { Parameters } from "../src/weights/parameters.js";
import { useDevice } from "./helpers/device.js";
import { hashedCheckpoint, hashedFile } from "./helpers/hashed-checkpoint.js";
import { agreement, float32File, largestDifference, referencePictures } from "./helpers/reference-maps.js";

const device = useDevice();
const networkOf = (width?: number): ReturnType<typeof torchvisionNetwork> =>
  torchvisionNetwork(Parameters.of(recognise(hashedCheckpoint(torchvisionFcnTensors(21, width))).checkpoint));

/** Logits of both heads for a normalised picture [1, 3, height, width]. */
async function logitsOf(
  network: ReturnType<typeof networkOf>,
  store: WeightStore,
  data: ArrayLike<number>,
  height: number,
  width: number,
): Promise<{ out: Float32Array; aux: Float32Array }> {
  const graph = new Graph();
  const shape = [1, 3, height, width] as const;
  const image = graph.input("image", shape, "nhwc4");
  if (!network.auxLogits) throw new Error("no auxiliary head");
  graph.output("out", network.logits(graph, image));
  graph.output("aux", network.auxLogits(graph, image));
  const plan = await Plan.create(device(), graph, store);
  const { outputs } = await plan.run({ image: new Uint8Array(layouts.nhwc4.pack(data, shape)) });
  plan.dispose();
  const values = (name: string): Float32Array => {
    const output = outputs.get(name);
    if (!output) throw new Error(`no output ${name}`);
    return layouts[output.layout].unpack(output.bytes, output.shape) as Float32Array;
  };
  return { out: values("out"), aux: values("aux") };
}

describe("fcn_resnet101 with hash weights against float64", () => {
  const network = networkOf();
  let store: WeightStore;
  beforeAll(() => {
    store = new WeightStore(device());
  });
  afterAll(() => store.dispose());

  it.each([
    ["a64", 64, 64],
    ["b97x131", 97, 131],
  ] as const)("gives both heads' logits within 1e-3 for %s", async (tag, height, width) => {
    const { out, aux } = await logitsOf(network, store, hashedInput(tag, [1, 3, height, width]), height, width);
    expect(largestDifference(out, float32File(`test/fixtures/golden/fcn_resnet101.${tag}.logits.f32`))).toBeLessThan(
      1e-3,
    );
    expect(
      largestDifference(aux, float32File(`test/fixtures/golden/fcn_resnet101_aux.${tag}.logits.f32`)),
    ).toBeLessThan(1e-3);
  });
});

/** A picture of stripes and gradients. */
const pictureOf = (width: number, height: number): Picture => ({
  width,
  height,
  data: new Uint8Array(width * height * 4).map((_, i) => ((i & 3) === 3 ? 255 : (i * 37 + (i >> 5) * 11) % 256)),
});
const WIDTH = 4;
const load = async (specs: readonly HashedTensor[], options: NodeLoadOptions = {}): Promise<Fcn<NodePicture>> =>
  loadFcn({ weights: await hashedFile(specs), device: device(), ...options });

describe("the size that a network sees", () => {
  it.each([
    [375, 500, 520, 520, 693],
    [500, 375, 520, 693, 520],
    [520, 520, 520, 520, 520],
    [1080, 1920, 520, 520, 924],
    [7, 3, 64, 149, 64],
    [480, 641, "none", 480, 641],
  ] as const)("of %i x %i at %s is %i x %i, as torchvision's Resize has it", (height, width, resize, h, w) => {
    expect(networkSize(height, width, resize)).toEqual([h, w]);
  });

  it("goes with the weights, and can be chosen", async () => {
    for (const [specs, options, resize] of [
      [torchvisionFcnTensors(21, WIDTH), {}, 520],
      [torchvisionFcnTensors(21, WIDTH), { resize: "none" }, "none"],
      [paperFcnTensors(21, WIDTH), {}, "none"],
      [paperFcnTensors(21, WIDTH), { resize: 99 }, 99],
    ] as const) {
      const fcn = await load(specs, options);
      expect(fcn.resize).toBe(resize);
      fcn.dispose();
    }
    for (const resize of [0, -1, 1.5, NaN]) {
      await expect(load(paperFcnTensors(21, WIDTH), { resize })).rejects.toMatchObject({
        code: "bad-option",
        message: expect.stringContaining(String(resize)) as string,
      });
    }
  });

  it("labels and scores come back at the picture's, resized as PyTorch does before and after", async () => {
    const [height, width] = [31, 47];
    const picture = pictureOf(width, height);
    const [h, w] = networkSize(height, width, 72);
    const fcn = await load(torchvisionFcnTensors(21, WIDTH), { resize: 72 });
    const store = new WeightStore(device());
    const statistics = { mean: { shape: [3], data: IMAGENET.mean }, std: { shape: [3], data: IMAGENET.std } };
    const { y: seen } = normalizeReference(
      { image: { shape: [1, 4, height, width], data: planes(picture) }, ...statistics },
      { height: h, width: w },
    );
    const direct = await logitsOf(networkOf(WIDTH), store, seen?.data ?? [], h, w);
    for (const [aux, scores] of [
      [false, direct.out],
      [true, direct.aux],
    ] as const) {
      const { y: expected } = resizeReference(
        { x: { shape: [1, 21, h, w], data: scores } },
        { mode: "bilinear", align_corners: false, height, width },
      );
      const { data, shape } = await fcn.logits(picture, { aux });
      expect(shape).toEqual([1, 21, height, width]);
      expect(largestDifference(data, expected?.data ?? [])).toBeLessThan(1e-3);
    }
    const segmented = await fcn.segment(picture);
    const { data } = await fcn.logits(picture);
    const best = Array.from({ length: height * width }, (_, i) => {
      const values = Array.from({ length: 21 }, (__, c) => data[c * height * width + i] as number);
      return values.indexOf(Math.max(...values));
    });
    expect(segmented).toMatchObject({ width, height });
    expect(agreement(segmented.labels, best)).toBe(1);
    fcn.dispose();
    store.dispose();
  });
});

describe("a picture that shrinks", () => {
  it("is filtered as Pillow does it", () => {
    const { data } = pictureOf(13, 9);
    const small = shrink({ width: 13, height: 9, data, channels: 4 }, 3, 5);
    // Image.frombytes("RGB", ...).resize((5, 3), Image.BILINEAR) of Pillow 12.3
    const pillow = [
      109, 135, 110, 139, 110, 107, 109, 124, 148, 129, 154, 123, 120, 123, 129, 137, 108, 116, 114, 128, 147, 132, 151,
      126, 124, 129, 126, 131, 132, 103, 112, 139, 155, 136, 154, 123, 121, 129, 131, 134, 130, 101, 130, 105, 130,
    ];
    expect([...small.data]).toEqual(pillow.flatMap((value, i) => (i % 3 === 2 ? [value, 255] : [value])));
  });

  it("is checked, and so is its new size", () => {
    expect(() => shrink({ width: 2, height: 2, data: new Uint8Array(3) }, 1, 1)).toThrow(
      "2 x 2 needs 12 (RGB) or 16 (RGBA) bytes, got 3",
    );
    expect(() => shrink({ width: 2, height: 2, data: new Uint8Array(12) }, 0, 1.5)).toThrow(
      "shrink: 1.5 x 0 is not a size of at least 1 x 1",
    );
  });

  it("gives what its small copy gives, brought back to its own size", async () => {
    const picture = pictureOf(94, 62);
    const fcn = await load(torchvisionFcnTensors(21, WIDTH), { resize: 31 });
    const small = shrink(toRgba(picture), 31, 47);
    const { y } = resizeReference(
      { x: await fcn.logits(small) },
      { mode: "bilinear", align_corners: false, height: 62, width: 94 },
    );
    expect(largestDifference((await fcn.logits(picture)).data, y?.data ?? [])).toBeLessThan(1e-4);
    const batch = await fcn.segmentBatch([small, picture, picture]);
    expect(batch.map(({ width, height, labels }) => [width, height, labels.length])).toEqual([
      [47, 31, 1457],
      [94, 62, 5828],
      [94, 62, 5828],
    ]);
    expect(batch[2]?.labels).toEqual((await fcn.segment(picture)).labels);
    fcn.dispose();
  });
});

/** RGBA pixels as four planes. */
function planes({ width, height, data }: Picture): Float64Array {
  const size = width * height;
  return Float64Array.from({ length: 4 * size }, (_, i) => data[(i % size) * 4 + Math.floor(i / size)] as number);
}

describe("the auxiliary head", () => {
  it("is an error where there is none", async () => {
    const own = await load(paperFcnTensors(21, WIDTH));
    await expect(own.logits(pictureOf(20, 20), { aux: true })).rejects.toThrow(
      /fcn8s has no auxiliary head here; only torchvision's/,
    );
    own.dispose();
    const without = await load(
      torchvisionFcnTensors(21, WIDTH).filter(({ name }) => !name.startsWith("aux_")),
      { resize: "none" },
    );
    await expect(without.logits(pictureOf(20, 20), { aux: true })).rejects.toMatchObject({
      code: "bad-option",
      message: expect.stringContaining("without aux head") as string,
    });
    expect((await without.logits(pictureOf(20, 20))).shape).toEqual([1, 21, 20, 20]);
    without.dispose();
  });
});

// Its float32 numbers are those of the shipped float16 file to the last bit, so no pixel may differ.
describe("fcn-resnet101-w16.pth, PyTorch's own file", () => {
  const path = fileURLToPath(new URL("fixtures/checkpoints/fcn-resnet101-w16.pth", import.meta.url));
  const pictures = [...referencePictures("samples"), ...referencePictures("test/fixtures/val").slice(13)];

  it.each(FCN_VARIANTS)("gives the label maps of the shipped safetensors with %s", async (variant) => {
    const pth = await loadFcn({ weights: path, variant, device: device() });
    const shipped = await loadFcn({ variant, device: device() });
    expect([pth.description, pth.variant, pth.notice]).toEqual([shipped.description, variant, undefined]);
    for (const { name, picture } of pictures) {
      const a = (await pth.segment(picture)).labels;
      const b = (await shipped.segment(picture)).labels;
      expect(agreement(a, b), name).toBe(1);
    }
    pth.dispose();
    shipped.dispose();
  });
});

describe("which network a file gives", () => {
  const picture = pictureOf(40, 33);
  const bare = paperFcnTensors(21, WIDTH).filter(({ name }) => name.startsWith("backbone."));

  it("is the finest it has a head for", async () => {
    for (const [specs, variant] of [
      [paperFcnTensors(21, WIDTH), "fcn8s"],
      [paperFcnTensors(21, WIDTH).filter(({ name }) => !name.startsWith("fcn8s.")), "fcn16s"],
      [torchvisionFcnTensors(21, WIDTH), "fcn-resnet101"],
    ] as const) {
      const fcn = await load(specs);
      expect([fcn.variant, fcn.notice]).toEqual([variant, undefined]);
      fcn.dispose();
    }
  });

  it("is an error for a head it lacks, with what it is and what to do", async () => {
    await expect(load(torchvisionFcnTensors(21, WIDTH), { variant: "fcn8s" })).rejects.toMatchObject({
      code: "bad-weights",
      message:
        'weights in memory is torchvision fcn_resnet101: dilated, 21 classes, with aux head, 4 planes; it has no head for fcn8s: load it as fcn-resnet101, or give heads: "init" (--heads init) for an untrained one',
    });
    await expect(load(bare)).rejects.toMatchObject({
      code: "bad-weights",
      message:
        'weights in memory is resnet101 under "backbone.": backbone only, 4 planes; it has no head for fcn8s: give heads: "init" (--heads init) for an untrained one',
    });
    await expect(load(bare, { variant: "fcn4s" as "fcn8s" })).rejects.toMatchObject({ code: "bad-option" });
    await expect(load(bare, { heads: "yes" as "init" })).rejects.toMatchObject({ code: "bad-option" });
  });

  it("behind DataParallel's prefix is the same network", async () => {
    const specs = torchvisionFcnTensors(21, WIDTH);
    const wrapped = await hashedFile(
      specs.map(({ name, shape }) => ({ name: `module.${name}`, shape })),
      (name, shape) => hashedTensor(name.slice("module.".length), shape),
    );
    const [a, b] = [
      await load(specs, { resize: "none" }),
      await loadFcn({ weights: wrapped, device: device(), resize: "none" }),
    ];
    expect((await b.logits(picture)).data).toEqual((await a.logits(picture)).data);
    a.dispose();
    b.dispose();
  });

  it.each([...FCN_VARIANTS, "fcn-resnet101"] as const)(
    "may be an untrained %s, which says so and runs the same every time",
    async (variant) => {
      const options = { variant, heads: "init", resize: "none" } as const;
      const [a, b] = [await load(bare, options), await load(bare, options)];
      expect(a.notice).toBe(
        `the head of ${variant} is untrained, so its labels mean nothing: weights in memory is resnet101 under "backbone.": backbone only, 4 planes`,
      );
      const { data } = await a.logits(picture);
      expect(data.every(Number.isFinite)).toBe(true);
      expect(data.some((value) => value !== 0)).toBe(true);
      expect((await b.logits(picture)).data).toEqual(data);
      a.dispose();
      b.dispose();
    },
  );

  it("keeps a head that is there, whatever `heads` says", async () => {
    const [a, b] = [await load(paperFcnTensors(21, WIDTH)), await load(paperFcnTensors(21, WIDTH), { heads: "init" })];
    expect(b.notice).toBeUndefined();
    expect((await b.logits(picture)).data).toEqual((await a.logits(picture)).data);
    a.dispose();
    b.dispose();
  });

  it("may have any number of classes, with names or without", async () => {
    for (const specs of [paperFcnTensors(7, WIDTH), torchvisionFcnTensors(7, WIDTH)]) {
      const fcn = await load(specs, { resize: "none" });
      expect(fcn.classNames).toEqual(Array.from({ length: 7 }, (_, i) => `class ${i}`));
      expect((await fcn.logits(picture)).shape).toEqual([1, 7, 33, 40]);
      expect((await fcn.segment(picture)).names.every((name) => /^class [0-6]$/.test(name))).toBe(true);
      fcn.dispose();
      const classNames = ["a", "b", "c", "d", "e", "f", "g"];
      const named = await load(specs, { classNames });
      expect(named.classNames).toEqual(classNames);
      named.dispose();
      await expect(load(specs, { classNames: ["a"] })).rejects.toMatchObject({ code: "bad-option" });
    }
    const initial = await load(bare, { heads: "init", classNames: ["sea", "land", "cloud"] });
    expect((await initial.logits(picture)).shape).toEqual([1, 3, 33, 40]);
    initial.dispose();
  });
});

describe("initial heads", () => {
  const checkpoint = withInitialHead(hashedCheckpoint([]), "fcn8s", 3, 64);

  it("are what the paper starts from", async () => {
    const shapes = Object.fromEntries([...checkpoint.tensors.values()].map(({ name, shape }) => [name, [...shape]]));
    expect(shapes).toEqual(
      Object.fromEntries(
        paperFcnTensors(3).flatMap(({ name, shape }) => (name.startsWith("fcn8s.") ? [[name, [...shape]]] : [])),
      ),
    );
    for (const name of ["score16.weight", "score8.weight", "score32.bias", "score16.bias", "score8.bias"]) {
      expect(
        (await checkpoint.read(`fcn8s.${name}`)).every((value) => value === 0),
        name,
      ).toBe(true);
    }
    for (const up of ["up2", "up4"]) {
      const data = await checkpoint.read(`fcn8s.${up}.weight`);
      const kernel = [...bilinear(4)];
      for (let pair = 0; pair < 9; pair++)
        expect([...data.subarray(pair * 16, pair * 16 + 16)]).toEqual(pair % 4 === 0 ? kernel : kernel.map(() => 0));
    }
  });

  it("spread the coarsest scores as Kaiming does, the same every time", async () => {
    const data = await checkpoint.readFloat64("fcn8s.score32.weight");
    const bound = Math.sqrt(6 / 2048);
    const mean = data.reduce((a, b) => a + b, 0) / data.length;
    const deviation = Math.sqrt(data.reduce((a, b) => a + (b - mean) ** 2, 0) / data.length);
    expect(data.every((value) => Math.abs(value) <= bound)).toBe(true);
    expect(Math.abs(mean)).toBeLessThan(0.02 * bound);
    expect(Math.abs(deviation / Math.sqrt(2 / 2048) - 1)).toBeLessThan(0.03);
    expect(await checkpoint.readFloat64("fcn8s.score32.weight")).toEqual(data);
  });
});
