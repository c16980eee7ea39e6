/** What is made of adapters' own words, as runtimes give them. */
import { describe, expect, it } from "vitest";
import { adapterLabel, summariseAdapter } from "../src/gpu/adapter-summary.js";

interface Words {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly isFallbackAdapter: boolean;
  readonly subgroupMinSize: number;
}

const HIDDEN = { vendor: "", architecture: "", device: "", description: "" };

function summary(words: Partial<Words>, ...features: string[]) {
  const info = { ...HIDDEN, isFallbackAdapter: false, subgroupMinSize: 4, subgroupMaxSize: 128, ...words };
  const adapter = summariseAdapter({ info: info as unknown as GPUAdapterInfo, features: new Set(features) });
  return { label: adapterLabel(adapter), ...adapter };
}

describe("The summary of an adapter", () => {
  it("names wgpu's by its description, where device and vendor are numbers", () => {
    const llvmpipe = "llvmpipe (LLVM 15.0.6, 256 bits)";
    expect(summary({ vendor: "65541", device: "0", description: llvmpipe, isFallbackAdapter: true })).toMatchObject({
      label: llvmpipe,
      software: true,
    });
    expect(summary({ vendor: "4318", device: "9013", description: "NVIDIA H200" })).toMatchObject({
      label: "NVIDIA H200",
      software: false,
    });
  });

  it("calls those that hide their name unnamed, and software where they are a fallback", () => {
    expect(summary({ isFallbackAdapter: true })).toMatchObject({ label: "unnamed software adapter", software: true });
    expect(summary({})).toMatchObject({ label: "unnamed GPU", software: false });
    expect(summary({ vendor: "77", device: "12" })).toMatchObject({ label: "unnamed GPU", vendor: "77" });
  });

  it("knows software by its name where the runtime does not say", () => {
    expect(summary({ vendor: "google", architecture: "swiftshader" })).toMatchObject({
      label: "google swiftshader",
      software: true,
    });
    const named = summary({ device: "llvmpipe-llvm-15-0-6-256-bits-", description: "llvmpipe: Mesa" });
    expect(named).toMatchObject({ label: "llvmpipe-llvm-15-0-6-256-bits", software: true });
  });

  it("has a subgroup size only with the feature", () => {
    expect(summary({ subgroupMinSize: 8 }).subgroupSize).toBe(0);
    expect(summary({ subgroupMinSize: 8 }, "subgroups").subgroupSize).toBe(8);
  });
});
