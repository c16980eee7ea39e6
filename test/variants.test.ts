/** Which variant a device gets where none is named: declared traits stand in for devices that are not here. */
import { describe, expect, it } from "vitest";
import { conv2d } from "../shaders/conv2d/kernel.js";
import { TILES } from "../shaders/conv2d/tiled.js";
import { defaultVariant, usableVariants } from "../src/kernel/choice.js";
import { erase, makeProblem } from "../src/kernel/kernel.js";
import type { DeviceTraits } from "../src/kernel/variant.js";

const limits = { maxComputeInvocationsPerWorkgroup: 1024, maxComputeWorkgroupStorageSize: 32768 };
const gpu: DeviceTraits = {
  features: new Set(["subgroups"]),
  limits,
  vendor: "nvidia",
  architecture: "hopper",
  subgroupSize: 32,
  software: false,
};
const smallest: DeviceTraits = {
  ...gpu,
  limits: { maxComputeInvocationsPerWorkgroup: 256, maxComputeWorkgroupStorageSize: 16384 },
};
const software: DeviceTraits = { ...gpu, vendor: "mesa", subgroupSize: 8, software: true };

/** A convolution of `side` x `side` pixels, padded to keep them. */
const conv = (side: number, inC: number, outC: number, kernel: number, groups = 1) =>
  makeProblem(
    erase(conv2d),
    { x: [1, inC, side, side], weight: [outC, inC / groups, kernel, kernel] },
    { padding: (kernel - 1) / 2, groups },
  );
const chosen = (device: DeviceTraits, ...args: Parameters<typeof conv>) =>
  defaultVariant(erase(conv2d), conv(...args), device);

describe("conv2d", () => {
  it("takes large tiles for large feature maps", () => {
    expect(chosen(gpu, 224, 64, 256, 1)).toBe("tiled-64x128");
    expect(chosen(gpu, 128, 64, 64, 3)).toBe("tiled-64x64");
    expect(chosen(gpu, 50, 1024, 256, 3)).toBe("tiled-64x64-k2");
  });

  it("splits sums the more, the fewer workgroups a small map gives", () => {
    expect(chosen(gpu, 56, 64, 64, 3)).toBe("tiled-32x32-k4");
    expect(chosen(gpu, 14, 1024, 256, 1)).toBe("tiled-32x32-k8");
    expect(chosen(gpu, 7, 512, 512, 3)).toBe("tiled-32x32-k8");
    expect(chosen(gpu, 14, 256, 1024, 1)).toBe("tiled-32x32");
  });

  it("keeps to what the smallest device allows", () => {
    expect(chosen(smallest, 14, 1024, 256, 1)).toBe("tiled-32x32-k4");
    expect(usableVariants(erase(conv2d), conv(14, 64, 64, 1), smallest)).not.toContain("tiled-32x32-k8");
  });

  it("leaves groups to the naive variant and software adapters to lanes", () => {
    expect(chosen(gpu, 14, 64, 64, 3, 2)).toBe("naive");
    expect(chosen(software, 28, 512, 128, 1)).toBe("lanes-8");
    expect(chosen(software, 14, 1024, 256, 1)).toBe("lanes-8-five"); // 196 pixels: 5 x 40 threads' worth, not 7 x 32
    expect(usableVariants(erase(conv2d), conv(14, 64, 64, 1), software)).toContain("tiled-32x32");
  });

  it("gives narrow subgroups wide tiles, but for the stem and for few channels", () => {
    const swiftshader = { ...software, subgroupSize: 4 };
    expect(chosen(swiftshader, 14, 256, 256, 3)).toBe("lanes-4-wide");
    expect(chosen(swiftshader, 224, 3, 64, 7)).toBe("lanes-4");
    expect(chosen(swiftshader, 28, 64, 16, 1)).toBe("lanes-4");
  });

  it("leaves to other variants what lanes cannot address: grids past the limit, and weights past a texture", () => {
    const device = { ...software, limits: { ...limits, maxComputeWorkgroupsPerDimension: 65535 } };
    expect(chosen(device, 1400, 3, 16, 3)).toBe("lanes-8");
    expect(chosen(device, 1700, 3, 16, 3)).toBe("vec4"); // 90,313 workgroups of 32 pixels
    expect(chosen(device, 1700, 3, 64, 3)).toBe("vec4");
    expect(chosen(device, 7, 512, 4096, 7)).toBe("vec4"); // 25,088 rows of texels
  });

  it.each(Object.entries(TILES))(
    "tile %s divides its work evenly and fits 16 KiB of workgroup memory",
    (_, { bm, bn, bk, tm, tn, kg }) => {
      const group = (bm / tm) * (bn / tn);
      expect((bm / tm) % 8).toBe(0);
      expect([((bm * bk) / 4) % group, ((bn * bk) / 4) % group, group % (bn / 4), group % (bk / 4)]).toEqual([
        0, 0, 0, 0,
      ]);
      expect(Math.max(kg * (bk / 4) * (bm + bn), ((kg >> 1) * bm * bn) / 4) * 16).toBeLessThanOrEqual(16384);
    },
  );
});
