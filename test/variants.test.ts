/** Which variant a device gets by default. Declared traits stand in for devices that are not here. */
import { describe, expect, it } from "vitest";
import { conv2d } from "../shaders/conv2d/kernel.js";
import { bytesOf } from "../shaders/conv2d/tile-cost.js";
import { TILES } from "../shaders/conv2d/tiled.js";
import { defaultVariant, usableVariants } from "../src/kernel/choice.js";
import { erase, makeProblem } from "../src/kernel/kernel.js";
import type { AnyProblem } from "../src/kernel/problem.js";
import type { DeviceTraits } from "../src/kernel/variant.js";

const limits = { maxComputeInvocationsPerWorkgroup: 1024, maxComputeWorkgroupStorageSize: 32768 };
const gpu: DeviceTraits = {
  features: new Set(["subgroups"]),
  limits,
  vendor: "nvidia",
  architecture: "hopper",
  subgroupSize: 32,
  software: false,
  cores: 132,
};
const smallest: DeviceTraits = {
  ...gpu,
  limits: { maxComputeInvocationsPerWorkgroup: 256, maxComputeWorkgroupStorageSize: 16384 },
};
const software: DeviceTraits = { ...gpu, vendor: "mesa", subgroupSize: 8, software: true };

interface Conv {
  /** Rows and columns of the map, which the padding keeps. */
  readonly side: number;
  readonly inC: number;
  readonly outC: number;
  readonly kernel: number;
  readonly groups?: number;
}

const conv = ({ side, inC, outC, kernel, groups = 1 }: Conv): AnyProblem =>
  makeProblem(
    erase(conv2d),
    { x: [1, inC, side, side], weight: [outC, inC / groups, kernel, kernel] },
    { padding: (kernel - 1) / 2, groups },
  );

const chosen = (device: DeviceTraits, problem: Conv): string | undefined =>
  defaultVariant(erase(conv2d), conv(problem), device);

const usable = (device: DeviceTraits, problem: Conv): string[] => usableVariants(erase(conv2d), conv(problem), device);

describe("conv2d", () => {
  it("takes large tiles for large feature maps, and shared sums for small ones", () => {
    expect(chosen(gpu, { side: 224, inC: 64, outC: 256, kernel: 1 })).toBe("tiled-80x64");
    expect(chosen(gpu, { side: 7, inC: 512, outC: 512, kernel: 3 })).toBe("tiled-16x32-k8");
  });

  it("stays within the limits of the smallest device", () => {
    expect(chosen(smallest, { side: 14, inC: 1024, outC: 256, kernel: 1 })).toBe("tiled-16x32-k4");
    expect(usable(smallest, { side: 14, inC: 64, outC: 64, kernel: 1 })).not.toContain("tiled-32x64-k8");
  });

  it("stays within the threads that a workgroup may have along an axis", () => {
    const narrow = { ...gpu, limits: { ...limits, maxComputeWorkgroupSizeX: 256 } };
    expect(usable(gpu, { side: 14, inC: 64, outC: 64, kernel: 1 })).toContain("tiled-16x32-k8");
    expect(usable(narrow, { side: 14, inC: 64, outC: 64, kernel: 1 })).not.toContain("tiled-16x32-k8");
  });

  it("takes the naive variant for groups, and lanes on software adapters", () => {
    expect(chosen(gpu, { side: 14, inC: 64, outC: 64, kernel: 3, groups: 2 })).toBe("naive");
    expect(chosen(software, { side: 28, inC: 512, outC: 128, kernel: 1 })).toBe("lanes-8");
    // 196 pixels: 5 workgroups of 40 pixels leave fewer threads idle than 7 of 32.
    expect(chosen(software, { side: 14, inC: 1024, outC: 256, kernel: 1 })).toBe("lanes-8-five");
    // 10,000 pixels: 250 workgroups of 40 idle less than 313 of 32, but save too little for a second pipeline.
    expect(chosen(software, { side: 100, inC: 144, outC: 24, kernel: 1 })).toBe("lanes-8");
    expect(usable(software, { side: 14, inC: 64, outC: 64, kernel: 1 })).toContain("tiled-32x32");
  });

  it("takes wide tiles for narrow subgroups, except for the stem and for few channels", () => {
    const swiftshader = { ...software, subgroupSize: 4 };
    expect(chosen(swiftshader, { side: 14, inC: 256, outC: 256, kernel: 3 })).toBe("lanes-4-wide");
    expect(chosen(swiftshader, { side: 224, inC: 3, outC: 64, kernel: 7 })).toBe("lanes-4");
    expect(chosen(swiftshader, { side: 28, inC: 64, outC: 16, kernel: 1 })).toBe("lanes-4");
  });

  it("takes other variants where lanes would exceed the grid's limit or a weight texture", () => {
    const device = { ...software, limits: { ...limits, maxComputeWorkgroupsPerDimension: 65535 } };
    expect(chosen(device, { side: 1400, inC: 3, outC: 16, kernel: 3 })).toBe("lanes-8");
    expect(chosen(device, { side: 1700, inC: 3, outC: 16, kernel: 3 })).toBe("vec4"); // 90,313 workgroups of 32 pixels
    expect(chosen(device, { side: 1700, inC: 3, outC: 64, kernel: 3 })).toBe("vec4");
    expect(chosen(device, { side: 7, inC: 512, outC: 4096, kernel: 7 })).toBe("vec4"); // 25,088 rows of texels
  });

  it.each(Object.entries(TILES))("tile %s divides its work evenly and fits 48 KiB of workgroup memory", (_, tile) => {
    const { bm, bn, bk, tm, tn, kg } = tile;
    const rows = bm / tm;
    const threads = rows * (bn / tn);
    expect(rows % 8).toBe(0); // the XOR of tiled.wgsl exchanges rows within eights
    expect(((bm * bk) / 4) % threads).toBe(0);
    expect(((bn * bk) / 4) % threads).toBe(0);
    expect(threads % (bn / 4)).toBe(0);
    expect(threads % (bk / 4)).toBe(0);
    const operands = kg * (bk / 4) * (bm + bn);
    const sums = (kg * bm * bn) / 8;
    expect(bytesOf(tile)).toBe(Math.max(operands, sums) * 16);
    expect(bytesOf(tile)).toBeLessThanOrEqual(49152);
  });
});
