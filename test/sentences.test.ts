/** Sentences word by word, of calls that the fuzzer makes too: shapes, attributes, tensors, checkpoints, decoders. */
import { describe, it } from "vitest";
import { registry } from "../shaders/index.js";
import { makeProblem } from "../src/kernel/kernel.js";
import type { Attrs } from "../src/kernel/problem.js";
import type { Shape } from "../src/kernel/shape.js";
import {
  Comparison,
  Graph,
  Plan,
  Tensor,
  WeightStore,
  convOutputSize,
  convTransposeOutputSize,
  decoderGeometry,
  openCheckpoint,
  readPicture,
  recognise,
  requestDevice,
  runKernel,
} from "../src/node.js";
import type { Checkpoint, TensorOptions } from "../src/node.js";
import { ConfusionMatrix } from "../src/eval/index.js";
import { relu } from "../shaders/relu/kernel.js";
import { useDevice } from "./helpers/device.js";
import { expectError } from "./helpers/expect-error.js";

const device = useDevice();

/** A value of a wrong type, as plain JavaScript passes it. */
const wrong = <T>(value: unknown): T => value as T;

type Shapes = Readonly<Record<string, Shape>>;

const X = [1, 4, 8, 8];
const SHAPE_RULES: readonly (readonly [kernel: string, shapes: Shapes, attrs: Attrs, sentence: string])[] = [
  ["conv2d", { x: [4, 8, 8], weight: [4, 4, 3, 3] }, {}, "conv2d: x [4,8,8] needs 4 dimensions [N, C, H, W]"],
  ["relu", { x: [1, 4, 0, 8] }, {}, "relu: x [1,4,0,8] has a dimension that is not a positive integer"],
  ["conv2d", { x: X, weight: [4, 4, 3] }, {}, "conv2d: weight [4,4,3] needs 4 dimensions [out, in/groups, kh, kw]"],
  [
    "conv2d",
    { x: X, weight: [6, 1, 3, 3] },
    { groups: 4 },
    "conv2d: groups 4 must divide the 6 output channels of weight [6,1,3,3]",
  ],
  ["conv2d", { x: X, weight: [6, 4, 3, 3], bias: [4] }, {}, "conv2d: bias [4] needs 6 values for weight [6,4,3,3]"],
  [
    "conv2d",
    { x: X, weight: [4, 4, 1, 1], residual: [1, 4, 8, 7] },
    {},
    "conv2d: residual [1,4,8,7] needs the output's shape [1,4,8,8]",
  ],
  [
    "conv2d",
    { x: X, weight: [4, 4, 1, 1] },
    { relu: true, relu6: true },
    "conv2d: relu and relu6 are both true; leave one of them false",
  ],
  [
    "depthwise-conv2d",
    { x: X, weight: [4, 2, 3, 3] },
    {},
    "depthwise-conv2d: weight [4,2,3,3] has 2 input channels for each output, it needs 1: use conv2d",
  ],
  ["max-pool2d", { x: X }, { kernel: 2.5 }, "max-pool2d: kernel 2.5 needs whole numbers of at least 1"],
  ["resize", { x: X }, { height: 4, width: 4, mode: "cubic" }, 'resize: mode "cubic" is not one of nearest, bilinear'],
  ["resize", { x: X }, { height: 4, width: -1 }, "resize: height 4 and width -1 need to be positive whole numbers"],
];

describe("shape rules", () => {
  it.each(SHAPE_RULES)("%s of %j with %j", (name, shapes, attrs, sentence) => {
    const kernel = registry.find((entry) => entry.kernel.name === name)?.kernel;
    if (!kernel) throw new Error(`there is no kernel ${name}`);
    return expectError(() => makeProblem(kernel, shapes, attrs), "bad-shape", sentence);
  });
});

const tensorOf = (values: unknown, options: unknown = {}) =>
  Tensor.from(device(), wrong(values), [1, 1, 1, 2], wrong<TensorOptions>(options));

describe("tensors and kernels alone", () => {
  const CALLS: readonly (readonly [string, () => unknown, code: string, sentence: string])[] = [
    [
      "u8 with three channels",
      () => Tensor.from(device(), new Uint8Array(3), [1, 3, 1, 1], { dtype: "u8" }),
      "bad-shape",
      "tensor: u8 tensors hold labels (C = 1) or RGBA (C = 4), got C = 3",
    ],
    [
      "an option that does not exist",
      () => tensorOf([1, 2], { type: "f32" }),
      "bad-option",
      'Tensor.from has no option "type"; it has dtype, layout, label',
    ],
    [
      "values that are not numbers",
      () => tensorOf([1n, 2n]),
      "bad-option",
      "tensor: the values must be numbers (Cannot convert a BigInt value to a number)",
    ],
    [
      "no kernel",
      () => runKernel(device(), wrong<typeof relu>(7), wrong({})),
      "bad-option",
      "runKernel: kernel must be one that defineKernel() made, got number",
    ],
    [
      "inputs that are a list",
      () => runKernel(device(), relu, wrong([])),
      "bad-option",
      "runKernel: inputs must be an object of tensors and weights, got Array",
    ],
    [
      "an allocate that gives no tensor",
      async () => {
        const x = await Tensor.from(device(), new Float32Array(4), [1, 4, 1, 1]);
        return runKernel(device(), relu, { x }, {}, { allocate: wrong(() => new Float32Array(4)) });
      },
      "bad-option",
      "runKernel: allocate must give a Tensor, got Float32Array",
    ],
    [
      "an output size of a text",
      () => convOutputSize(wrong("8"), { kernel: 3 }),
      "bad-option",
      "convOutputSize: input must be a number, got string",
    ],
    [
      "a transposed output size without a window",
      () => convTransposeOutputSize(8, wrong(3)),
      "bad-option",
      "convTransposeOutputSize takes an object of options, got number: " +
        "convTransposeOutputSize(input, { kernel: ... })",
    ],
    [
      "a power preference that does not exist",
      () => requestDevice(wrong({ powerPreferences: "low-power" })),
      "bad-option",
      'requestDevice has no option "powerPreferences"; it has adapter, quietWait, powerPreference',
    ],
  ];
  it.each(CALLS)("%s", (_, call, code, sentence) => expectError(call, code, sentence));

  it("a shader that the kernel does not have", async () => {
    const [naive] = Object.values(relu.variants);
    if (!naive) throw new Error("relu has no variant");
    const kernel = { ...relu, name: "mine", variants: { naive: { ...naive, wgsl: "fast" } } };
    const x = await Tensor.from(device(), new Float32Array(4), [1, 4, 1, 1]);
    await expectError(
      () => runKernel(device(), kernel, { x }),
      "bad-option",
      'mine/naive: there is no shader "fast" among naive; give its text in `shaders`',
    );
  });

  it("more stages than a query set holds", async () => {
    const graph = new Graph();
    let value = graph.input("x", [1, 4, 1, 1], "nhwc4");
    for (let i = 0; i < 2049; i++) value = graph.op(`step ${i}`, relu, { x: value }).y;
    graph.output("y", value);
    const store = new WeightStore(device());
    const stageOf = ({ label }: { readonly label: string }): string => label;
    await expectError(
      () => Plan.create(device(), graph, store, {}, { stageOf }),
      "bad-option",
      "stages: 2049 passes need 4098 timestamps, a query set holds 4096; name fewer stages",
    );
    store.dispose();
  });

  it("a node before the one that makes its input", () => {
    const graph = new Graph();
    const x = graph.input("x", [1, 4, 2, 2], "nhwc4");
    const first = graph.op("first", relu, { x }).y;
    graph.output("y", graph.op("second", relu, { x: first }).y);
    graph.nodes.reverse();
    return expectError(
      () => Plan.create(device(), graph, new WeightStore(device()), {}),
      "bad-shape",
      "graph: first.y is used before it is made",
    );
  });
});

describe("pictures, checkpoints, networks", () => {
  const checkpoint = { name: "x", tensors: [] } as unknown as Checkpoint;
  const CALLS: readonly (readonly [string, () => unknown, code: string, sentence: string | RegExp])[] = [
    [
      "a picture on another machine",
      () => readPicture("file://elsewhere/photo.png"),
      "bad-image",
      /^file:\/\/elsewhere\/photo\.png: it names no file of this machine: File URL host must be /,
    ],
    [
      "a device file",
      () => readPicture("/dev/zero"),
      "bad-image",
      "/dev/zero: it is a device, not a file with a picture",
    ],
    [
      "a source that reads texts",
      () => openCheckpoint({ name: "mine", size: 100, read: wrong(() => "text"), close: () => Promise.resolve() }),
      "bad-option",
      "openCheckpoint: what source.read() gives must be a Uint8Array, got string",
    ],
    [
      "a checkpoint of another make",
      () => recognise(checkpoint),
      "bad-option",
      "recognise: checkpoint must be one that openCheckpoint() gives, got Object",
    ],
    [
      "a comparison of one",
      () => new Comparison(device(), checkpoint),
      "bad-option",
      "new Comparison: checkpoint must be one that openCheckpoint() gives, got Object",
    ],
    [
      "counts of another number of classes",
      () => ConfusionMatrix.fromJSON({ classes: 2, counts: [1, 2, 3, 4] }),
      "bad-shape",
      "confusion: 2 classes: 6 whole counts needed, got 4",
    ],
  ];
  it.each(CALLS)("%s", (_, call, code, sentence) => expectError(call, code, sentence));

  const layer = (stride: number, padding = 1) => ({ kernel: 3, stride, padding, dilation: 1 });
  const ENCODERS: readonly (readonly [string, readonly ReturnType<typeof layer>[], string])[] = [
    [
      "has no map of the skip's stride",
      [layer(2), layer(3)],
      "decoder: a skip needs a downsampled feature map, here of stride 3; the encoder has strides 2, 6",
    ],
    [
      "loses pixels at the borders",
      [layer(2), layer(2), layer(2), layer(2, 0)],
      "decoder: the encoder loses 16 pixels between strides 1 and 16, so its maps cannot cover every picture: " +
        "give its layers more padding",
    ],
  ];
  it.each(ENCODERS)("an encoder that %s", (_, encoder, sentence) =>
    expectError(() => decoderGeometry(encoder), "bad-shape", sentence),
  );
});
