/**
 * Makes a device claim tensor cores. Its compiler still does not know the built-in functions: shaders must be emulated,
 * or fail to compile as on a driver that does not keep its feature's promise.
 */
import type { Device } from "../../src/gpu/device.js";
import { MATRIX_FEATURE } from "../../src/gpu/subgroup-matrix.js";

export function claimTensorCores(device: Device): void {
  Object.defineProperties(device, {
    features: { value: new Set([...device.features, MATRIX_FEATURE]) },
    subgroupMatrix: { value: "template" },
  });
}
