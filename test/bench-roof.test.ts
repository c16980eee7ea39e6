/** What a benchmark says to do next: shares of the ceilings, time to gain, totals, CSV, names on the roofline. */
import { describe, expect, it } from "vitest";
import { csvFiles } from "../bench/csv.js";
import { placedNames } from "../bench/placed-names.js";
import {
  higherCeilings,
  movedCeilings,
  peakOf,
  roofMs,
  totalRoofMs,
  underCeilings,
  variantTotals,
} from "../bench/roof.js";
import { modelText } from "../bench/tables.js";
import type { LayerTime } from "../src/models/layer-time.js";
import { modelRow, result, timedRow } from "./helpers/bench-rows.js";

const ceilings = { gflops: 1000, gbs: 100, matrixGflops: 8000 };
const layer = (name: string, variant: string, ms: number): LayerTime => ({
  layer: name,
  kernel: "conv2d",
  variant,
  shape: [1, 2, 3, 4],
  ms,
  flops: 2e9,
  bytes: 1e6,
});

describe("the roof", () => {
  it("is the tensor cores' for variants that use them", () => {
    expect(peakOf({ kernel: "conv2d", variant: "subgroup-matrix-32x64" }, ceilings)).toBe(8000);
    expect(peakOf({ kernel: "conv2d", variant: "tiled-32x32" }, ceilings)).toBe(1000);
    expect(peakOf({ kernel: "gone", variant: "gone" }, ceilings)).toBe(1000);
  });

  it("is the longer of computing and moving", () => {
    const work = { kernel: "conv2d", variant: "tiled-32x32", flops: 2e9, bytes: 1e6 };
    expect(roofMs(work, ceilings)).toBeCloseTo(2);
    expect(roofMs({ ...work, bytes: 1e9 }, ceilings)).toBeCloseTo(10);
  });

  it("takes the higher of two measurements, and says what moved by more than a tenth", () => {
    const after = { gflops: 800, gbs: 105, matrixGflops: 8100 };
    expect(higherCeilings(ceilings, after)).toEqual({ gflops: 1000, gbs: 105, matrixGflops: 8100 });
    expect(higherCeilings({ gflops: 1, gbs: 2 }, { gflops: 2, gbs: 1 })).toEqual({ gflops: 2, gbs: 2 });
    expect(movedCeilings(ceilings, after)).toEqual([
      "The peak of FLOP/s in f32 moved by 20 % while kernels ran (from 1000 to 800 G): the higher counts.",
    ]);
    expect(movedCeilings(ceilings, ceilings)).toEqual([]);
  });

  it("gives a row its shares anew, and leaves one without a time", () => {
    const row = underCeilings({ ...timedRow, flops: 4e9, ms: 10 }, ceilings);
    expect(row).toMatchObject({ ofCompute: 0.4, ofMemory: 0.001, share: 0.4, bound: "compute" });
    const failed = { ...timedRow, failed: "wrong" };
    expect(underCeilings(failed, ceilings)).toBe(failed);
  });
});

describe("totals", () => {
  const layers = [layer("a", "tiled-32x32", 4), layer("b", "tiled-64x64", 9), layer("c", "tiled-32x32", 6)];
  const totals = variantTotals(layers);

  it("add up the layers of each variant, the longest first", () => {
    expect(totals.map(({ variant, calls, ms, flops }) => [variant, calls, ms, flops])).toEqual([
      ["tiled-32x32", 2, 10, 4e9],
      ["tiled-64x64", 1, 9, 2e9],
    ]);
    expect(totalRoofMs(totals[0] as (typeof totals)[0], ceilings)).toBeCloseTo(4);
  });

  it("are printed with the share of the peak and the milliseconds to gain", () => {
    const models = [{ ...modelRow, next: 7, layers, totals }];
    const text = modelText({ ...result, models, ceilings });
    expect(text).toMatch(/by variant +calls +ms +GFLOP\/s +of peak +to gain ms/);
    expect(text).toMatch(/conv2d\/tiled-32x32 +2 +10\.0 +400 +40 % +6\.00/);
    expect(text).toMatch(/b +9\.00 +222 +22 % +7\.00 +conv2d\/tiled-64x64/);
    expect(text).toMatch(/new size ms/);
    const { ceilings: measured, ...without } = result;
    expect(measured).toBeDefined();
    expect(modelText({ ...without, models })).not.toContain("to gain");
  });
});

describe("CSV", () => {
  it("has a file for each kind of row, quoted as RFC 4180 says", () => {
    const layers = [layer('a "b", c', "tiled-32x32", 4)];
    const files = csvFiles({ ...result, models: [{ ...modelRow, layers }], ceilings });
    expect([...files.keys()]).toEqual(["kernels.csv", "models.csv", "layers.csv"]);
    const [head, row, end] = (files.get("layers.csv") ?? "").split("\r\n");
    expect(head).toBe("network,layer,kernel,variant,ms,flops,bytes,shape,leastMs");
    expect(row).toBe('fcn32s w 1x1 f32,"a ""b"", c",conv2d,tiled-32x32,4,2000000000,1000000,1x2x3x4,2');
    expect(end).toBe("");
    const kernels = (files.get("kernels.csv") ?? "").split("\r\n");
    expect(kernels[2]).toMatch(/,,.*,y is off$/); // a time that is missing
  });

  it("has no file for what was not measured", () => {
    const { kernels, ...bare } = result;
    expect(kernels).toBeDefined();
    expect([...csvFiles(bare).keys()]).toEqual([]);
  });
});

describe("names on the roofline", () => {
  const frame = { left: 0, top: 0, width: 200, height: 100 };
  const namesIn = (svg: string): string[] => [...svg.matchAll(/>([^<]+)</g)].map(([, text]) => text ?? "");

  it("stand beside their points, and are left out where there is no room", () => {
    const apart = [
      { text: "one", x: 20, y: 20 },
      { text: "two", x: 150, y: 80 },
    ];
    expect(namesIn(placedNames(apart, frame, []))).toEqual(["one", "two"]);
    const crowd = Array.from({ length: 30 }, (_, i) => ({ text: `point ${i}`, x: 90 + (i % 6) * 4, y: 40 + i }));
    expect(namesIn(placedNames(crowd, frame, [])).length).toBeLessThan(30);
    const all = Array.from({ length: 400 }, (_, i) => ({ x: (i % 20) * 10, y: Math.floor(i / 20) * 5 }));
    expect(placedNames(apart, frame, all)).toBe("");
  });

  it("are text, whatever they contain", () => {
    expect(placedNames([{ text: "<b>", x: 20, y: 20 }], frame, [])).not.toContain("<b>");
  });
});
