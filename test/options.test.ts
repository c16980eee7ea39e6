/** Options as plain JavaScript may pass them: whatever would be ignored is an error that says what to write. */
import { beforeAll, describe, expect, it } from "vitest";
import { useChild } from "./helpers/child.js";

const run = useChild();
let said: Record<string, string> = {};

/** Expressions of plain JavaScript; `fcn`, `picture`, `device`, `x` and `conv` are in scope. */
const REFUSED: readonly (readonly [call: string, sentence: string | RegExp])[] = [
  [
    'loadFcn("net.safetensors")',
    "bad-option: loadFcn takes an object of options, got string: loadFcn({ weights: ... })",
  ],
  [
    'loadFcn(new URL("https://example.org/net.pth"))',
    "bad-option: loadFcn takes an object of options, got URL: loadFcn({ weights: ... })",
  ],
  ["loadFcn(new Blob([]))", "bad-option: loadFcn takes an object of options, got Blob: loadFcn({ weights: ... })"],
  [
    "loadFcn(new Uint8Array(8))",
    "bad-option: loadFcn takes an object of options, got Uint8Array: loadFcn({ weights: ... })",
  ],
  ["loadFcn(null)", "bad-option: loadFcn takes an object of options, got null: loadFcn({ weights: ... })"],
  ['loadFcn({ varient: "fcn8s" })', /^bad-option: loadFcn has no option "varient"; it has variant, heads, .*weights/],
  ['loadFcn({ variant: "fcn4s" })', /^bad-option: variant "fcn4s" is not one of fcn32s, fcn16s, fcn8s/],
  ["loadFcn({ variant: 8 })", "bad-option: loadFcn: variant must be a string, got number"],
  ["loadFcn({ variant: null })", "bad-option: loadFcn: variant must be a string, got null"],
  [
    "loadFcn({ weights: 7 })",
    "bad-option: loadFcn: weights must be a string, URL, Blob, File, Uint8Array or ArrayBuffer, got number",
  ],
  [
    "loadFcn({ weights: {} })",
    "bad-option: loadFcn: weights must be a string, URL, Blob, File, Uint8Array or ArrayBuffer, got Object",
  ],
  ["loadFcn({ device: device.gpu })", "bad-option: loadFcn: device must be a Device of requestDevice(), got GPUDevice"],
  [
    "loadFcn({ device: requestDevice() })",
    "bad-option: loadFcn: device must be a Device of requestDevice(), got Promise",
  ],
  [
    "loadFcn({ signal: new AbortController() })",
    "bad-option: loadFcn: signal must be an AbortSignal, got AbortController",
  ],
  ["loadFcn({ onProgress: true })", "bad-option: loadFcn: onProgress must be a function, got boolean"],
  ['loadFcn({ cache: "no" })', "bad-option: loadFcn: cache must be a boolean, got string"],
  ['loadFcn({ tune: "no" })', "bad-option: loadFcn: tune must be a boolean or number of milliseconds, got string"],
  ['loadFcn({ classNames: "cat" })', "bad-option: loadFcn: classNames must be an array, got string"],
  ['loadFcn({ kernels: "naive" })', "bad-option: loadFcn: kernels must be an object, got string"],
  [
    'loadFcn({ device, kernels: { conv: "naive" } })',
    /^bad-option: kernels: the network has no kernel "conv"; it has .*conv2d/,
  ],
  [
    'loadFcn({ device, kernels: { conv2d: "fast" } })',
    /^bad-option: kernels: conv2d has no variant "fast"; it has naive, /,
  ],
  ["loadFcn({ device, kernels: { conv2d: 4 } })", /^bad-option: kernels: conv2d has no variant "4"; it has naive, /],
  [
    "loadFcn({ device, preprocessing: { mean: [0.5, 0.5], std: [1, 1, 1] } })",
    "bad-option: preprocessing.mean must be three finite numbers, got [0.5,0.5]",
  ],
  [
    "loadFcn({ device, preprocessing: { mean: [0, 0, 0], std: [1, 0, 1] } })",
    "bad-option: preprocessing.std must be three finite numbers above 0, got [1,0,1]",
  ],
  [
    "loadFcn({ device, preprocessing: { mean: [0, 0, 0], sd: [1, 1, 1] } })",
    "bad-option: preprocessing.std must be three finite numbers above 0, got undefined",
  ],
  ['loadFcn({ gpu: "NVIDIA" })', "bad-option: loadFcn: gpu must be an object such as { adapter: ... }, got string"],
  [
    "loadFcn({ device, gpu: {} })",
    "bad-option: loadFcn: gpu says how to open a device, so it cannot go with a device of yours; " +
      "leave one of the two out",
  ],
  [
    'requestDevice("NVIDIA")',
    "bad-option: requestDevice takes an object of options, got string: requestDevice({ adapter: ... })",
  ],
  [
    'requestDevice({ adaptor: "NVIDIA" })',
    /^bad-option: requestDevice has no option "adaptor"; it has adapter, quietWait, powerPreference$/,
  ],
  [
    'requestDevice({ powerPreference: "fast" })',
    'bad-option: powerPreference "fast" is not one of high-performance, low-power',
  ],
  [
    'anyDevice({ adapter: "NVIDIA" })',
    /^bad-option: requestDevice has no option "adapter"; it has powerPreference, gpu, pace$/,
  ],
  [
    'anyDevice({ gpu: "NVIDIA" })',
    "bad-option: requestDevice: gpu must be a GPU object such as navigator.gpu, got string",
  ],
  [
    'openSource("net.pth", { progress() {} })',
    /^bad-option: openSource has no option "progress"; it has onProgress, cache, stallTimeout, signal$/,
  ],
  [
    "openSource()",
    "bad-option: openSource: weights must be a string, URL, Blob, File, Uint8Array or ArrayBuffer, got undefined",
  ],
  [
    "fcn.segment(picture, new AbortController().signal)",
    "bad-option: segment takes an object of options, got AbortSignal: segment(picture, { signal: ... })",
  ],
  ["fcn.segment(picture, { signal: 5 })", "bad-option: segment: signal must be an AbortSignal, got number"],
  ["fcn.segment(picture, { abort: 5 })", 'bad-option: segment has no option "abort"; it has signal'],
  ["fcn.segment(picture, null)", /^bad-option: segment takes an object of options, got null/],
  ["fcn.segment()", /^bad-image: picture: got undefined, needed \{ width, height, data \}$/],
  ["fcn.segmentBatch([picture], { inFlight: 2 })", 'bad-option: segmentBatch has no option "inFlight"; it has signal'],
  ["fcn.segmentBatch(picture)", "bad-image: segmentBatch needs an array of pictures, got Object"],
  [
    "fcn.segmentAll([], { inflight: 2 })",
    'bad-option: segmentAll has no option "inflight"; it has signal, inFlight, onError',
  ],
  ["fcn.segmentAll([], 2)", /^bad-option: segmentAll takes an object of options, got number/],
  ['fcn.segmentAll("photo.png")', "bad-image: segmentAll needs an iterable of pictures, got string"],
  ["fcn.segmentAll(picture)", "bad-image: segmentAll needs an iterable of pictures, got Object"],
  ["fcn.logits(picture, true)", /^bad-option: logits takes an object of options, got boolean/],
  ['fcn.logits(picture, { aux: "yes" })', "bad-option: logits: aux must be a boolean, got string"],
  ["fcn.probabilities(picture, { aux: true })", 'bad-option: probabilities has no option "aux"; it has signal'],
  ["fcn.profile(picture, { runs: 3 })", 'bad-option: profile has no option "runs"; it has signal'],
  ["fcn.warmup(40, 40, { signal: {} })", "bad-option: warmup: signal must be an AbortSignal, got Object"],
  ["fcn.warmup({ width: 40, height: 40 })", /^bad-image: warmup: /],
  ["fcn.recover(device.gpu)", "bad-option: recover: device must be a Device of requestDevice(), got GPUDevice"],
  ['fcn.onLost("reload")', "bad-option: onLost: listener must be a function, got string"],
  ['device.onLost("reload")', "bad-option: device.onLost: listener must be a function, got string"],
  ['device.scoped("work", null)', "bad-option: device.scoped: work must be a function, got null"],
  ["decoderGeometry()", "bad-option: decoderGeometry: the encoder is an array of layers, got undefined"],
  ["decoderGeometry([3])", /^bad-option: decoderGeometry takes an object of options, got number/],
  [
    "decoderGeometry([{ kernel: 3, strides: 2 }])",
    'bad-option: decoderGeometry has no option "strides"; it has kernel, stride, padding, dilation, ceilMode',
  ],
  [
    'decoderGeometry([], { alignment: "corners" })',
    'bad-option: alignment "corners" is not one of pad, aligned, crop-skips',
  ],
  [
    'runKernel(device, softmax, { x }, {}, { varient: "naive" })',
    'bad-option: runKernel has no option "varient"; it has variant, borders, allocate',
  ],
  [
    'Tensor.from(device, [1], [1, 1, 1, 1], { type: "f16" })',
    'bad-option: Tensor.from has no option "type"; it has dtype, layout, label',
  ],
  [
    'Tensor.from(device, [1], [1, 1, 1, 1], { dtype: "f64" })',
    'bad-option: dtype "f64" is not one of f32, f16, u32, u8',
  ],
  ['Tensor.empty(device, [1, 1, 1, 1], { layout: "chwn" })', /^bad-option: layout "chwn" is not one of nhwc4, /],
];

/** Calls that must work. */
const TAKEN: readonly string[] = [
  "loadFcn({ device, variant: undefined, signal: undefined })",
  "loadFcn(Object.assign(Object.create(null), { device }))",
  "fcn.warmup(16, 16, { signal: new AbortController().signal })",
  "unlessNoWebGpu(anyDevice({ gpu: undefined, powerPreference: undefined }))",
  "loadFcn({ device, kernels: { conv2d: 'naive', softmax: 'naive' } })",
  "loadFcn({ device, kernels: { conv2d: undefined } })",
  // At the size of the picture with which kernels are looked up, nothing is resized.
  "loadFcn({ device, resize: 61, kernels: { resize: 'bilinear' } })",
  "loadFcn({ device, resize: 60, kernels: { resize: 'bilinear' } })",
  "fcn.segment(picture, undefined)",
  "fcn.segment(picture, {})",
  "fcn.segmentAll(new Set([picture]), { inFlight: 1 }).next()",
];

beforeAll(async () => {
  const calls = [...REFUSED.map(([call]) => call), ...TAKEN];
  const { code, out, err } = await run(
    `import { Tensor, decoderGeometry, loadFcn, openSource, requestDevice, runKernel } from "./src/node.js";
    import { requestDevice as anyDevice } from "./src/gpu/request-device.js";
    import { softmax } from "./shaders/softmax/kernel.js";
    const device = await requestDevice();
    const fcn = await loadFcn({ device, variant: "fcn32s" });
    const picture = { width: 8, height: 8, data: new Uint8Array(256) };
    const x = await Tensor.from(device, [1], [1, 1, 1, 1]);
    const unlessNoWebGpu = (work) =>
      work.catch((error) => {
        if (error.code !== "no-webgpu") throw error;
      });
    const said = {};
    const calls = { ${calls.map((call) => `${JSON.stringify(call)}: () => ${call}`).join(",\n")} };
    for (const [name, call] of Object.entries(calls)) {
      try {
        await call();
        said[name] = "taken";
      } catch (error) {
        said[name] = (error.code ?? error.stack) + ": " + error.message;
      }
    }
    process.stdout.write(JSON.stringify(said), () => process.exit(0));`,
    { limit: 200 },
  );
  expect(code, err).toBe(0);
  said = JSON.parse(out) as typeof said;
});

describe("refuses, with what to write instead,", () => {
  it.each(REFUSED)("%s", (call, sentence) =>
    expect(said[call]).toEqual(typeof sentence === "string" ? sentence : expect.stringMatching(sentence)),
  );
});

describe("takes", () => {
  it.each(TAKEN)("%s", (call) => expect(said[call]).toBe("taken"));
});
