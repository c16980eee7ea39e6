/**
 * The generated checkpoints are PyTorch's: values pasted from make_fixtures.py, and a plain float64 forward pass of the full-size
 * network over them, which must meet the stage statistics and logits that PyTorch gave. No GPU and no code of src/ but the
 * decoder's geometry, so that a failure here is the helper's (or the geometry's) and not a kernel's.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  bilinear,
  hashed,
  hashedInput,
  hashedTensor,
  paperFcnTensors,
  torchvisionFcnTensors,
} from "../bench/hashed-weights.js";
import type { HashedTensor } from "../bench/hashed-weights.js";
import { elements } from "../src/kernel/shape.js";
import { decoderGeometry, featureMapSizes } from "../src/layers/geometry.js";
import type { EncoderLayer } from "../src/layers/geometry.js";

interface Stats {
  readonly shape: readonly number[];
  readonly mean: number;
  readonly std: number;
  readonly absmax: number;
  readonly first: readonly number[];
}
interface Golden {
  readonly input: readonly number[];
  readonly stages: Readonly<Record<string, Stats>>;
  readonly models: Readonly<Record<string, Stats & { readonly file: string }>>;
}

const golden = new URL("fixtures/golden/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("manifest.json", golden), "utf8")) as Record<string, Golden>;
const sum = (values: ArrayLike<number>): number => {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i] as number;
  return total;
};

describe("hashed", () => {
  it.each([
    [
      "input/a64",
      [0.0763014554977417, -0.34554529190063477, 0.9833245277404785, -0.8468030691146851],
      -0.6885412931442261,
    ],
    [
      "input/b97x131",
      [0.09925460815429688, 0.5108867883682251, 0.4939241409301758, -0.7329226732254028],
      0.7490390539169312,
    ],
    [
      "backbone.conv1.weight",
      [0.09508812427520752, -0.09539365768432617, 0.45209813117980957, -0.8689959049224854],
      0.9384825229644775,
    ],
    [
      "fcn8s.up2.weight",
      [-0.986752986907959, 0.3832409381866455, 0.6339532136917114, 0.13359129428863525],
      -0.6685433387756348,
    ],
    ["é", [0.11155200004577637, 0.6839882135391235, 0.394994854927063, -0.8322484493255615], 0.26612305641174316],
  ])("%s has make_fixtures.py's values", (name, first, twoMillionth) => {
    expect([...hashed(name, 4)]).toEqual(first);
    expect(hashed(name, 2_000_001)[2_000_000]).toBe(twoMillionth);
  });

  it("makes bilinear kernels of odd and even size", () => {
    expect([...bilinear(3)]).toEqual([0.25, 0.5, 0.25, 0.5, 1, 0.5, 0.25, 0.5, 0.25]);
    expect([...bilinear(4).slice(0, 8)]).toEqual([0.0625, 0.1875, 0.1875, 0.0625, 0.1875, 0.5625, 0.5625, 0.1875]);
    expect([sum(bilinear(16)), sum(bilinear(64))]).toEqual([64, 1024]);
  });

  // Indices, the values there, and the sum of all, from make_fixtures.py's fill(); the forward pass below covers the rest.
  const FILLED: [string, number[], number[], number[], number][] = [
    [
      "backbone.conv1.weight",
      [64, 3, 7, 7],
      [0, 1, 9407],
      [0.019210701808333397, -0.01927242986857891, -0.11251477152109146],
      13.744238364299235,
    ],
    [
      "backbone.bn1.weight",
      [64],
      [0, 1, 63],
      [0.9334338903427124, 1.1784803867340088, 1.1865097284317017],
      64.01245510578156,
    ],
    [
      "backbone.layer4.2.bn3.weight",
      [2048],
      [0, 1, 2047],
      [0.18305650353431702, 0.22965899109840393, 0.1102491170167923],
      406.57000697404146,
    ],
    [
      "backbone.layer4.2.conv2.weight",
      [512, 512, 3, 3],
      [0, 1, 2359295],
      [-0.031634774059057236, 0.03244183212518692, 0.008812332525849342],
      -20.68676097532725,
    ],
    [
      "fcn8s.score32.weight",
      [21, 2048, 1, 1],
      [0, 1, 43007],
      [0.003053715219721198, -0.02475742995738983, -0.012407481670379639],
      7.960633134755824,
    ],
    [
      "fcn16s.up2.weight",
      [21, 21, 4, 4],
      [0, 1, 5, 16, 7055],
      [0.10874659568071365, 0.21876409649848938, 0.6021072864532471, 0.02824859693646431, 0.09213005006313324],
      83.7086629703117,
    ],
    [
      "classifier.4.weight",
      [21, 512, 1, 1],
      [0, 1, 10751],
      [0.006173842586576939, -0.02912454679608345, 0.05989282578229904],
      -4.971515990383978,
    ],
    [
      "classifier.0.weight",
      [512, 2048, 3, 3],
      [0, 1, 9437183],
      [0.0017182095907628536, -0.007129219826310873, -0.01127686258405447],
      -23.468541696312112,
    ],
    [
      "aux_classifier.4.weight",
      [21, 256, 1, 1],
      [0, 1, 5375],
      [-0.09626378118991852, 0.08458749204874039, 0.05759638920426369],
      3.420179990129327,
    ],
    [
      "aux_classifier.1.weight",
      [256],
      [0, 1, 255],
      [0.9849393367767334, 0.892242431640625, 0.8934214115142822],
      252.935508787632,
    ],
  ];
  it.each(FILLED)("fills %s %j", (name, shape, at, values, total) => {
    const data = hashedTensor(name, shape);
    expect(at.map((i) => data[i])).toEqual(values);
    expect(Math.abs(sum(data) - total)).toBeLessThan(1e-9 * data.length);
  });

  it("makes the two inputs", () => {
    const a = hashedInput("a64", [1, 3, 64, 64]);
    expect([a[0], a[1], a[12287], a.length]).toEqual([
      0.1526029109954834, -0.6910905838012695, -1.9565181732177734, 12288,
    ]);
    expect(sum(hashedInput("b97x131", [1, 3, 97, 131]))).toBeCloseTo(-41.55312943458557, 9);
  });

  it("leaves counters out", () => {
    expect(() => hashedTensor("backbone.bn1.num_batches_tracked", [])).toThrow(/counter/);
  });
});

describe("state dicts", () => {
  const learned = (specs: readonly HashedTensor[]): number =>
    sum(specs.filter(({ name }) => !name.includes("running_")).map(({ shape }) => elements(shape)));
  const norms = (specs: readonly HashedTensor[]): number =>
    specs.filter(({ name }) => name.endsWith("running_var")).length;

  it("torchvision's has 640 tensors with the counters, and 54,314,346 parameters", () => {
    const specs = torchvisionFcnTensors();
    expect([specs.length + norms(specs), norms(specs), learned(specs)]).toEqual([640, 106, 54_314_346]);
  });

  it("the paper's has the same backbone and three heads", () => {
    const specs = paperFcnTensors();
    const heads = specs.filter(({ name }) => !name.startsWith("backbone.")).map(({ name }) => name);
    expect([specs.length - heads.length, norms(specs)]).toEqual([520, 104]);
    expect(learned(specs.filter(({ name }) => name.startsWith("backbone.")))).toBe(42_500_160);
    expect(heads).toEqual([
      ...["fcn32s.score32.weight", "fcn32s.score32.bias"],
      ...["score32.weight", "score32.bias", "up2.weight", "score16.weight", "score16.bias"].map((n) => `fcn16s.${n}`),
      ...[
        "score32.weight",
        "score32.bias",
        "up2.weight",
        "score16.weight",
        "score16.bias",
        "up4.weight",
        "score8.weight",
        "score8.bias",
      ].map((n) => `fcn8s.${n}`),
    ]);
    expect(new Set(specs.map(({ name }) => name)).size).toBe(specs.length);
  });
});

/** One picture's feature map in float64. */
interface Feature {
  readonly c: number;
  readonly h: number;
  readonly w: number;
  readonly data: Float64Array;
}

describe("float64 forward pass of the generated checkpoint", () => {
  const shapes = new Map([...paperFcnTensors(), ...torchvisionFcnTensors()].map(({ name, shape }) => [name, shape]));
  const tensor = (name: string): Float32Array => {
    const shape = shapes.get(name);
    if (!shape) throw new Error(`${name} is in neither state dict`);
    return hashedTensor(name, shape);
  };

  /** By columns (im2col), four at a time: plain loops would take most of a minute. */
  function conv(x: Feature, name: string, stride = 1, padding = 0, dilation = 1): Feature {
    const weight = tensor(`${name}.weight`);
    const [outputs = 0, inputs = 0, k = 0] = shapes.get(`${name}.weight`) ?? [];
    const size = (n: number): number => Math.floor((n + 2 * padding - dilation * (k - 1) - 1) / stride) + 1;
    const [h, w] = [size(x.h), size(x.w)];
    const plane = h * w;
    const depth = inputs * k * k;
    const rows = Math.ceil(depth / 4) * 4;
    const columns = new Float64Array(rows * plane);
    for (let r = 0; r < depth; r++) {
      const [i, ky, kx] = [Math.floor(r / (k * k)), Math.floor(r / k) % k, r % k];
      for (let p = 0; p < plane; p++) {
        const row = Math.floor(p / w) * stride - padding + ky * dilation;
        const col = (p % w) * stride - padding + kx * dilation;
        if (row >= 0 && row < x.h && col >= 0 && col < x.w)
          columns[r * plane + p] = x.data[(i * x.h + row) * x.w + col] as number;
      }
    }
    const data = new Float64Array(outputs * plane);
    const bias = shapes.has(`${name}.bias`) ? tensor(`${name}.bias`) : undefined;
    for (let o = 0; o < outputs; o++) {
      const out = new Float64Array(plane).fill(bias?.[o] ?? 0);
      for (let r = 0; r < rows; r += 4) {
        const tap = (i: number): number => (r + i < depth ? (weight[o * depth + r + i] as number) : 0);
        const [a, b, c, d] = [tap(0), tap(1), tap(2), tap(3)];
        const at = r * plane;
        for (let p = 0; p < plane; p++) {
          const i = at + p;
          const pair = a * (columns[i] as number) + b * (columns[i + plane] as number);
          out[p] =
            (out[p] as number) + pair + c * (columns[i + 2 * plane] as number) + d * (columns[i + 3 * plane] as number);
        }
      }
      data.set(out, o * plane);
    }
    return { c: outputs, h, w, data };
  }

  /** Batch norm, then the shortcut and ReLU. In place. */
  function normalise(x: Feature, name: string, relu = true, shortcut?: Feature): Feature {
    const [gain, bias, mean, variance] = ["weight", "bias", "running_mean", "running_var"].map((part) =>
      tensor(`${name}.${part}`),
    ) as [Float32Array, Float32Array, Float32Array, Float32Array];
    const plane = x.h * x.w;
    for (let i = 0; i < x.data.length; i++) {
      const c = Math.floor(i / plane);
      const scaled =
        (((x.data[i] as number) - (mean[c] as number)) / Math.sqrt((variance[c] as number) + 1e-5)) *
        (gain[c] as number);
      const y = scaled + (bias[c] as number) + (shortcut?.data[i] ?? 0);
      x.data[i] = relu ? Math.max(0, y) : y;
    }
    return x;
  }

  function maxPool(x: Feature): Feature {
    const [h, w] = [Math.ceil(x.h / 2), Math.ceil(x.w / 2)];
    const data = new Float64Array(x.c * h * w); // inputs are 0 or more after ReLU
    data.forEach((_, i) => {
      const [c, y, col] = [Math.floor(i / (h * w)), Math.floor(i / w) % h, i % w];
      for (let yy = Math.max(0, 2 * y - 1); yy < Math.min(x.h, 2 * y + 2); yy++) {
        for (let xx = Math.max(0, 2 * col - 1); xx < Math.min(x.w, 2 * col + 2); xx++)
          data[i] = Math.max(data[i] as number, x.data[(c * x.h + yy) * x.w + xx] as number);
      }
    });
    return { c: x.c, h, w, data };
  }

  /** `dilated`: torchvision's segmentation backbone, layer3 and layer4 at stride 8. */
  function encode(tag: string, dilated: boolean): Record<string, Feature> {
    const [, c = 0, h = 0, w = 0] = manifest[tag]?.input ?? [];
    const image: Feature = { c, h, w, data: Float64Array.from(hashedInput(tag, [1, c, h, w])) };
    let x = maxPool(normalise(conv(image, "backbone.conv1", 2, 3), "backbone.bn1"));
    const stages: Record<string, Feature> = { stem: x };
    [3, 4, 23, 3].forEach((count, stage) => {
      const stride = stage === 0 || (dilated && stage > 1) ? 1 : 2;
      for (let b = 0; b < count; b++) {
        const name = `backbone.layer${stage + 1}.${b}`;
        const dilation = dilated && stage > 1 ? 2 ** (stage - (b === 0 ? 2 : 1)) : 1;
        const step = b === 0 ? stride : 1;
        const shortcut = b === 0 ? normalise(conv(x, `${name}.downsample.0`, step), `${name}.downsample.1`, false) : x;
        let y = normalise(conv(x, `${name}.conv1`), `${name}.bn1`);
        y = normalise(conv(y, `${name}.conv2`, step, dilation, dilation), `${name}.bn2`);
        x = normalise(conv(y, `${name}.conv3`), `${name}.bn3`, true, shortcut);
      }
      stages[`layer${stage + 1}`] = x;
    });
    return stages;
  }

  const close = (got: number, want: number, label: string): void => {
    expect(Math.abs(got - want), `${label}: ${got}, PyTorch has ${want}`).toBeLessThan(1e-8 * (1 + Math.abs(want)));
  };

  function expectStats({ data, ...x }: Feature, want: Stats | undefined, label: string): void {
    if (!want) throw new Error(`${label} is not in the manifest`);
    expect([1, x.c, x.h, x.w], label).toEqual(want.shape);
    const mean = sum(data) / data.length;
    close(mean, want.mean, `${label} mean`);
    close(Math.sqrt(sum(data.map((v) => (v - mean) ** 2)) / (data.length - 1)), want.std, `${label} std`);
    close(
      data.reduce((m, v) => Math.max(m, Math.abs(v)), 0),
      want.absmax,
      `${label} absmax`,
    );
    want.first.forEach((v, i) => close(data[i] as number, v, `${label} [${i}]`));
  }

  function expectLogits(got: Feature, tag: string, model: string): void {
    const record = manifest[tag]?.models[model];
    expectStats(got, record, `${model} ${tag}`);
    const bytes = readFileSync(new URL(record?.file ?? "", golden));
    expect(bytes.length).toBe(4 * got.data.length);
    // The file was rounded to float32 once, and so is this: nothing but the order of float64 sums may differ.
    let worst = 0;
    got.data.forEach((v, i) => (worst = Math.max(worst, Math.abs(v - bytes.readFloatLE(4 * i)))));
    expect(worst).toBeLessThan(2e-6);
  }

  /** Transposed convolution by a dense [C, C, k, k] kernel, or by the fixed bilinear one, cropped. */
  function raise(
    x: Feature,
    dense: string | undefined,
    step: { kernel: number; stride: number; padding: number; crop: { top: number; left: number } },
    h: number,
    w: number,
  ): Feature {
    const { kernel: k, stride, padding, crop } = step;
    const fixed = bilinear(k);
    const weight = dense === undefined ? undefined : tensor(`${dense}.weight`);
    const data = new Float64Array(x.c * h * w);
    for (let i = 0; i < x.c; i++) {
      for (let o = weight ? 0 : i; o < (weight ? x.c : i + 1); o++) {
        for (let p = 0; p < x.h * x.w; p++) {
          const value = x.data[i * x.h * x.w + p] as number;
          for (let j = 0; j < k * k; j++) {
            const row = Math.floor(p / x.w) * stride - padding + Math.floor(j / k) - crop.top;
            const col = (p % x.w) * stride - padding + (j % k) - crop.left;
            if (row < 0 || row >= h || col < 0 || col >= w) continue;
            const at = (o * h + row) * w + col;
            data[at] =
              (data[at] as number) +
              value * (weight ? (weight[(i * x.c + o) * k * k + j] as number) : (fixed[j] as number));
          }
        }
      }
    }
    return { c: x.c, h, w, data };
  }

  const layer = (kernel: number, padding: number): EncoderLayer => ({ kernel, stride: 2, padding, dilation: 1 });
  const chain = [layer(7, 3), layer(3, 1), layer(3, 1), layer(3, 1), layer(3, 1)];
  const decoder = decoderGeometry(chain);

  it.each(["a64", "b97x131"])("%s: every stage and the logits of the paper's three variants", (tag) => {
    const stages = encode(tag, false);
    for (const [name, x] of Object.entries(stages)) expectStats(x, manifest[tag]?.stages[name], name);
    const [, , H = 0, W = 0] = manifest[tag]?.input ?? [];
    const [tall, wide] = [featureMapSizes(chain, H), featureMapSizes(chain, W)];
    for (const variant of ["fcn32s", "fcn16s", "fcn8s"] as const) {
      let scores = conv(stages.layer4 as Feature, `${variant}.score32`);
      for (const step of decoder[variant]) {
        const dense = step.to === 1 ? undefined : `${variant}.up${32 / step.to}`;
        scores = raise(scores, dense, step, tall.get(step.to) ?? 0, wide.get(step.to) ?? 0);
        if (step.to === 1) continue;
        const skip = conv(stages[step.to === 16 ? "layer3" : "layer2"] as Feature, `${variant}.score${step.to}`);
        scores.data.forEach((v, i) => (scores.data[i] = v + (skip.data[i] as number)));
      }
      expectLogits(scores, tag, variant);
    }
  });

  it("a64: the logits of torchvision's fcn_resnet101 and its auxiliary head", () => {
    const stages = encode("a64", true);
    const heads = { fcn_resnet101: ["classifier", "layer4"], fcn_resnet101_aux: ["aux_classifier", "layer3"] } as const;
    for (const [model, [head, stage]] of Object.entries(heads)) {
      const x = conv(normalise(conv(stages[stage] as Feature, `${head}.0`, 1, 1), `${head}.1`), `${head}.4`);
      const [h, w] = [64, 64];
      const data = new Float64Array(x.c * h * w);
      // Bilinear, align_corners=False: centres of pixels, clamped at the edge.
      const tap = (i: number, from: number, to: number): readonly [number, number, number] => {
        const at = Math.max(0, ((i + 0.5) * from) / to - 0.5);
        const low = Math.floor(at);
        return [low, Math.min(low + 1, from - 1), at - low];
      };
      data.forEach((_, i) => {
        const [y0, y1, fy] = tap(Math.floor(i / w) % h, x.h, h);
        const [x0, x1, fx] = tap(i % w, x.w, w);
        const at = (y: number, c: number): number => x.data[(Math.floor(i / (h * w)) * x.h + y) * x.w + c] as number;
        data[i] = (1 - fy) * ((1 - fx) * at(y0, x0) + fx * at(y0, x1)) + fy * ((1 - fx) * at(y1, x0) + fx * at(y1, x1));
      });
      expectLogits({ c: x.c, h, w, data }, "a64", model);
    }
  });
});
