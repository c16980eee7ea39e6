/** Large weights: packed piece by piece as at once, read once and in small pieces, and freed when reading fails. */
import { describe, expect, it } from "vitest";
import { hashedVggTensor, vggTensors } from "../bench/hashed-vgg.js";
import { conv2d } from "../shaders/conv2d/kernel.js";
import { isFcnError } from "../src/base/errors.js";
import type { Device } from "../src/gpu/device.js";
import { layoutNamed, layouts } from "../src/kernel/layout.js";
import { elements } from "../src/kernel/shape.js";
import type { VariantChoice } from "../src/kernel/choice.js";
import type { Packing, Precision } from "../src/kernel/variant.js";
import type { Weight } from "../src/kernel/weight.js";
import { largeWeight, slicesOf } from "../src/layers/large-weight.js";
import { describeBackbone } from "../src/models/backbones/index.js";
import { fcnNetwork } from "../src/models/fcn.js";
import { Graph } from "../src/plan/graph.js";
import { Plan } from "../src/plan/plan.js";
import { WeightStore } from "../src/plan/weight-store.js";
import { recognise } from "../src/weights/names.js";
import { openCheckpoint } from "../src/weights/open.js";
import { Parameters } from "../src/weights/parameters.js";
import { bufferSource } from "../src/weights/source.js";
import type { ByteSource } from "../src/weights/source.js";
import { useDevice } from "./helpers/device.js";
import { hashedFile } from "./helpers/hashed-checkpoint.js";
import { watchMemory } from "./helpers/live-memory.js";
import { seeded } from "./helpers/random.js";
import { largestDifference } from "./helpers/reference-maps.js";

const device = useDevice();
const MIB = 2 ** 20;
const PIECE = 2 * MIB;

/** 69 output channels of 174 kB: several pieces for tiles of 4 to 32 channels, of which the last is short. */
const SHAPE = [69, 2_897, 3, 5] as const;
const COUNT = elements(SHAPE);

function randomWeight(): { weight: Weight; data: Float32Array } {
  const random = seeded(9);
  const data = new Float32Array(COUNT).map(() => random() - 0.5);
  const slice = COUNT / SHAPE[0];
  const readSlices = async (first: number, count: number): Promise<Float32Array> =>
    data.slice(first * slice, (first + count) * slice);
  return { weight: { name: "w", shape: SHAPE, read: async () => data.slice(), readSlices }, data };
}

/** The packings of conv2d's weights, each once. */
const packings = new Map(
  Object.values(conv2d.variants).flatMap(({ packing }) => {
    const own = packing?.weight as Packing | undefined;
    return own && (own.group !== undefined || own.packInto) ? [[own.name, own] as const] : [];
  }),
);

describe("pieces", () => {
  it.each([...packings.keys()])("%s packs them as it packs the whole", (name) => {
    const packing = packings.get(name) as Packing;
    const { data } = randomWeight();
    const problem = {} as never;
    const whole = packing.pack(data, SHAPE, problem);
    expect(whole.byteLength).toBe(packing.bytes?.(SHAPE, problem));
    const slice = COUNT / SHAPE[0];
    const into = packing.precision === "f16" ? new Uint32Array(whole.length) : new Float32Array(whole.length);
    const step = packing.group ?? 10;
    let offset = 0;
    for (let first = 0; first < SHAPE[0]; first += step) {
      const part = data.subarray(first * slice, (first + step) * slice);
      if (packing.packInto) packing.packInto(into, part, SHAPE, first);
      else {
        const packed = packing.pack(part, [part.length / slice, ...SHAPE.slice(1)], problem);
        into.set(packed, offset);
        offset += packed.length;
      }
    }
    expect(Buffer.compare(Buffer.from(into.buffer), Buffer.from(whole.buffer))).toBe(0);
  });

  it("are few: the packings of tiles, lanes and tensor cores", () => {
    expect(packings.size).toBeGreaterThanOrEqual(4);
  });

  it("of slices are the slices of the whole, read in part or not", async () => {
    const { weight, data } = randomWeight();
    const slice = COUNT / SHAPE[0];
    const expected = data.subarray(4 * slice, 10 * slice);
    const whole: Weight = { name: "w", shape: SHAPE, read: () => weight.read() };
    for (const source of [weight, largeWeight(weight), whole]) {
      const part = slicesOf(source, 4, 6);
      expect([part.name, part.shape]).toEqual(["w[4:10]", [6, ...SHAPE.slice(1)]]);
      expect(
        Buffer.compare(Buffer.from((await part.read()).slice().buffer), Buffer.from(expected.slice().buffer)),
      ).toBe(0);
    }
    const inner = slicesOf(slicesOf(weight, 4, 6), 1, 2);
    expect((await inner.read())[0]).toBe(data[5 * slice]);
  });
});

/** A source that notes the ranges that are read. */
function noting(source: ByteSource): { source: ByteSource; lengths: number[] } {
  const lengths: number[] = [];
  const read = async (offset: number, length: number): ReturnType<ByteSource["read"]> => {
    lengths.push(length);
    return source.read(offset, length);
  };
  return { source: { name: source.name, size: source.size, read, close: () => source.close() }, lengths };
}

/** Notes the bytes of each write to the device. */
function noteWrites({ gpu }: Device): { lengths: number[]; stop: () => void } {
  const lengths: number[] = [];
  const { queue } = gpu;
  const writeBuffer = queue.writeBuffer.bind(queue);
  const writeTexture = queue.writeTexture.bind(queue);
  const noteBuffer: typeof writeBuffer = (buffer, offset, data, start, size) => {
    lengths.push(size ?? data.byteLength);
    writeBuffer(buffer, offset, data, start, size);
  };
  const noteTexture = (
    to: GPUTexelCopyTextureInfo,
    data: ArrayBuffer,
    layout: GPUTexelCopyBufferLayout,
    size: readonly [width: number, height: number],
  ): void => {
    lengths.push(size[0] * size[1] * 16);
    writeTexture(to, data, layout, size);
  };
  Object.defineProperty(queue, "writeBuffer", { configurable: true, value: noteBuffer });
  Object.defineProperty(queue, "writeTexture", { configurable: true, value: noteTexture });
  const stop = (): void => {
    Object.defineProperty(queue, "writeBuffer", { configurable: true, value: writeBuffer });
    Object.defineProperty(queue, "writeTexture", { configurable: true, value: writeTexture });
  };
  return { lengths, stop };
}

const CASES: readonly (readonly [string, Precision, VariantChoice])[] = [
  ["the device's own variants", "f32", {}],
  ["tiles", "f32", { conv2d: "tiled-32x32" }],
  ["tiles in f16", "f16", { conv2d: "tiled-f16-32x32" }],
];

describe("a VGG-16 with a third of the channels, whose fc6 has 44 MB", () => {
  const specs = vggTensors(21, 21);
  let bytes: Uint8Array | undefined;

  it.each(CASES)("is read once, and read and written in pieces of a few MB, for %s", async (_, precision, choice) => {
    bytes ??= await hashedFile(specs, hashedVggTensor);
    const { source, lengths } = noting(bufferSource(bytes));
    const { checkpoint } = recognise(await openCheckpoint(source));
    const network = fcnNetwork(Parameters.of(checkpoint), "fcn8s", await describeBackbone(checkpoint));
    const graph = new Graph();
    const image = graph.input("x", [1, 3, 9, 9], "nhwc4");
    graph.output("y", network.logits(graph, image, [9, 9]));
    lengths.length = 0;
    const store = new WeightStore(device());
    const writes = noteWrites(device());
    const plan = await Plan.create(device(), graph, store, choice, { precision });
    writes.stop();
    const read = lengths.reduce((sum, length) => sum + length, 0);
    const used = specs.filter(({ name }) => name !== "upscore.weight" && name !== "upscore16.weight");
    expect(read).toBe(4 * used.reduce((sum, { shape }) => sum + elements(shape), 0));
    expect(Math.max(...lengths)).toBeLessThan(1.25 * PIECE);
    expect(writes.lengths.reduce((sum, length) => sum + length, 0)).toBeGreaterThan(0.99 * store.bytes);
    expect(Math.max(...writes.lengths)).toBeLessThan(1.25 * PIECE);
    plan.dispose();
    store.dispose();
  });
});

describe("on the device", () => {
  const graphOf = (weight: Weight): Graph => {
    const graph = new Graph();
    const x = graph.input("x", [1, SHAPE[1], 3, 5], "nhwc4");
    graph.output("y", graph.op("conv", conv2d, { x, weight }).y);
    return graph;
  };

  /** As many as the adapter's default variant asks for. */
  async function piecesOf(weight: Weight): Promise<number> {
    let pieces = 0;
    const readSlices = (first: number, count: number) => {
      pieces += 1;
      return weight.readSlices?.(first, count) ?? weight.read();
    };
    const store = new WeightStore(device());
    (await Plan.create(device(), graphOf(largeWeight({ ...weight, readSlices })), store)).dispose();
    store.dispose();
    expect(pieces).toBeGreaterThan(2);
    return pieces;
  }

  it.each(CASES.slice(0, 2))("pieces give the numbers of the whole with %s", async (_, precision, choice) => {
    const { weight } = randomWeight();
    const x = new Float32Array(SHAPE[1] * 15).map(seeded(4));
    const outputs: ArrayLike<number>[] = [];
    for (const source of [weight, largeWeight(weight)]) {
      const store = new WeightStore(device());
      const plan = await Plan.create(device(), graphOf(source), store, choice, { precision });
      const run = await plan.run({ x: new Uint8Array(layouts.nhwc4.pack(x, [1, SHAPE[1], 3, 5])) });
      const y = run.outputs.get("y");
      if (y) outputs.push(layoutNamed(y.layout).unpack(y.bytes, y.shape));
      plan.dispose();
      store.dispose();
    }
    expect(outputs).toHaveLength(2);
    expect(largestDifference(outputs[0] ?? [], outputs[1] ?? [NaN])).toBe(0);
  });

  it.each([
    ["a failed read", () => Promise.reject(new Error("the disk is gone")), /the disk is gone/],
    ["a read that gives too little", () => Promise.resolve(new Float32Array(3)), /w .* needs \d+ values, got 3/],
  ])("%s in the middle frees what was made, and the next plan reads again", async (_, fail, message) => {
    const { weight } = randomWeight();
    let reads = 0;
    const failing = largeWeight({
      ...weight,
      readSlices: (first, count) => (++reads === 2 ? fail() : (weight.readSlices?.(first, count) ?? fail())),
    });
    const live = watchMemory(device());
    const store = new WeightStore(device());
    await expect(Plan.create(device(), graphOf(failing), store)).rejects.toThrow(message);
    expect([live.count, store.bytes]).toEqual([0, 0]);
    const [failed, pieces] = [reads, await piecesOf(weight)];
    const plan = await Plan.create(device(), graphOf(failing), store);
    expect([failed, reads - failed]).toEqual([2, pieces]);
    plan.dispose();
    store.dispose();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(live.count).toBe(0);
    live.stop();
  });

  it("ends when the model is disposed meanwhile", async () => {
    const { weight } = randomWeight();
    const store = new WeightStore(device());
    const making = Plan.create(device(), graphOf(largeWeight(weight)), store);
    await new Promise((resolve) => setTimeout(resolve, 5));
    store.dispose();
    await making.then(
      (plan) => plan.dispose(),
      (error: unknown) => expect(isFcnError(error, "disposed")).toBe(true),
    );
  });
});
