/**
 * Which variant of a kernel runs. Pure: the device is only asked for its traits.
 */
import { FcnError, badShape } from "../base/errors.js";
import { withBorder } from "./border.js";
import type { BorderableName, Borders } from "./border.js";
import type { Kernel } from "./kernel.js";
import type { LayoutName } from "./layout.js";
import type { AnyProblem } from "./problem.js";
import { ceilDiv, elements, formatShape } from "./shape.js";
import type { AnyVariant, DeviceTraits, Extent, Precision } from "./variant.js";

/** Variant names by kernel name, for callers that do not want the default (tests, benchmarks, comparisons). */
export type VariantChoice = Readonly<Record<string, string>>;

/** Chooses a variant for one problem, as tuning does. Undefined means the default. */
export type VariantPick = (kernel: Kernel, problem: AnyProblem) => string | undefined;

/** The layout a variant uses for one of its tensors. @throws bad-shape when the kernel has no such tensor */
export function layoutOf(kernel: Kernel, variant: AnyVariant, key: string, borders: Borders = {}): LayoutName {
  const spec = kernel.outputs[key] ?? kernel.inputs[key];
  if (!spec || spec.role !== "tensor") throw badShape(`${kernel.name}: no tensor "${key}"`);
  const layout = variant.layouts?.[key] ?? spec.layout;
  const border = borders[key] ?? 0;
  return border === 0 ? layout : withBorder(layout as BorderableName, border);
}

/** Whether the device has the features, subgroup size and workgroup size that the variant needs for any problem. */
export function offersVariant(variant: AnyVariant, device: DeviceTraits): boolean {
  const { features = [], subgroupSize = device.subgroupSize, workgroup, workgroupBytes = 0 } = variant;
  const exceeds = (size: number, limit: string): boolean => size > (device.limits[limit] ?? Infinity);
  if (exceeds(workgroupBytes, "maxComputeWorkgroupStorageSize")) return false;
  if (exceeds(elements(workgroup), "maxComputeInvocationsPerWorkgroup")) return false;
  if (workgroup.some((size, axis) => exceeds(size, `maxComputeWorkgroupSize${"XYZ"[axis]}`))) return false;
  return subgroupSize === device.subgroupSize && features.every((feature) => device.features.has(feature));
}

/**
 * Workgroups for the threads a variant asks for. A one-dimensional grid longer than the limit (65,535 workgroups on
 * every adapter seen) is folded into rows. Kernels compute their index as `id.y * num_workgroups.x * WORKGROUP + id.x`.
 */
export function foldedGrid(
  variant: AnyVariant,
  problem: AnyProblem,
  limit: number,
): { readonly grid: Extent; readonly fits: boolean } {
  const { workgroup } = variant;
  const [threadsX, threadsY, threadsZ] = variant.threads(problem);
  const x = ceilDiv(threadsX, workgroup[0]);
  const y = ceilDiv(threadsY, workgroup[1]);
  const z = ceilDiv(threadsZ, workgroup[2]);
  const isLine = y === 1 && z === 1 && workgroup[1] === 1;
  if (x <= limit || !isLine || variant.fixedGrid) return { grid: [x, y, z], fits: Math.max(x, y, z) <= limit };
  const rows = ceilDiv(x, limit);
  return { grid: [ceilDiv(x, rows), rows, 1], fits: rows <= limit };
}

function canRun(variant: AnyVariant, problem: AnyProblem, device: DeviceTraits): boolean {
  if (!offersVariant(variant, device) || device.refused?.has(variant)) return false;
  if (variant.when && !variant.when(problem, device)) return false;
  return foldedGrid(variant, problem, device.limits.maxComputeWorkgroupsPerDimension ?? Infinity).fits;
}

/** Names of the variants this device can run for this problem, in declared order. */
export function usableVariants(kernel: Kernel, problem: AnyProblem, device: DeviceTraits): string[] {
  const usable = Object.entries(kernel.variants).filter(([, variant]) => canRun(variant, problem, device));
  return usable.map(([name]) => name);
}

/**
 * Usable variants that prefer this problem, the best first. An f16 plan takes variants that store f16 where the kernel
 * has one. An f32 plan never does. Variants with an estimate are ordered by it; of the others, the last declared leads.
 */
export function rankedVariants(
  kernel: Kernel,
  problem: AnyProblem,
  device: DeviceTraits,
  precision: Precision = "f32",
): string[] {
  const usable = usableVariants(kernel, problem, device).reverse();
  const preferred = (stored: Precision): string[] =>
    usable.filter((name) => {
      const variant = kernel.variants[name] as AnyVariant;
      return (variant.precision ?? "f32") === stored && (variant.prefer?.(problem, device) ?? true);
    });
  const halves = precision === "f16" ? preferred("f16") : [];
  const names = halves.length > 0 ? halves : preferred("f32");
  const leader = kernel.variants[names[0] ?? ""];
  if (!leader?.estimate) return names;
  const timed = names.flatMap((name) => {
    const estimate = kernel.variants[name]?.estimate?.(problem, device);
    return estimate === undefined ? [] : [{ name, estimate }];
  });
  return timed.sort((a, b) => a.estimate - b.estimate).map(({ name }) => name);
}

/** The variant this device runs where none is named. Undefined where none can. */
export const defaultVariant = (
  kernel: Kernel,
  problem: AnyProblem,
  device: DeviceTraits,
  precision?: Precision,
): string | undefined => rankedVariants(kernel, problem, device, precision)[0];

/**
 * The variant that `choice` names, or the default.
 * @throws bad-option when it cannot run here; limit-too-small when none can
 */
export function chooseVariant(
  kernel: Kernel,
  problem: AnyProblem,
  device: DeviceTraits,
  choice: VariantChoice | VariantPick = {},
  precision?: Precision,
): string {
  const wanted = typeof choice === "function" ? choice(kernel, problem) : choice[kernel.name];
  if (wanted !== undefined) {
    checkUsable(kernel, problem, device, wanted);
    return wanted;
  }
  const chosen = defaultVariant(kernel, problem, device, precision);
  if (chosen !== undefined) return chosen;
  const features = new Set(Object.values(kernel.variants).flatMap((variant) => variant.features ?? []));
  throw new FcnError(
    "limit-too-small",
    `${kernel.name}: none of its variants runs here for ${formatShape(Object.values(problem.out)[0] ?? [])} ` +
      `(features: ${[...features].join(", ") || "none"}); make it smaller, or use another adapter`,
  );
}

function checkUsable(kernel: Kernel, problem: AnyProblem, device: DeviceTraits, wanted: string): void {
  const usable = usableVariants(kernel, problem, device);
  if (usable.includes(wanted)) return;
  const variant = kernel.variants[wanted];
  const reason = variant && device.refused?.get(variant);
  const why = reason === undefined ? "" : ` (${reason})`;
  throw new FcnError(
    "bad-option",
    `${kernel.name}: variant "${wanted}" cannot run here${why}; usable: ${usable.join(", ")}`,
  );
}
