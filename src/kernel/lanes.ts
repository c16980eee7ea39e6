/**
 * What the `lanes` variants of several kernels share. They are for software adapters, where a load costs tens of
 * multiply-adds: neighbouring pixels lie on the lanes of a subgroup, each thread keeps a tile of results in registers,
 * and operands come from storage textures, which are half the price of a buffer.
 */
import { ceilDiv } from "./shape.js";
import type { Nchw } from "./shape.js";
import { fitsTexture, fitsWeights } from "./texture.js";
import type { DeviceTraits } from "./variant.js";

/** What a thread keeps in registers: TP pixels x TC output channels in the shaders. */
export interface LanesTile {
  readonly pixels: number;
  readonly channels: number;
}

/** The tile of all kernels that have only one. With 24 channels loops are not unrolled and sums leave the registers. */
export const LANES_TILE: LanesTile = { pixels: 4, channels: 16 };

/** The fields that every such variant has for subgroups of so many lanes. */
export const lanesVariant = (subgroup: number) => ({
  wgsl: "lanes",
  workgroup: [subgroup, 1, 1] as const,
  features: ["subgroups"],
  subgroupSize: subgroup,
  fixedGrid: true as const,
  overrides: () => ({}),
});

/** Whether the device is a software adapter and the operands fit in its textures. */
export const runsLanes = (device: DeviceTraits, x: Nchw, y: Nchw, weightTexels: number): boolean =>
  device.software && fitsTexture(x) && fitsTexture(y) && fitsWeights(weightTexels);

/** Threads along x for so many pixels: whole subgroups. */
export const lanesFor = (pixels: number, { pixels: perThread }: LanesTile, subgroup: number): number =>
  ceilDiv(pixels, perThread * subgroup) * subgroup;
