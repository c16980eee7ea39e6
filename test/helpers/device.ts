/** One device per test file. No adapter is a loud failure, never a skip. */
import { afterAll, beforeAll } from "vitest";
import type { Device } from "../../src/gpu/device.js";
import { requestDevice } from "../../src/gpu/node-device.js";

export function useDevice(): () => Device {
  let device: Device | undefined;
  beforeAll(async () => {
    device = await requestDevice();
  });
  afterAll(() => device?.dispose());
  return () => {
    if (!device) throw new Error("the device is requested before the tests of a file run");
    return device;
  };
}
