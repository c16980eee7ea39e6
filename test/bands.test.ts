/** Pictures in bands: labels and scores of an uncut plan, bit for bit; memory, pipelines, abort, errors. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { hashedVggTensor, vggTensors } from "../bench/hashed-vgg.js";
import { paperFcnTensors, torchvisionFcnTensors } from "../bench/hashed-weights.js";
import { pipelinesOf } from "../src/gpu/pipelines.js";
import { loadFcn, requestDevice } from "../src/node.js";
import type { Device, Fcn, NodeLoadOptions, NodePicture, Picture } from "../src/node.js";
import { hashedFile } from "./helpers/hashed-checkpoint.js";

let device: Device;
beforeAll(async () => {
  device = await requestDevice();
});
afterAll(() => device.dispose());

const open: Fcn<NodePicture>[] = [];
afterEach(() => open.splice(0).forEach((fcn) => fcn.dispose()));

async function load(options: NodeLoadOptions): Promise<Fcn<NodePicture>> {
  const fcn = await loadFcn({ device, resize: "none", ...options });
  open.push(fcn);
  return fcn;
}

/** Noise over slow waves: every network finds several classes in it. */
function wavyPicture(width: number, height: number): Picture {
  const data = new Uint8Array(width * height * 4);
  let seed = width * 31 + height;
  for (let i = 0; i < data.length; i++) {
    seed = (seed * 1103515245 + 12345) >>> 0;
    const [x, y] = [(i >> 2) % width, Math.floor((i >> 2) / width)];
    data[i] = (i & 3) === 3 ? 255 : 110 + 70 * Math.sin(x / 23 + (i & 3)) * Math.cos(y / 31) + (seed >>> 26);
  }
  return { width, height, data };
}

const sameBits = (a: Float32Array, b: Float32Array): boolean =>
  Buffer.compare(
    Buffer.from(a.buffer, a.byteOffset, a.byteLength),
    Buffer.from(b.buffer, b.byteOffset, b.byteLength),
  ) === 0;

const NETWORKS: Readonly<Record<string, () => Promise<NodeLoadOptions>>> = {
  "ResNet-18, FCN-8s": async () => ({ weights: await hashedFile(paperFcnTensors(21, 8, 18)) }),
  "ResNet-50, FCN-16s": async () => ({ weights: await hashedFile(paperFcnTensors(21, 4, 50)), variant: "fcn16s" }),
  "dilated ResNet-50": async () => ({ weights: await hashedFile(torchvisionFcnTensors(21, 4, 50)) }),
  "VGG-16, FCN-8s": async () => ({ weights: await hashedFile(vggTensors(21, 4), hashedVggTensor) }),
  "MobileNetV2, FCN-8s": async () => ({}),
  "MobileNetV2, FCN-32s": async () => ({ variant: "fcn32s" }),
};

describe.each(Object.entries(NETWORKS))("%s", (_, optionsOf) => {
  it("gives the labels and scores of an uncut plan, bit for bit", async () => {
    const options = await optionsOf();
    const [whole, cut] = [await load(options), await load({ ...options, tile: 64 })];
    for (const [width, height] of [
      [99, 243],
      [161, 193],
    ] as const) {
      const picture = wavyPicture(width, height);
      const [expected, got] = [await whole.segment(picture), await cut.segment(picture)];
      expect(got.timings.bands, `${width} x ${height}`).toBeGreaterThan(4);
      expect(expected.timings.bands).toBeUndefined();
      expect(Buffer.compare(got.labels, expected.labels), `${width} x ${height}`).toBe(0);
      expect(got.pixels).toEqual(expected.pixels);
      const scores = [await whole.logits(picture), await cut.logits(picture)] as const;
      expect(scores[1].shape).toEqual(scores[0].shape);
      expect(sameBits(scores[1].data, scores[0].data), `scores of ${width} x ${height}`).toBe(true);
    }
  });
});

describe("a device with small bindings", () => {
  const limits = (): Device["limits"] => device.limits;
  let real: Device["limits"];
  const lower = (bytes: number): void => {
    real = limits();
    Object.defineProperty(device, "limits", {
      value: { ...real, maxStorageBufferBindingSize: bytes, maxBufferSize: bytes },
      configurable: true,
    });
  };
  afterEach(() => {
    Object.defineProperty(device, "limits", { value: real, configurable: true });
  });

  it.each([2 ** 20, 700_000])("of %d bytes gives the labels of one that holds the picture", async (bytes) => {
    // A software adapter keeps maps in textures, so that it cuts larger pictures only.
    const picture = device.software ? wavyPicture(500, 701) : wavyPicture(350, 491);
    real = limits();
    const expected = await (await load({ weights: "icons" })).segment(picture);
    lower(bytes);
    const fcn = await load({ weights: "icons" });
    const got = await fcn.segment(picture);
    expect(got.timings.bands).toBeGreaterThan(2);
    expect(Buffer.compare(got.labels, expected.labels)).toBe(0);
    const before = device.allocations.bytes;
    expect((await fcn.segment(picture)).timings.compile, "the plan is kept").toBe(0);
    expect(device.allocations.bytes).toBe(before);
  });

  it("resizes labels to a picture that is larger than a binding", async () => {
    const picture = wavyPicture(1203, 1102);
    real = limits();
    const expected = await (await load({ weights: "icons", resize: 128 })).segment(picture);
    lower(2 ** 20);
    const got = await (await load({ weights: "icons", resize: 128 })).segment(picture);
    expect(got.timings.bands).toBeGreaterThan(1);
    expect(Buffer.compare(got.labels, expected.labels)).toBe(0);
  });

  it("is named with the size that would fit, which then does", async () => {
    real = limits();
    lower(2 ** 17);
    const fcn = await load({});
    const error: unknown = await fcn.warmup(3000, 4000).catch((reason: unknown) => reason);
    expect(String(error)).toMatch(/a picture of 4000 x 3000 is too large for this device: in bands, tensor /);
    const [, width, height] = /of this shape, (\d+) x (\d+) fits$/.exec(String(error)) ?? [];
    expect(Number(width) * 3).toBeCloseTo(Number(height) * 4, -1.5);
    // Its weights do not fit such bindings, but textures.
    if (!device.software) return;
    const fitting = wavyPicture(Number(width), Number(height));
    expect((await fcn.segment(fitting)).labels).toHaveLength(fitting.width * fitting.height);
  });
});

describe("a plan in bands", () => {
  it.each([160, 61])("takes pictures that the network sees at a shorter side of %d", async (resize) => {
    const picture = wavyPicture(90, 217);
    const [whole, cut] = [await load({ resize }), await load({ resize, tile: 64 })];
    const [expected, got] = [await whole.segment(picture), await cut.segment(picture)];
    expect(got.timings.bands).toBeGreaterThan(2);
    expect(Buffer.compare(got.labels, expected.labels)).toBe(0);
    const scores = [await whole.logits(picture), await cut.logits(picture)] as const;
    expect(sameBits(scores[1].data, scores[0].data)).toBe(true);
  });

  it("compiles no pipeline more for more bands, and uploads weights once", async () => {
    const fcn = await load({ tile: 64 });
    await fcn.segment(wavyPicture(52, 300));
    const [pipelines, weights] = [pipelinesOf(device).size, fcn.memory.weights];
    const { timings } = await fcn.segment(wavyPicture(52, 900));
    expect(timings.bands).toBeGreaterThan(20);
    expect(pipelinesOf(device).size).toBe(pipelines);
    expect(fcn.memory.weights).toBe(weights);
  });

  it("takes memory by the picture's width, not by its height", async () => {
    const bytesAt = async (height: number): Promise<number> => {
      const fcn = await load({ weights: "icons", tile: 128, maxPlans: 1 });
      await fcn.segment(wavyPicture(32, height));
      return fcn.memory.plans;
    };
    expect(await bytesAt(4000)).toBeLessThan(1.1 * (await bytesAt(2000)));
  });

  it("cuts what is wider than the textures of a software adapter into columns, and stays in textures", async () => {
    const picture = wavyPicture(9000, 24);
    const fcn = await load({ weights: "icons", variant: "fcn32s" });
    const { timings, labels } = await fcn.segment(picture);
    if (device.software) expect(timings.bands).toBeGreaterThan(1);
    else expect(timings.bands).toBeUndefined();
    const cut = await load({ weights: "icons", variant: "fcn32s", tile: 4000 });
    expect(Buffer.compare((await cut.segment(picture)).labels, labels)).toBe(0);
  });

  it("ends between two bands when it is aborted, and runs again", async () => {
    const fcn = await load({ tile: 64 });
    const picture = wavyPicture(100, 600);
    const expected = await fcn.segment(picture);
    const controller = new AbortController();
    const { queue } = device.gpu;
    const submitNow = queue.submit.bind(queue);
    const submit = vi.spyOn(queue, "submit").mockImplementation((buffers) => {
      if (submit.mock.calls.length === 3) controller.abort();
      return submitNow(buffers);
    });
    await expect(fcn.segment(picture, { signal: controller.signal })).rejects.toMatchObject({ name: "AbortError" });
    await device.gpu.queue.onSubmittedWorkDone();
    expect(submit.mock.calls.length).toBeLessThan(6);
    submit.mockRestore();
    expect(Buffer.compare((await fcn.segment(picture)).labels, expected.labels)).toBe(0);
  });

  it("serves calls at once, one after the other, and frees its memory", async () => {
    const before = device.allocations.bytes;
    const fcn = await loadFcn({ device, resize: "none", tile: 64 });
    const pictures = [wavyPicture(70, 160), wavyPicture(70, 160), wavyPicture(60, 130)];
    const alone = [];
    for (const picture of pictures) alone.push((await fcn.segment(picture)).labels);
    const together = await Promise.all(pictures.map((picture) => fcn.segment(picture)));
    const batch = await fcn.segmentBatch(pictures);
    const streamed: Uint8Array[] = [];
    for await (const { labels } of fcn.segmentAll(pictures)) streamed.push(labels);
    expect(together.map(({ labels }) => labels)).toEqual(alone);
    expect(batch.map(({ labels }) => labels)).toEqual(alone);
    expect(streamed).toEqual(alone);
    fcn.dispose();
    await device.gpu.queue.onSubmittedWorkDone();
    await expect.poll(() => device.allocations.bytes).toBe(before);
  });

  it("gives features on the host; those on the GPU are not cut", async () => {
    const picture = wavyPicture(90, 200);
    const [whole, cut] = [await load({}), await load({ tile: 64 })];
    const expected = await whole.features(picture, ["features.6", "features.13"]);
    const got = await cut.features(picture, ["features.6", "features.13"]);
    for (const name of ["features.6", "features.13"] as const) {
      expect(got[name].shape).toEqual(expected[name].shape);
      expect(sameBits(got[name].data, expected[name].data)).toBe(true);
    }
    const onGpu = await cut.features(picture, ["features.6"], { on: "gpu" });
    expect(onGpu["features.6"].shape).toEqual(expected["features.6"].shape);
    onGpu["features.6"].dispose();
  });

  it("is refused for a tile that is no number of rows", async () => {
    await expect(loadFcn({ device, tile: 0 })).rejects.toThrow(/tile/);
    await expect(loadFcn({ device, tile: 1.5 })).rejects.toThrow(/tile/);
  });
});
