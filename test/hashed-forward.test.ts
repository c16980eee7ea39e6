/**
 * A plain float64 forward pass of the full-size network over the generated checkpoint, which must meet the stage
 * statistics and logits that PyTorch gave. No GPU and no code of src/ but the decoder's geometry, so that a failure
 * here is the helper's (or the geometry's) and not a kernel's.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hashedInput, paperFcnTensors, torchvisionFcnTensors } from "../bench/hashed-weights.js";
import { decoderGeometry, featureMapSizes } from "../src/layers/geometry.js";
import type { EncoderLayer } from "../src/layers/geometry.js";
import { normalise, resizeBilinear, sum, upsample } from "./helpers/float64-layers.js";
import type { Feature } from "./helpers/float64-layers.js";
import { float64ResNet } from "./helpers/float64-resnet.js";

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
const { conv, norm, tensor, encode } = float64ResNet([...paperFcnTensors(), ...torchvisionFcnTensors()]);

/** `dilated`: torchvision's segmentation backbone, layer3 and layer4 at stride 8. */
function stagesOf(tag: string, dilated: boolean): Record<string, Feature> {
  const [, c = 0, h = 0, w = 0] = manifest[tag]?.input ?? [];
  const image: Feature = { c, h, w, data: Float64Array.from(hashedInput(tag, [1, c, h, w])) };
  return encode(image, { blocks: [3, 4, 23, 3], dilated });
}

const largest = (values: Float64Array): number => values.reduce((most, v) => Math.max(most, v), 0);

function expectClose(got: number, want: number, label: string): void {
  expect(Math.abs(got - want), `${label}: ${got}, PyTorch has ${want}`).toBeLessThan(1e-8 * (1 + Math.abs(want)));
}

function expectStats({ data, ...x }: Feature, want: Stats | undefined, label: string): void {
  if (!want) throw new Error(`${label} is not in the manifest`);
  expect([1, x.c, x.h, x.w], label).toEqual(want.shape);
  const mean = sum(data) / data.length;
  const variance = sum(data.map((v) => (v - mean) ** 2)) / (data.length - 1);
  expectClose(mean, want.mean, `${label} mean`);
  expectClose(Math.sqrt(variance), want.std, `${label} std`);
  expectClose(largest(data.map(Math.abs)), want.absmax, `${label} absmax`);
  want.first.forEach((v, i) => expectClose(data[i] as number, v, `${label} [${i}]`));
}

function expectLogits(got: Feature, tag: string, model: string): void {
  const record = manifest[tag]?.models[model];
  expectStats(got, record, `${model} ${tag}`);
  const bytes = readFileSync(new URL(record?.file ?? "", golden));
  expect(bytes.length).toBe(4 * got.data.length);
  // The file was rounded to float32 once, and so is this: only the order of float64 sums may differ.
  const errors = got.data.map((v, i) => Math.abs(v - bytes.readFloatLE(4 * i)));
  expect(largest(errors)).toBeLessThan(2e-6);
}

describe("float64 forward pass of the generated checkpoint", () => {
  const layer = (kernel: number, padding: number): EncoderLayer => ({ kernel, stride: 2, padding, dilation: 1 });
  const chain = [layer(7, 3), layer(3, 1), layer(3, 1), layer(3, 1), layer(3, 1)];
  const decoder = decoderGeometry(chain);

  it.each(["a64", "b97x131"])("%s: every stage and the logits of the paper's three variants", (tag) => {
    const stages = stagesOf(tag, false);
    for (const [name, x] of Object.entries(stages)) expectStats(x, manifest[tag]?.stages[name], name);
    const [, , H = 0, W = 0] = manifest[tag]?.input ?? [];
    const [heights, widths] = [featureMapSizes(chain, H), featureMapSizes(chain, W)];
    for (const variant of ["fcn32s", "fcn16s", "fcn8s"] as const) {
      let scores = conv(stages.layer4 as Feature, `${variant}.score32`);
      for (const step of decoder[variant]) {
        const weight = step.to === 1 ? undefined : tensor(`${variant}.up${32 / step.to}.weight`);
        const size = { h: heights.get(step.to) ?? 0, w: widths.get(step.to) ?? 0 };
        scores = upsample(scores, weight, { ...step, ...size });
        if (step.to === 1) continue;
        const skip = conv(stages[step.to === 16 ? "layer3" : "layer2"] as Feature, `${variant}.score${step.to}`);
        scores = { ...scores, data: scores.data.map((v, i) => v + (skip.data[i] as number)) };
      }
      expectLogits(scores, tag, variant);
    }
  });

  it("a64: the logits of torchvision's fcn_resnet101 and its auxiliary head", () => {
    const stages = stagesOf("a64", true);
    const heads = { fcn_resnet101: ["classifier", "layer4"], fcn_resnet101_aux: ["aux_classifier", "layer3"] } as const;
    for (const [model, [head, stage]] of Object.entries(heads)) {
      const hidden = normalise(conv(stages[stage] as Feature, `${head}.0`, { padding: 1 }), norm(`${head}.1`));
      expectLogits(resizeBilinear(conv(hidden, `${head}.4`), 64, 64), "a64", model);
    }
  });
});
