/** `fcn doctor`: what this machine offers, and which kernels would run on it. */
import { registry } from "../../shaders/index.js";
import { defined } from "../base/defined.js";
import { FcnError, messageOf } from "../base/errors.js";
import { pipelinesOf } from "../gpu/pipelines.js";
import { MATRIX_FEATURE } from "../gpu/subgroup-matrix.js";
import { usableVariants } from "../kernel/choice.js";
import { makeProblem } from "../kernel/kernel.js";
import { requestDevice } from "../node.js";
import type { Device } from "../node.js";
import { UsageError, parse } from "./command.js";
import type { Command } from "./command.js";
import { deviceRecord, deviceText } from "./doctor-report.js";
import { print, printError } from "./output.js";

const USAGE = `fcn doctor [--json] [--adapter NAME]

Prints the graphics adapter, its driver, features and limits, and the kernel
variants that networks would use. Where there is no adapter, says what to
install.

  --json          print one JSON object, and nothing else, on stdout
  --adapter NAME  the graphics adapter whose name contains NAME

Exit code 1 when there is no adapter, 2 when called wrongly.`;

const OPTIONS = { json: { type: "boolean", default: false }, adapter: { type: "string" } } as const;

/** Compiles the tensor core kernels: the device notes those that do not compile, with the reason, in `refused`. */
async function compileMatrixKernels(device: Device): Promise<void> {
  for (const { kernel, cases } of registry) {
    for (const [name, variant] of Object.entries(kernel.variants)) {
      if (!variant.features?.includes(MATRIX_FEATURE)) continue;
      const problems = cases.map(({ shapes, attrs }) => makeProblem(kernel, shapes, attrs));
      const problem = problems.find((p) => usableVariants(kernel, p, device).includes(name));
      if (!problem) continue;
      try {
        await pipelinesOf(device).get(kernel, name, problem);
      } catch (error) {
        if (!device.refused.has(variant)) throw error;
      }
    }
  }
}

/** What to do about a missing adapter. */
const ADVICE: Partial<Record<NodeJS.Platform, string>> = {
  linux:
    "Install a Vulkan driver. In a checkout `npm run setup` finds or installs one; by hand, on Debian 12: " +
    "apt-get install -t bookworm-backports mesa-vulkan-drivers (Mesa 25 or newer; its lavapipe needs no GPU).",
  darwin: "macOS has Metal built in: run macOS 12 or newer outside a sandbox that hides the GPU.",
  win32: "Install the graphics driver of the GPU's maker (Direct3D 12).",
};
const NO_BUILD = "Dawn has no build for this system; use a browser with WebGPU.";

/**
 * Whether a driver is what is missing: then ADVICE says more than the error. Others have a cure of their own: a name
 * that fits no adapter, a package that cannot be loaded.
 */
const lacksDriver = (error: unknown, isNamed: boolean): boolean =>
  !isNamed && error instanceof FcnError && error.code === "no-adapter" && error.cause === undefined;

function reportMissing(error: unknown, asJson: boolean, isNamed: boolean): void {
  const message = messageOf(error);
  const isDriver = lacksDriver(error, isNamed);
  const advice = isDriver ? (ADVICE[process.platform] ?? NO_BUILD) : message;
  if (asJson) print(JSON.stringify({ node: process.version, adapter: null, error: message, advice }));
  printError(`fcn doctor: ${isDriver ? "WebGPU found no graphics adapter." : message}`);
  if (isDriver) printError(advice);
}

export const doctor: Command = {
  name: "doctor",
  usage: USAGE,
  options: OPTIONS,
  words: [],
  async run(args) {
    const { values, positionals } = parse("doctor", args, OPTIONS);
    if (positionals.length) throw new UsageError(`doctor: takes no ${positionals[0] ?? ""}; it has options only`);
    let device: Device;
    try {
      device = await requestDevice(defined({ adapter: values.adapter }));
    } catch (error) {
      reportMissing(error, values.json, values.adapter !== undefined);
      return 1;
    }
    await compileMatrixKernels(device);
    print(values.json ? JSON.stringify(deviceRecord(device)) : deviceText(device));
    device.dispose();
    return 0;
  },
};
