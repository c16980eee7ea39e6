/**
 * Heads that nobody has trained, over a backbone that somebody has: what training starts from, and a way to see a network run
 * with one's own backbone. As the FCN paper has it: bilinear upsampling, skip scores of zero; the coarsest score layer gets
 * Kaiming's uniform values (zeros there would give one label everywhere). Deterministic: values depend on names only.
 * https://arxiv.org/abs/1411.4038, section 4.3; https://arxiv.org/abs/1502.01852
 */
import { fnv1a } from "../base/hash.js";
import { seeded } from "../base/random.js";
import { elements } from "../kernel/shape.js";
import { bilinearTaps } from "../layers/upsample.js";
import type { Checkpoint, TensorInfo } from "../weights/checkpoint.js";
import type { Head } from "../weights/names.js";
import { SKIPS, UP_NAME } from "./fcn.js";

type Fill = (name: string, shape: readonly number[]) => Float32Array<ArrayBuffer>;

interface Made {
  readonly shape: readonly number[];
  readonly fill: Fill;
}

const filled =
  (value: number): Fill =>
  (_, shape) =>
    new Float32Array(elements(shape)).fill(value);

/** Uniform in [-b, b) with b = sqrt(6 / fan in), which keeps the variance through a ReLU. Seeded with the tensor's name. */
const kaiming: Fill = (name, shape) => {
  const random = seeded(fnv1a(name));
  const bound = Math.sqrt(6 / elements(shape.slice(1)));
  return new Float32Array(elements(shape)).map(() => (random() * 2 - 1) * bound);
};

/** [C, C, k, k] that doubles every channel by itself. */
const diagonal: Fill = (_, shape) => {
  const [channels = 0, , k = 0] = shape;
  const taps = bilinearTaps(k);
  const data = new Float32Array(elements(shape));
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < k * k; i++)
      data[c * (channels + 1) * k * k + i] = (taps[Math.floor(i / k)] as number) * (taps[i % k] as number);
  }
  return data;
};

function tensorsOf(head: Head, classes: number, width: number): Map<string, Made> {
  const made = new Map<string, Made>();
  const score = (name: string, channels: number, fill: Fill): void => {
    made.set(`${name}.weight`, { shape: [classes, channels, 1, 1], fill });
    made.set(`${name}.bias`, { shape: [classes], fill: filled(0) });
  };
  if (head === "fcn-resnet101") {
    const inner = width * 8;
    made.set("classifier.0.weight", { shape: [inner, width * 32, 3, 3], fill: kaiming });
    for (const [part, value] of [
      ["weight", 1],
      ["bias", 0],
      ["running_mean", 0],
      ["running_var", 1],
    ] as const) {
      made.set(`classifier.1.${part}`, { shape: [inner], fill: filled(value) });
    }
    score("classifier.4", inner, kaiming);
    return made;
  }
  score(`${head}.score32`, width * 32, kaiming);
  for (const stride of SKIPS[head]) {
    made.set(`${head}.${UP_NAME[stride] ?? ""}.weight`, { shape: [classes, classes, 4, 4], fill: diagonal });
    score(`${head}.score${stride}`, width * stride, filled(0));
  }
  return made;
}

/** The checkpoint (our names) with an initial head for `head`, in place of what it may have of one. */
export function withInitialHead(checkpoint: Checkpoint, head: Head, classes: number, width: number): Checkpoint {
  const made = tensorsOf(head, classes, width);
  const added = [...made].map(([name, { shape }]): [string, TensorInfo] => [name, { name, shape, dtype: "f32" }]);
  const make = (name: string): Float32Array<ArrayBuffer> | undefined => {
    const tensor = made.get(name);
    return tensor?.fill(name, tensor.shape);
  };
  return {
    container: checkpoint.container,
    name: checkpoint.name,
    bytes: checkpoint.bytes,
    metadata: checkpoint.metadata,
    tensors: new Map([...checkpoint.tensors, ...added]),
    read: async (name) => make(name) ?? checkpoint.read(name),
    readFloat64: async (name) => {
      const values = make(name);
      return values ? Float64Array.from(values) : checkpoint.readFloat64(name);
    },
    close: () => checkpoint.close(),
  };
}
