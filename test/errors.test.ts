/** Each bad call gets its error code and one sentence with the numbers, and breaks nothing else. */
import { spawnSync } from "node:child_process";
import { describe, expect, it, vi } from "vitest";
import { conv2d } from "../shaders/conv2d/kernel.js";
import { FcnError, isFcnError } from "../src/base/errors.js";
import { OutputClosed } from "../src/cli/output.js";
import { requestDevice as requestAnyDevice } from "../src/gpu/request-device.js";
import { Tensor, loadFcn, requestDevice, runKernel } from "../src/node.js";
import type { NodeLoadOptions } from "../src/node.js";
import { useDevice } from "./helpers/device.js";
import { expectError } from "./helpers/expect-error.js";

const device = useDevice();
const PICTURE = { width: 9, height: 7, data: new Uint8Array(9 * 7 * 4).fill(128) };
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

  it("no adapter: the sentence says what to do", async () => {
    const gpu = { requestAdapter: () => Promise.resolve(null) } as unknown as GPU;
    await expectError(
      () => requestAnyDevice({ gpu }),
      "no-adapter",
      /found no graphics adapter: turn on hardware acceleration in the browser$/,
    );
  });

  it.each(["NOSUCH", "a=b", "é", "\0", "x".repeat(5000)])("a name that no adapter has: %j", async (adapter) => {
    const name = JSON.stringify(adapter.slice(0, 80)).replaceAll("\\", "\\\\");
    await expectError(
      () => requestDevice({ adapter }),
      "no-adapter",
      new RegExp(`^no graphics adapter has ${name} in its name; this machine has .*\\w`),
    );
  });

  it("no difference by capitals in the name, or by the dashes of a device's own name", async () => {
    const first = await requestDevice();
    const [word = ""] = first.label.split("-");
    for (const adapter of [first.label, word.toUpperCase(), word.toLowerCase()]) {
      const device = await requestDevice({ adapter });
      expect(device.label).toBe(first.label);
      device.dispose();
    }
    first.dispose();
  });

  it("FCN_PRETEND with a word that it does not know", async () => {
    vi.stubEnv("FCN_PRETEND", "tpu");
    try {
      await expectError(() => requestDevice(), "bad-option", 'FCN_PRETEND is "tpu"; it may be gpu or unset');
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it("no driver on the machine: a typed error, not a crash", () => {
    const built = new URL("../dist/bundles/node/node.js", import.meta.url).href;
    const script = `import { requestDevice } from ${JSON.stringify(built)};
      const found = requestDevice().then(() => "found", (e) => e.code + " " + e.message);
      found.then(console.log).then(() => process.exit(0));`;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      env: { ...process.env, VK_DRIVER_FILES: "/nowhere.json", VK_ICD_FILENAMES: "/nowhere.json" },
      encoding: "utf8",
      timeout: 200_000,
    });
    expect(stdout).toMatch(
      /^no-adapter WebGPU found no graphics adapter: install a Vulkan driver .*mesa-vulkan-drivers/,
    );
  });
});

describe("FcnError", () => {
  it("is recognised from another copy of the library, and nothing else is", () => {
    const other = Object.assign(new Error("of a chunk"), { name: "FcnError", code: "bad-weights" });
    expect([other instanceof FcnError, isFcnError(other, "bad-weights"), isFcnError(other, "bad-image")]).toEqual([
      true,
      true,
      false,
    ]);
    for (const value of [new Error("x"), null, undefined, "FcnError", { name: "FcnError" }])
      expect(value instanceof FcnError).toBe(false);
    expect(new FcnError("bad-option", "own") instanceof OutputClosed).toBe(false);
  });
});

describe("options", () => {
  it("outside their documented values are refused", async () => {
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
      "classNames (--class-names) names 2 of 21 classes",
    );
  });

  it("that name a kernel variant which does not exist are refused when the model is loaded", async () => {
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
  });

  it("that name a kernel variant which this device cannot run are refused by the first plan", async () => {
    const fcn = await load({ variant: "fcn32s", kernels: { conv2d: "subgroup-matrix-16x32" } });
    await expectError(
      () => fcn.segment(PICTURE),
      "bad-option",
      /conv2d: variant "subgroup-matrix-16x32" cannot run here; usable: naive/,
    );
    fcn.dispose();
  });

  it("with a device that was disposed or lost are refused before anything is opened", async () => {
    const disposed = await requestDevice();
    disposed.dispose();
    await expectError(
      () => load({ device: disposed, weights: "nowhere.safetensors" }),
      "disposed",
      "this device was disposed; request a new one",
    );
    const lost = await requestDevice();
    lost.gpu.destroy();
    await lost.lost;
    await expectError(() => load({ device: lost }), "device-lost", /^the GPU device ".+" was lost: /);
    lost.dispose();
  });
});

describe("calls", () => {
  it("after dispose() reject with disposed", async () => {
    const fcn = await load({ variant: "fcn32s" });
    fcn.dispose();
    fcn.dispose();
    await expectError(() => fcn.segment(PICTURE), "disposed", "the model fcn32s was disposed; load it again");
    const tensor = await Tensor.from(device(), [1], [1, 1, 1, 1]);
    tensor.dispose();
    await expectError(() => tensor.read(), "disposed", "tensor [1,1,1,1] was disposed");
  });

  it("of a kernel with wrong channels, attributes or operands name what is wrong", async () => {
    const x = await Tensor.from(device(), new Float32Array(48), [1, 3, 4, 4]);
    const tooManyChannels = { shape: [2, 4, 1, 1], data: new Float32Array(8) };
    const weight = { shape: [2, 3, 1, 1], data: new Float32Array(6) };
    // As plain JavaScript calls it, without types.
    const run = (args: object, attrs: object = {}) => runKernel(device(), conv2d, args as never, attrs);
    await expectError(
      () => run({ x, weight: tooManyChannels }),
      "bad-shape",
      "conv2d: weight [2,4,1,1] needs 4 input channels, x [1,3,4,4] has 3",
    );
    await expectError(
      () => run({ x, weight }, { strid: 2 }),
      "bad-shape",
      /conv2d has no attribute "strid"; it has stride, padding/,
    );
    await expectError(
      () => run({ x, weight }, { relu: 1 }),
      "bad-shape",
      "conv2d: attribute relu needs a boolean, got 1",
    );
    await expectError(
      () => run({ x, weight: { ...weight, data: new Float32Array(5) } }),
      "bad-shape",
      "input weight [2,3,1,1] needs 6 values, got 5",
    );
    await expectError(
      () => run({ x: { shape: [1, 3, 4, 4], data: new Float32Array(48) }, weight }),
      "bad-shape",
      /^conv2d: input x is a tensor: pass one made by Tensor\.from/,
    );
    await expectError(
      () => run({ x, weight: x }),
      "bad-shape",
      /^conv2d: input weight is a weight: pass \{ shape, data \}/,
    );
    await expectError(() => run({ weight }), "bad-shape", "conv2d: input x is missing");
    x.dispose();
  });

  it("of Tensor with values that do not fit the shape, or a shape that does not fit the device", async () => {
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
  });
});
