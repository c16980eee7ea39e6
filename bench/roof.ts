/** What the adapter's own ceilings allow: the least time of a piece of work, and how far a time is from it. */
import { registry } from "../shaders/index.js";
import { MATRIX_FEATURE } from "../src/gpu/subgroup-matrix.js";
import type { LayerTime } from "../src/models/layer-time.js";
import type { Ceilings } from "./ceilings.js";
import type { KernelRow } from "./kernel-row.js";

type Work = Pick<KernelRow, "kernel" | "variant" | "flops" | "bytes">;

const MS_PER_GIGA = 1e6;

/** GFLOP/s that the variant could reach: the tensor cores' for variants that use them. */
export function peakOf({ kernel, variant }: Pick<Work, "kernel" | "variant">, ceilings: Ceilings): number {
  const { gflops, matrixGflops = gflops } = ceilings;
  const declared = registry.find((entry) => entry.kernel.name === kernel)?.kernel.variants[variant];
  return declared?.features?.includes(MATRIX_FEATURE) ? matrixGflops : gflops;
}

/** The least milliseconds that this work can take here. */
export const roofMs = (work: Work, ceilings: Ceilings): number =>
  Math.max(work.flops / peakOf(work, ceilings), work.bytes / ceilings.gbs) / MS_PER_GIGA;

/** Shares of a kernel's row under other ceilings than those it was measured with. */
export function underCeilings(row: KernelRow, ceilings: Ceilings): KernelRow {
  if (row.failed !== undefined) return row;
  const ofCompute = row.flops / row.ms / MS_PER_GIGA / peakOf(row, ceilings);
  const ofMemory = row.bytes / row.ms / MS_PER_GIGA / ceilings.gbs;
  const bound = row.flops / row.bytes > peakOf(row, ceilings) / ceilings.gbs ? "compute" : "memory";
  return { ...row, ofCompute, ofMemory, share: Math.max(ofCompute, ofMemory), bound };
}

/** The higher of two measurements of each ceiling. */
export function higherCeilings(a: Ceilings, b: Ceilings): Ceilings {
  const matrixGflops = Math.max(a.matrixGflops ?? 0, b.matrixGflops ?? 0);
  return {
    gflops: Math.max(a.gflops, b.gflops),
    gbs: Math.max(a.gbs, b.gbs),
    ...(matrixGflops > 0 && { matrixGflops }),
  };
}

/** Ceilings that differ by more than this say that something else used the machine, or that it slowed down. */
const MOST_DIFFERENCE = 0.1;

/** One sentence for each ceiling that moved while kernels were measured. */
export function movedCeilings(before: Ceilings, after: Ceilings): string[] {
  const pairs = [
    ["FLOP/s in f32", before.gflops, after.gflops],
    ["bytes/s", before.gbs, after.gbs],
    ["FLOP/s of tensor cores", before.matrixGflops ?? 0, after.matrixGflops ?? 0],
  ] as const;
  return pairs.flatMap(([what, first, second]) => {
    const difference = Math.abs(second - first) / Math.max(first, second, 1e-9);
    if (difference <= MOST_DIFFERENCE) return [];
    const [from, to] = [first.toFixed(0), second.toFixed(0)];
    const percent = Math.round(100 * difference);
    return [
      `The peak of ${what} moved by ${percent} % while kernels ran (from ${from} to ${to} G): the higher counts.`,
    ];
  });
}

/** The time of all layers that one variant ran. */
export interface VariantTotal {
  readonly kernel: string;
  readonly variant: string;
  readonly calls: number;
  readonly ms: number;
  readonly flops: number;
  /** Milliseconds of the layers under the adapter's ceilings need their operations and bytes one by one. */
  readonly layers: readonly Pick<LayerTime, "flops" | "bytes">[];
}

/** The longest first. */
export function variantTotals(layers: readonly LayerTime[]): VariantTotal[] {
  const totals = new Map<string, VariantTotal>();
  for (const { kernel, variant, ms, flops, bytes } of layers) {
    const key = `${kernel}/${variant}`;
    const known = totals.get(key) ?? { kernel, variant, calls: 0, ms: 0, flops: 0, layers: [] };
    totals.set(key, {
      kernel,
      variant,
      calls: known.calls + 1,
      ms: known.ms + ms,
      flops: known.flops + flops,
      layers: [...known.layers, { flops, bytes }],
    });
  }
  return [...totals.values()].sort((a, b) => b.ms - a.ms);
}

/** Milliseconds that the layers of one variant need at least. */
export const totalRoofMs = ({ kernel, variant, layers }: VariantTotal, ceilings: Ceilings): number =>
  layers.reduce((sum, layer) => sum + roofMs({ kernel, variant, ...layer }, ceilings), 0);
