/** Errors are part of the interface: every bad input gets its code and one sentence with the numbers, and breaks nothing else. */
import { spawnSync } from "node:child_process";
import { describe, expect, it, vi } from "vitest";
import { conv2d } from "../shaders/conv2d/kernel.js";
import { FcnError } from "../src/base/errors.js";
import { requestDevice as requestAnyDevice } from "../src/gpu/request-device.js";
import { Tensor, decodePng, encodePng, loadFcn, requestDevice, runKernel } from "../src/node.js";
import type { NodeLoadOptions } from "../src/node.js";
import { edited } from "./helpers/checkpoints.js";
import { useDevice } from "./helpers/device.js";

const device = useDevice();
const PICTURE = { width: 9, height: 7, data: new Uint8Array(9 * 7 * 4).fill(128) };

async function failure(work: () => unknown): Promise<FcnError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof FcnError) {
      expect(error.message).not.toMatch(/\n|undefined|NaN|\[object/);
      return error;
    }
    throw error;
  }
  throw new Error("nothing was thrown");
}

async function expectError(work: () => unknown, code: string, sentence: RegExp | string): Promise<void> {
  const error = await failure(work);
  expect([error.code, error.message]).toEqual([
    code,
    typeof sentence === "string" ? sentence : (expect.stringMatching(sentence) as string),
  ]);
}

const load = (options: NodeLoadOptions) => loadFcn({ device: device(), ...options });

describe("adapters", () => {
  it("no WebGPU in this runtime", () =>
    expectError(
      () => requestAnyDevice(),
      "no-webgpu",
      /this runtime has no WebGPU .* import fcn-webgpu\/node in Node$/,
    ));

  it("no WebGPU on a page from an insecure address", async () => {
    vi.stubGlobal("isSecureContext", false);
    try {
      await expectError(() => requestAnyDevice(), "no-webgpu", /: serve the page over https or from localhost$/);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it("no adapter says what to install", async () => {
    const gpu = { requestAdapter: () => Promise.resolve(null) } as unknown as GPU;
    await expectError(
      () => requestAnyDevice({ gpu }),
      "no-adapter",
      /found no graphics adapter: install a Vulkan driver .*mesa-vulkan-drivers/,
    );
  });

  it("no driver on the machine: a typed error, not a crash", () => {
    const script = `import { requestDevice } from ${JSON.stringify(new URL("../dist/src/node.js", import.meta.url).href)};
      requestDevice().then(() => console.log("found"), (e) => console.log(e.code)).then(() => process.exit(0));`;
    const env = { ...process.env, VK_DRIVER_FILES: "/nowhere.json", VK_ICD_FILENAMES: "/nowhere.json" };
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      env,
      encoding: "utf8",
      timeout: 60_000,
    });
    expect(stdout.trim()).toBe("no-adapter");
  });
});

describe("pictures", () => {
  const png = encodePng(PICTURE);
  const huge = new Uint8Array(png);
  new DataView(huge.buffer).setUint32(16, 60_000);
  new DataView(huge.buffer).setUint32(20, 60_000);

  it.each([
    ["0 bytes", new Uint8Array(), "x.png: the file is empty (0 bytes)"],
    [
      "text",
      new TextEncoder().encode("hello, this is a text file of mine, nothing else"),
      /^x\.png: it is no PNG \(it starts with 68 65/,
    ],
    ["JPEG", new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 0, 16, 74, 70, 73, 70]), /^x\.png: it is a JPEG/],
    ["cut off in the header", png.subarray(0, 20), "x.png: the PNG is cut off after 20 bytes, inside its header"],
    ["cut off in the data", png.subarray(0, png.length - 20), /^x\.png: the PNG is damaged or cut off \(\d+ bytes\): /],
    ["a flipped bit", png.map((v, i) => (i === 45 ? v ^ 1 : v)), /^x\.png: the PNG is damaged or cut off/],
    [
      "a header that claims too much",
      huge,
      /^x\.png: the PNG header claims 60000 x 60000, more than its \d+ bytes can hold/,
    ],
  ])("PNG: %s", (_, bytes, sentence) => expectError(() => decodePng(bytes, "x.png"), "bad-image", sentence));

  it("of sizes that do not fit their data, a file that is not there; the model goes on", async () => {
    const fcn = await load({ variant: "fcn32s" });
    await expectError(
      () => fcn.segment({ ...PICTURE, width: 10 }),
      "bad-image",
      "picture: 10 x 7 needs 210 (RGB) or 280 (RGBA) bytes, got 252",
    );
    await expectError(
      () => fcn.segment({ ...PICTURE, width: 0 }),
      "bad-image",
      "picture: 0 x 7 is not a size of at least 1 x 1",
    );
    await expectError(
      () => fcn.segment(null as unknown as string),
      "bad-image",
      "picture: got null, needed { width, height, data }",
    );
    await expectError(
      () => fcn.warmup(60_000, 60_000),
      "limit-too-small",
      /^a picture of 60000 x 60000 is too large for this device: .* this adapter offers \d+; make it smaller$/,
    );
    await expectError(
      () => fcn.warmup(1e6, 1e6),
      "limit-too-small",
      /^a picture of 1000000 x 1000000 is too large for this device: tensor picture \[1,4,1000000,1000000\] needs maxStorageBufferBindingSize 4000000000000, this adapter offers \d+; make it smaller$/,
    );
    await expectError(() => fcn.warmup(0, 4), "bad-image", "warmup: 4 x 0 is not a size of at least 1 x 1");
    await expectError(() => fcn.segment("nowhere.png"), "bad-image", "nowhere.png: there is no such file");
    await expectError(() => fcn.segment(new Uint8Array([1, 2, 3])), "bad-image", /no PNG/);
    expect((await fcn.segment(PICTURE)).labels).toHaveLength(63);
    fcn.dispose();
  });

  it("larger than the device binds", async () => {
    const small = await requestDevice();
    Object.assign(small.limits, { maxStorageBufferBindingSize: 1e6 });
    const fcn = await load({ device: small, variant: "fcn32s" });
    const sentence =
      "a picture of 600 x 600 is too large for this device: tensor picture [1,4,600,600] needs maxStorageBufferBindingSize 1440000, this adapter offers 1000000; make it smaller";
    await expectError(
      () => fcn.segment({ width: 600, height: 600, data: new Uint8Array(600 * 600 * 4) }),
      "limit-too-small",
      sentence,
    );
    expect(
      (await fcn.segmentBatch([1, 2, 3].map(() => ({ width: 400, height: 300, data: new Uint8Array(400 * 300 * 4) }))))
        .length,
      "two at a time",
    ).toBe(3);
    fcn.dispose();
    small.dispose();
  });
});

describe("checkpoints", () => {
  it("names the missing, the mis-shaped and the unexpected together", async () => {
    const weights = await edited((tensors) => [
      ...tensors
        .filter((t) => t.name !== "fcn8s.score16.bias")
        .map((t) => (t.name === "fcn8s.score8.weight" ? { ...t, shape: [21, 64, 2, 1] } : t)),
      { name: "fcn8s.extra", shape: [1], dtype: "f32", read: () => new Float32Array(1) },
    ]);
    await expectError(
      () => load({ weights, variant: "fcn8s" }),
      "bad-weights",
      /1 missing \(fcn8s\.score16\.bias\); 1 mis-shaped \(fcn8s\.score8\.weight is \[21,64,2,1\], needed \[21,128,1,1\]\); 1 unexpected \(fcn8s\.extra\)/,
    );
  });

  it.each([
    ["bad-header-huge", /header/],
    ["bad-overlap", /overlap|gap|contiguous|starts/],
    ["bad-offsets", /./],
    ["bad-header-json", /header is wrong at character 6/],
    ["bad-shape", /./],
    ["bad-dtype", /Q7/],
    ["bad-negative", /-2/],
    ["bad-proto", /__proto__/],
  ])("%s.safetensors", async (name, sentence) => {
    await expectError(
      () => load({ weights: `test/fixtures/checkpoints/${name}.safetensors` }),
      "bad-weights",
      sentence,
    );
  });

  it("a header length of 2^60", async () => {
    const weights = new Uint8Array(64);
    new DataView(weights.buffer).setBigUint64(0, 1n << 60n, true);
    weights[8] = 0x7b;
    await expectError(
      () => load({ weights }),
      "bad-weights",
      /its safetensors header claims 1152921504606846976 bytes, more than the format's limit of 100000000$/,
    );
  });

  it("integers where numbers with a fraction belong", async () => {
    const weights = await edited((tensors) => tensors);
    const text = Buffer.from(weights.buffer, weights.byteOffset, weights.byteLength);
    const at = text.indexOf('"F16"', text.indexOf('"fcn8s.score32.weight"'), "latin1");
    text.write('"I16"', at, "latin1"); // of the same width, so that only the type is wrong
    await expectError(
      () => load({ weights, variant: "fcn8s" }),
      "bad-weights",
      /fcn8s\.score32\.weight holds i16, needed floating point/,
    );
  });

  it("a digest that differs, with both", async () => {
    const weights = "weights/fcn-resnet101-w16-icons-f16.safetensors";
    await expectError(
      () => load({ weights, sha256: "0".repeat(64) }),
      "bad-weights",
      /sha256 is 8a974e39[0-9a-f]+, expected 0{64}; the file was changed/,
    );
  });

  it("a file that is not there", () =>
    expectError(() => load({ weights: "nowhere.safetensors" }), "bad-weights", /nowhere\.safetensors/));
});

describe("options and calls", () => {
  it("refuses what is not among the documented values", async () => {
    await expectError(
      () => load({ variant: "fcn4s" as "fcn8s" }),
      "bad-option",
      /variant "fcn4s" is not one of fcn32s, fcn16s, fcn8s/,
    );
    await expectError(
      () => load({ precision: "f64" as "f32" }),
      "bad-option",
      'precision "f64" is not one of f32, f16, auto',
    );
    await expectError(() => load({ maxPlans: 0 }), "bad-option", "maxPlans must be a whole number of 1 or more, got 0");
    await expectError(
      () => load({ classNames: ["a", "b"] }),
      "bad-option",
      "classNames has 2 names, the checkpoint has 21 classes",
    );
  });

  it("refuses a kernel variant that does not exist when it loads, one that cannot run here at the first plan", async () => {
    await expectError(
      () => load({ variant: "fcn32s", kernels: { conv2d: "nonsense" } }),
      "bad-option",
      /^kernels: conv2d has no variant "nonsense"; it has naive, .*tiled/,
    );
    await expectError(
      () => load({ variant: "fcn32s", kernels: { softmax: "toString" } }),
      "bad-option",
      /^kernels: softmax has no variant "toString"; it has naive/,
    );
    const fcn = await load({ variant: "fcn32s", kernels: { conv2d: "subgroup-matrix-16x32" } });
    await expectError(
      () => fcn.segment(PICTURE),
      "bad-option",
      /conv2d: variant "subgroup-matrix-16x32" cannot run here; usable: naive/,
    );
    fcn.dispose();
  });

  it("refuses a device that was disposed or lost, before anything is opened", async () => {
    const [own, gone] = [await requestDevice(), await requestDevice()];
    own.dispose();
    gone.gpu.destroy();
    await gone.lost;
    await expectError(
      () => load({ device: own, weights: "nowhere.safetensors" }),
      "disposed",
      "this device was disposed; request a new one",
    );
    await expectError(() => load({ device: gone }), "device-lost", /^the GPU device ".+" was lost: /);
    gone.dispose();
  });

  it("says disposed after dispose()", async () => {
    const fcn = await load({ variant: "fcn32s" });
    fcn.dispose();
    fcn.dispose();
    await expectError(() => fcn.segment(PICTURE), "disposed", "the model fcn32s was disposed; load it again");
    const tensor = await Tensor.from(device(), [1], [1, 1, 1, 1]);
    tensor.dispose();
    await expectError(() => tensor.read(), "disposed", "tensor [1,1,1,1] was disposed");
  });

  it("names the wrong channels, attributes and operands of a kernel call", async () => {
    const x = await Tensor.from(device(), new Float32Array(48), [1, 3, 4, 4]);
    const weight = { shape: [2, 4, 1, 1], data: new Float32Array(8) };
    await expectError(
      () => runKernel(device(), conv2d, { x, weight }),
      "bad-shape",
      "conv2d: weight [2,4,1,1] needs 4 input channels, x [1,3,4,4] has 3",
    );
    const fits = { shape: [2, 3, 1, 1], data: new Float32Array(6) };
    await expectError(
      () => runKernel(device(), conv2d, { x, weight: fits }, { strid: 2 } as object),
      "bad-shape",
      /conv2d: no attribute "strid"; it has stride, padding/,
    );
    await expectError(
      () => runKernel(device(), conv2d, { x, weight: fits }, { relu: 1 } as object),
      "bad-shape",
      "conv2d: attribute relu needs a boolean, got 1",
    );
    await expectError(
      () => runKernel(device(), conv2d, { x, weight: { ...fits, data: new Float32Array(5) } }),
      "bad-shape",
      "input weight [2,3,1,1] needs 6 values, got 5",
    );
    await expectError(
      () =>
        runKernel(device(), conv2d, {
          x: { shape: [1, 3, 4, 4], data: new Float32Array(48) } as unknown as Tensor,
          weight: fits,
        }),
      "bad-shape",
      /^conv2d: input x is a tensor: pass one made by Tensor\.from/,
    );
    await expectError(
      () => runKernel(device(), conv2d, { x, weight: x as unknown as typeof fits }),
      "bad-shape",
      /^conv2d: input weight is a weight: pass \{ shape, data \}/,
    );
    await expectError(() => runKernel(device(), conv2d, { weight: fits }), "bad-shape", "conv2d: input x is missing");
    await expectError(
      () => Tensor.from(device(), [1, 2], [1, 1, 1, 1]),
      "bad-shape",
      "tensor [1,1,1,1] needs 1 values, got 2",
    );
    await expectError(() => Tensor.from(device(), [], [0, 1, 1, 1]), "bad-shape", /needs 4 positive integers/);
    await expectError(
      () => Tensor.empty(device(), [1, 4, 40_000, 4_000]),
      "limit-too-small",
      /needs maxStorageBufferBindingSize 2560000000, this adapter offers \d+/,
    );
    x.dispose();
  });
});
