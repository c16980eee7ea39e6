/**
 * Whole networks as they run on tensor cores, with the matrices emulated: 3x3 convolutions of every stride and dilation
 * load from maps with borders, and labels agree with those of f32.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { torchvisionFcnTensors } from "../bench/hashed-weights.js";
import { conv2d } from "../shaders/conv2d/kernel.js";
import { borderOf } from "../src/kernel/border.js";
import { loadFcn } from "../src/node.js";
import type { LayerTime, NodeLoadOptions, Picture } from "../src/node.js";
import { IMAGENET } from "../src/models/preprocessing.js";
import { outputGraph } from "../src/models/output-graph.js";
import { torchvisionNetwork } from "../src/models/torchvision.js";
import { lower } from "../src/plan/lower.js";
import { Parameters } from "../src/weights/parameters.js";
import { claimTensorCores } from "./helpers/claim-tensor-cores.js";
import { useDevice } from "./helpers/device.js";
import { emulated } from "./helpers/emulate-subgroup-matrix.js";
import { hashedCheckpoint, hashedFile } from "./helpers/hashed-checkpoint.js";
import { agreement, referencePictures } from "./helpers/reference-maps.js";

const device = useDevice();
/** In this process the shaders of conv2d run without tensor cores. */
beforeAll(() => {
  claimTensorCores(device());
  Object.defineProperties(device(), { software: { value: false }, subgroupSize: { value: 32 } });
  const shaders = conv2d.shaders as Record<string, string>;
  for (const name of ["subgroup-matrix", "subgroup-matrix-window"]) shaders[name] = emulated(shaders[name] as string);
});

const [val] = referencePictures("test/fixtures/val").map((reference) => reference.picture);

interface Ran {
  readonly labels: Uint8Array;
  /** None in f32, where only the labels are compared. */
  readonly layers: readonly LayerTime[];
}

/** The middle half of its rows. Rows as long as before choose the same variants. */
function middleOf({ width, height, data }: Picture): Picture {
  return { width, height: height / 2, data: data.slice(height * width, 3 * height * width) };
}

async function run(options: NodeLoadOptions, partOf = (whole: Picture) => whole): Promise<Ran> {
  if (!val) throw new Error("no picture");
  const picture = partOf(val);
  const fcn = await loadFcn({ device: device(), resize: "none", ...options });
  const { labels } = await fcn.segment(picture);
  const layers = options.precision === "f16" ? ((await fcn.profile(picture)) ?? []) : [];
  fcn.dispose();
  return { labels, layers };
}

const variantsOf = ({ layers }: Ran, suffix: string): string[] =>
  layers.filter(({ layer }) => layer.endsWith(suffix)).map(({ variant }) => variant);

describe.each(["fcn32s", "fcn16s", "fcn8s"] as const)("%s in f16", (variant) => {
  it("agrees with f32 on at least 99.5 % of the pixels, and gathers nothing but three layers", async () => {
    const half = await run({ weights: "icons", variant, precision: "f16" });
    const full = await run({ weights: "icons", variant });
    expect(agreement(half.labels, full.labels)).toBeGreaterThanOrEqual(0.995);
    const gathered = half.layers.filter(({ variant: name }) => name.includes("window")).map(({ layer }) => layer);
    // Layer 4 has rows shorter than a matrix here, and a stride.
    expect(gathered).toEqual(["backbone.conv1", "backbone.layer4.0.downsample.0", "backbone.layer4.0.conv2"]);
    const spatial = variantsOf(half, ".conv2").filter((name) => !name.includes("window"));
    expect(spatial.map((name) => /^subgroup-matrix-\d/.test(name))).toEqual(Array(32).fill(true));
    expect(half.layers.filter(({ kernel }) => kernel === "convert")).toEqual([]);
  });
});

describe("the network for photographs in f16", () => {
  it("agrees with f32 on at least 99 % of the pixels, and converts nothing", async () => {
    const half = await run({ precision: "f16" });
    const full = await run({});
    expect(agreement(half.labels, full.labels)).toBeGreaterThanOrEqual(0.99);
    expect(half.layers.filter(({ kernel }) => kernel === "convert").map(({ layer }) => layer)).toEqual([]);
    const deep = half.layers.filter(({ layer }) => /features\.(1[1-7])\.conv\.0\.0$/.test(layer));
    for (const { variant, layer } of deep) expect(variant, layer).toMatch(/^subgroup-matrix/);
  });
});

describe("torchvision's dilated network in f16", () => {
  it("agrees with f32 on at least 99.5 % of the pixels", async () => {
    const weights = await hashedFile(torchvisionFcnTensors(21, 16));
    const half = await run({ weights, precision: "f16" }, middleOf);
    const full = await run({ weights }, middleOf);
    expect(agreement(half.labels, full.labels)).toBeGreaterThanOrEqual(0.995);
    for (const name of variantsOf(half, ".conv2")) expect(name).toMatch(/^subgroup-matrix-\d/);
  });

  it("gives each map a border as wide as the dilation of its reader", () => {
    const network = torchvisionNetwork(Parameters.of(hashedCheckpoint(torchvisionFcnTensors(21, 16))));
    const prepared = { network, preprocessing: IMAGENET, resize: "none", description: "" } as const;
    const graph = outputGraph(prepared, { kind: "labels", count: 1, height: 160, width: 192 });
    const { steps } = lower(graph, device(), undefined, "f16");
    const widths = steps.filter(({ kernel, problem }) => {
      return kernel.name === "conv2d" && problem.in.weight?.[2] === 3;
    });
    for (const { tensors, problem, label } of widths)
      expect(borderOf(tensors.x?.layout ?? "u8"), label).toBe(problem.attrs.padding);
    expect(new Set(widths.map(({ problem }) => problem.attrs.padding))).toEqual(new Set([1, 2, 4]));
    expect(steps.filter(({ kernel }) => kernel.name === "convert")).toEqual([]);
  });
});
