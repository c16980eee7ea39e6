/**
 * How many cores a GPU has, which WebGPU does not tell: NVIDIA's streaming multiprocessors, AMD's pairs of compute
 * units, cores as Apple and Intel count them. Estimates of kernels use it to fill the GPU. Browsers give vendor and
 * architecture only; in Node card-cores.ts knows the names of drivers.
 */
import type { AdapterSummary } from "./adapter-summary.js";

/** By a part of the names; of several, the first counts. A vendor has what most of its GPUs have at least. */
const CORES: Readonly<Record<string, number>> = {
  hopper: 132,
  blackwell: 70,
  lovelace: 60,
  ampere: 46,
  nvidia: 28,
  amd: 16,
  apple: 10,
  intel: 8,
  qualcomm: 6,
  "\\barm\\b": 8,
};

const UNKNOWN = 16;

export type AdapterNames = Pick<AdapterSummary, "vendor" | "architecture" | "device" | "description" | "software">;

/** The cores of the first entry whose pattern is in the adapter's names. */
export function coresIn(table: Readonly<Record<string, number>>, adapter: AdapterNames): number | undefined {
  const { vendor, architecture, device, description } = adapter;
  const text = `${vendor} ${architecture} ${device} ${description}`.toLowerCase();
  return Object.entries(table).find(([part]) => new RegExp(part).test(text))?.[1];
}

export function coresOf(adapter: AdapterNames): number {
  return adapter.software ? 1 : (coresIn(CORES, adapter) ?? UNKNOWN);
}
