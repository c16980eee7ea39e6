/** Pictures in bands: variants that a driver refuses or that were tuned, pipelines as they get ready, short memory. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Comparison, fileSource, loadFcn, openCheckpoint, requestDevice } from "../src/node.js";
import type { ComparisonOptions, Device, Fcn, NodeLoadOptions, NodePicture } from "../src/node.js";
import { noisePicture } from "./helpers/pictures.js";

const ICONS = "weights/fcn-resnet101-w16-icons-f16.safetensors";

let device: Device;
beforeEach(async () => {
  device = await requestDevice();
});
afterEach(() => device.dispose());

const load = (options: NodeLoadOptions = {}): Promise<Fcn<NodePicture>> =>
  loadFcn({ device, resize: "none", weights: "icons", ...options });
const openComparison = async (options: ComparisonOptions): Promise<Comparison> =>
  Comparison.open(device, await openCheckpoint(await fileSource(ICONS)), options);

const limitBindings = (bytes: number): void => {
  const limits = { ...device.limits, maxStorageBufferBindingSize: bytes, maxBufferSize: bytes };
  Object.defineProperty(device, "limits", { value: limits, configurable: true });
};

const PICTURE = noisePicture(200, 90);

describe("pipelines of bands", () => {
  it("are of other variants where the driver refuses some", async () => {
    const { gpu } = device;
    const compile = gpu.createComputePipelineAsync.bind(gpu);
    Object.defineProperty(gpu, "createComputePipelineAsync", {
      value: (descriptor: GPUComputePipelineDescriptor) => {
        if (!/lanes-\d-five/.test(String(descriptor.label))) return compile(descriptor);
        return Promise.reject(new Error("the driver does not know these subgroups"));
      },
    });
    const got = await (await load({ tile: 64 })).segment(PICTURE);
    expect(got.timings.bands).toBeGreaterThan(2);
    if (device.software) expect(device.refused.size).toBeGreaterThan(0);
    expect(got.labels).toEqual((await (await load()).segment(PICTURE)).labels);
  });

  it("are counted together", async () => {
    limitBindings(2 ** 20);
    const reports: (readonly [number, number])[] = [];
    const comparison = await openComparison({ onPipeline: (ready, total) => reports.push([ready, total]) });
    const { timings } = await comparison.run(noisePicture(701, 500));
    expect(timings.bands).toBeGreaterThan(2);
    expect(reports).toEqual(reports.map((_, i) => [i + 1, reports.length]));
    comparison.dispose();
  });
});
