/** The findings of `fcn doctor`: a plain record for --json, and the same as text for people. */
import { registry } from "../../shaders/index.js";
import { textTable } from "../base/text-table.js";
import { wrapped } from "../base/wrapped.js";
import { defaultVariant, usableVariants } from "../kernel/choice.js";
import { makeProblem } from "../kernel/kernel.js";
import type { RegistryEntry } from "../kernel/registry.js";
import type { DeviceTraits } from "../kernel/variant.js";
import type { Device } from "../node.js";

/** Variants of a kernel over all its cases on this device. */
interface KernelChoices {
  readonly kernel: string;
  /** Default choices in f32, as "lanes-8 or vec4". */
  readonly chosen: string;
  /** Default choices in f16, of variants that store f16; empty where there are none. */
  readonly f16: string;
  /** Usable here, and not usable. */
  readonly offered: readonly string[];
  readonly absent: readonly string[];
}

function choicesOf({ kernel, cases }: RegistryEntry, device: DeviceTraits): KernelChoices {
  const defaults = new Set<string>();
  const halfDefaults = new Set<string>();
  const usable = new Set<string>();
  for (const { shapes, attrs } of cases) {
    const problem = makeProblem(kernel, shapes, attrs);
    for (const name of usableVariants(kernel, problem, device)) usable.add(name);
    defaults.add(defaultVariant(kernel, problem, device) ?? "none");
    const half = defaultVariant(kernel, problem, device, "f16");
    if (half !== undefined && kernel.variants[half]?.precision === "f16") halfDefaults.add(half);
  }
  return {
    kernel: kernel.name,
    chosen: [...defaults].join(" or "),
    f16: [...halfDefaults].join(" or "),
    offered: [...usable],
    absent: Object.keys(kernel.variants).filter((name) => !usable.has(name)),
  };
}

const kernelChoices = (device: DeviceTraits): KernelChoices[] => registry.map((entry) => choicesOf(entry, device));

/** Variants that did not compile, as "kernel/variant", and why. */
function refusals({ refused }: Device): (readonly [name: string, reason: string])[] {
  return registry.flatMap(({ kernel }) =>
    Object.entries(kernel.variants).flatMap(([name, variant]) => {
      const reason = refused.get(variant);
      return reason === undefined ? [] : [[`${kernel.name}/${name}`, reason] as const];
    }),
  );
}

/** What --json prints. */
export function deviceRecord(device: Device): Record<string, unknown> {
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    adapter: { name: device.label, ...device.adapter },
    features: [...device.features].sort(),
    limits: device.limits,
    tensorCores: { syntax: device.subgroupMatrix ?? null, note: device.matrixSupport.note },
    refused: Object.fromEntries(refusals(device)),
    kernels: kernelChoices(device),
  };
}

const NOTE_INDENT = "      ";

const leftTable = (rows: readonly (readonly string[])[]): string => textTable(rows, { align: ["left"], indent: "  " });

function adapterTable({ label, adapter, matrixSupport }: Device): string {
  const { vendor, architecture, description, software, subgroupSize } = adapter;
  return leftTable([
    ["name", label],
    ["vendor", [vendor, architecture].filter(Boolean).join(" ")],
    ["driver", description],
    ["kind", software ? "software (runs on the CPU)" : "hardware"],
    ["subgroups", subgroupSize ? `${subgroupSize} lanes` : "unknown"],
    ["tensor cores", matrixSupport.note],
  ]);
}

const choiceCells = ({ kernel, chosen, f16 }: KernelChoices): string[] => [
  kernel,
  f16 ? `${chosen}; f16: ${f16}` : chosen,
];

/** A row for each kernel, with the variants that it lacks here on lines of their own. */
function kernelTable(all: readonly KernelChoices[]): string {
  const rows = leftTable(all.map(choiceCells)).split("\n");
  return rows
    .flatMap((row, i) => {
      const absent = all[i]?.absent ?? [];
      const text = `${NOTE_INDENT}not here: ${absent.join(", ")}`;
      return absent.length ? [row, wrapped(text, NOTE_INDENT)] : [row];
    })
    .join("\n");
}

/** Blocks of text, with an empty line between them. */
export function deviceText(device: Device): string {
  const limits = Object.entries(device.limits).map(([name, value]) => [name, value.toLocaleString("en")]);
  const blocks = [
    `Node ${process.version} on ${process.platform} ${process.arch}`,
    `Adapter\n${adapterTable(device)}`,
    `Features used when present\n  ${[...device.features].sort().join(", ") || "none"}`,
    `Limits\n${leftTable(limits)}`,
    `Kernels and the variants chosen\n${kernelTable(kernelChoices(device))}`,
  ];
  if (device.refused.size) blocks.push(`Variants that did not compile here\n${leftTable(refusals(device))}`);
  return blocks.join("\n\n");
}
