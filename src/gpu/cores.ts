/**
 * How many cores a GPU has, which WebGPU does not tell: NVIDIA's streaming multiprocessors, AMD's pairs of compute
 * units, cores as Apple and Intel count them. Estimates of kernels use it to fill the GPU. Names are those of drivers;
 * browsers give vendor and architecture only.
 */
import type { AdapterSummary } from "./adapter-summary.js";

/** By a part of the names; of several, the first counts. A vendor has what most of its GPUs have at least. */
const CORES: Readonly<Record<string, number>> = {
  "b[12]00": 148,
  h200: 132,
  h100: 132,
  a100: 108,
  l40: 142,
  "\\bl4\\b": 58,
  "\\bt4\\b": 40,
  v100: 80,
  a6000: 84,
  a10: 72,
  "5090": 170,
  "5080": 84,
  "5070": 48,
  "4090": 128,
  "4080": 76,
  "4070": 46,
  "4060": 24,
  "3090": 82,
  "3080": 68,
  "3070": 46,
  "3060": 28,
  "2080": 46,
  "m\\d.ultra": 64,
  "m\\d.max": 36,
  "m\\d.pro": 18,
  "7900": 48,
  "7800": 30,
  "6900": 40,
  "6800": 36,
  a770: 32,
  b580: 20,
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

type Names = Pick<AdapterSummary, "vendor" | "architecture" | "device" | "description" | "software">;

export function coresOf({ vendor, architecture, device, description, software }: Names): number {
  if (software) return 1;
  const text = `${vendor} ${architecture} ${device} ${description}`.toLowerCase();
  return Object.entries(CORES).find(([part]) => new RegExp(part).test(text))?.[1] ?? UNKNOWN;
}
