/** `fcn doctor`: what this machine offers, and which kernels would run on it. */
import { registry } from "../../shaders/index.js";
import { messageOf } from "../base/errors.js";
import { pipelinesOf } from "../gpu/pipelines.js";
import { MATRIX_FEATURE } from "../gpu/subgroup-matrix.js";
import { defaultVariant, usableVariants } from "../kernel/choice.js";
import { makeProblem } from "../kernel/kernel.js";
import type { DeviceTraits } from "../kernel/variant.js";
import { requestDevice } from "../node.js";
import type { Device } from "../node.js";
import { parse, print, printError } from "./command.js";
import type { Command } from "./command.js";

const USAGE = `fcn doctor [--json] [--adapter NAME]

Prints the graphics adapter, its driver, features and limits, and the kernel variants that would be chosen; or, where there is
no adapter, what to install. Exit code 1 when there is none.`;

/** For every kernel the variants it has, those usable on its cases here, and those that are the default choice in each precision. */
function kernelTable(
  device: DeviceTraits,
): { kernel: string; chosen: string; f16: string; offered: string[]; absent: string[] }[] {
  return registry.map(({ kernel, cases }) => {
    const defaults = new Set<string>();
    const halves = new Set<string>();
    const usable = new Set<string>();
    for (const { shapes, attrs } of cases) {
      const problem = makeProblem(kernel, shapes, attrs);
      usableVariants(kernel, problem, device).forEach((name) => usable.add(name));
      defaults.add(defaultVariant(kernel, problem, device) ?? "none");
      const f16 = defaultVariant(kernel, problem, device, "f16");
      if (f16 !== undefined && kernel.variants[f16]?.precision === "f16") halves.add(f16);
    }
    const absent = Object.keys(kernel.variants).filter((name) => !usable.has(name));
    return {
      kernel: kernel.name,
      chosen: [...defaults].join(" or "),
      f16: [...halves].join(" or "),
      offered: [...usable],
      absent,
    };
  });
}

/** Compiles the tensor core kernels, so that what does not compile here is known and said. */
async function tryMatrices(device: Device): Promise<void> {
  for (const { kernel, cases } of registry) {
    for (const [name, { features }] of Object.entries(kernel.variants)) {
      const problems = !features?.includes(MATRIX_FEATURE)
        ? []
        : cases.map(({ shapes, attrs }) => makeProblem(kernel, shapes, attrs));
      const problem = problems.find((p) => usableVariants(kernel, p, device).includes(name));
      if (!problem) continue;
      await pipelinesOf(device)
        .get(kernel, name, problem)
        .catch((error: unknown) => {
          // Kept, with its reason; anything else is not the kernel's failure.
          if (!device.refused.has(kernel.variants[name] as object)) throw error;
        });
    }
  }
}

/** Variants that did not compile, as "kernel/variant", and why. */
const refusedOf = ({ refused }: Device): [string, string][] =>
  registry.flatMap(({ kernel }) =>
    Object.entries(kernel.variants).flatMap(([name, variant]): [string, string][] => {
      const why = refused.get(variant);
      return why === undefined ? [] : [[`${kernel.name}/${name}`, why]];
    }),
  );

function report(device: Device): Record<string, unknown> {
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    adapter: { name: device.label, ...device.adapter },
    features: [...device.features].sort(),
    limits: device.limits,
    tensorCores: { syntax: device.subgroupMatrix ?? null, note: device.matrixSupport.note },
    refused: Object.fromEntries(refusedOf(device)),
    kernels: kernelTable(device),
  };
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `  ${row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join("  ")
          .trimEnd()}`,
    )
    .join("\n");
}

function advice(): string {
  const install: Partial<Record<NodeJS.Platform, string>> = {
    linux:
      "Install a Vulkan driver. In a checkout `npm run setup` finds or installs one; by hand, on Debian 12: apt-get install -t bookworm-backports mesa-vulkan-drivers (Mesa 25 or newer; its lavapipe needs no GPU).",
    darwin: "macOS has Metal built in: run macOS 12 or newer outside a sandbox that hides the GPU.",
    win32: "Install the graphics driver of the GPU's maker (Direct3D 12).",
  };
  return install[process.platform] ?? "Dawn has no build for this system; use a browser with WebGPU.";
}

export const doctor: Command = {
  name: "doctor",
  summary: "adapter, driver, features, limits, kernel variants; what to install if there is none",
  usage: USAGE,
  async run(args) {
    const { values } = parse("doctor", args, {
      json: { type: "boolean", default: false },
      adapter: { type: "string" },
    });
    let device: Device;
    try {
      device = await requestDevice(values.adapter === undefined ? {} : { adapter: values.adapter });
    } catch (error) {
      if (values.json)
        print(JSON.stringify({ node: process.version, adapter: null, error: messageOf(error), advice: advice() }));
      printError(`fcn doctor: ${messageOf(error)}`);
      printError(advice());
      return 1;
    }
    await tryMatrices(device);
    if (values.json) print(JSON.stringify(report(device)));
    else {
      const { vendor, architecture, description, software, subgroupSize } = device.adapter;
      print(`Node ${process.version} on ${process.platform} ${process.arch}\n`);
      print("Adapter");
      print(
        table([
          ["name", device.label],
          ["vendor", [vendor, architecture].filter(Boolean).join(" ")],
          ["driver", description],
          ["kind", software ? "software (runs on the CPU)" : "hardware"],
          ["subgroups", subgroupSize ? `${subgroupSize} lanes` : "unknown"],
          ["tensor cores", device.matrixSupport.note],
        ]),
      );
      print(`\nFeatures used when present\n  ${[...device.features].sort().join(", ") || "none"}`);
      print(
        `\nLimits\n${table(Object.entries(device.limits).map(([name, value]) => [name, value.toLocaleString("en")]))}`,
      );
      const rows = kernelTable(device).map((k) => [
        k.kernel,
        k.chosen + (k.f16 && `; f16: ${k.f16}`),
        k.absent.length ? `not here: ${k.absent.join(", ")}` : "",
      ]);
      print(`\nKernels and the variants chosen\n${table(rows)}`);
      if (device.refused.size) print(`\nVariants that did not compile here\n${table(refusedOf(device))}`);
    }
    device.dispose();
    return 0;
  },
};
