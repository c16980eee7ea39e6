/** `fcn bench`: kernels and whole networks on this machine, as a table, as JSON, as SVG, and against an earlier run. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { join } from "node:path";
import { measureCeilings } from "../../bench/ceilings.js";
import { barChart, roofline } from "../../bench/charts.js";
import { benchKernels } from "../../bench/kernels.js";
import { failedRow, measureApart, measureModel } from "../../bench/models.js";
import type { ModelRow, ModelTask } from "../../bench/models.js";
import { SCHEMA, changes, fromJson, merged, modelKey, resultName, toJson } from "../../bench/result.js";
import type { BenchResult } from "../../bench/result.js";
import { isSynthetic, syntheticCheckpoint } from "../../bench/synthetic.js";
import { changeText, kernelText, modelText, short } from "../../bench/tables.js";
import { messageOf } from "../base/errors.js";
import { svgFile } from "../eval/svg.js";
import type { Device } from "../gpu/device.js";
import { FCN_VARIANTS } from "../models/fcn.js";
import { VARIANTS } from "../models/load.js";
import { PRECISIONS } from "../models/precision.js";
import { TORCHVISION_VARIANT } from "../models/torchvision.js";
import { requestDevice } from "../node.js";
import type { NetworkVariant } from "../node.js";
import { UsageError, oneOf, packageVersion, parse, print, printError, refuse } from "./command.js";
import type { Command } from "./command.js";
import { checkFile, outputFolder, writeWhole } from "./files.js";

const USAGE = `fcn bench kernels [--filter TEXT] [options]
fcn bench models [--variants LIST] [--sizes LIST] [--weights LIST] [--precision LIST] [--batch N] [options]
fcn bench all [options of both]

kernels: every variant of every kernel that this adapter can run, at the shapes of ResNet-101 and the decoders. Results are compared
with a float64 reference first; then GPU time, share of what the adapter can do by its own measurement, and which limit binds.
models: whole networks from RGBA8 in memory to labels in memory, upload and readback counted; each in a process of its own.

  --filter TEXT     only rows whose "kernel case variant" contains it
  --variants LIST   of ${VARIANTS.join(", ")} (default: what the weights are for)
  --sizes LIST      N or WIDTHxHEIGHT (default: 224)
  --weights LIST    of "default" (the one that ships), "synthetic" (full-size ResNet-101, generated), "synthetic-torchvision"
                    (the same as torchvision's fcn_resnet101), and checkpoints' paths (default: default)
  --precision LIST  of ${PRECISIONS.join(", ")} (default: f32)
  --batch N         pictures in a call (default: 1)
  --no-tune         take the likely kernel variants instead of measuring once which are fastest
  --adapter NAME    part of the adapter's name, where there are several
  --json            the result as JSON on stdout, and nothing else
  --out DIR         also write the result there, as ADAPTER-DATE.json, after the kernels and after each network; rows that a result of
                    that name has and this run has not stay
  --compare FILE    an earlier result: prints ratios (with --json on stderr)
  --svg DIR         writes kernels.svg (bars) and roofline.svg there`;

const OPTIONS = {
  filter: { type: "string", default: "" },
  variants: { type: "string" },
  sizes: { type: "string", default: "224" },
  weights: { type: "string", default: "default" },
  precision: { type: "string", default: "f32" },
  batch: { type: "string", default: "1" },
  "no-tune": { type: "boolean", default: false },
  adapter: { type: "string" },
  json: { type: "boolean", default: false },
  out: { type: "string" },
  compare: { type: "string" },
  svg: { type: "string" },
} as const;

type Values = ReturnType<typeof parse<typeof OPTIONS>>["values"];
const MAX_SIDE = 16384;

function whole(option: string, text: string, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > most)
    throw new UsageError(`bench: --${option} ${text} is not a whole number from 1 to ${most}`);
  return value;
}

const list = (text: string): string[] => text.split(",").map((part) => part.trim());

/** Networks that weights of this name have heads for; of a file, those it is asked for, by default the paper's. */
function variantsOf(weights: string, asked: readonly NetworkVariant[] | undefined): readonly NetworkVariant[] {
  const own: readonly NetworkVariant[] = weights === "synthetic-torchvision" ? [TORCHVISION_VARIANT] : FCN_VARIANTS;
  if (asked === undefined) return own;
  return weights === "default" || isSynthetic(weights) ? asked.filter((variant) => own.includes(variant)) : asked;
}

async function pathOf(weights: string): Promise<string | undefined> {
  if (weights === "default") return undefined;
  if (isSynthetic(weights)) {
    printError(`Weights: ${weights}, made once in the cache folder.`);
    return syntheticCheckpoint(weights);
  }
  await checkFile("bench", weights);
  return weights;
}

async function tasksOf(values: Values): Promise<ModelTask[]> {
  const asked =
    values.variants === undefined
      ? undefined
      : list(values.variants).map((v) => oneOf("bench", "variants", v, VARIANTS));
  const precisions = list(values.precision).map((p) => oneOf("bench", "precision", p, PRECISIONS));
  const batch = whole("batch", values.batch, 64);
  const sizes = list(values.sizes).map((size) => {
    const [width = "", height = width, extra] = size.split("x");
    if (extra !== undefined) throw new UsageError(`bench: --sizes ${size} is neither N nor WIDTHxHEIGHT`);
    return { width: whole("sizes", width, MAX_SIDE), height: whole("sizes", height, MAX_SIDE) };
  });
  const tasks: ModelTask[] = [];
  for (const weights of list(values.weights)) {
    const variants = variantsOf(weights, asked);
    if (!variants.length) continue; // another of the weights has them
    const path = await pathOf(weights);
    const common = {
      weights,
      batch,
      tune: !values["no-tune"],
      ...(path === undefined ? {} : { path }),
      ...(values.adapter === undefined ? {} : { adapter: values.adapter }),
    };
    tasks.push(
      ...variants.flatMap((variant) =>
        sizes.flatMap((size) => precisions.map((precision) => ({ ...common, variant, precision, ...size }))),
      ),
    );
  }
  if (!tasks.length)
    throw new UsageError(
      `bench: --weights ${values.weights} has no ${asked?.join(" and no ") ?? "network"}; fcn-resnet101 is in synthetic-torchvision, the others in default and synthetic`,
    );
  return tasks;
}

function describe(device: Device): BenchResult {
  const { vendor, architecture, description, software, subgroupSize } = device.adapter;
  const webgpu = (createRequire(import.meta.url)("webgpu/package.json") as { version: string }).version;
  return {
    schema: SCHEMA,
    date: new Date().toISOString().slice(0, 10),
    adapter: { name: device.label, vendor, architecture, description, software, subgroupSize },
    cpu: `${cpus()[0]?.model.trim() ?? "unknown processor"}, ${cpus().length} cores`,
    versions: { package: packageVersion(), webgpu, node: process.version },
  };
}

/** `onRows` hears of all rows so far after each. On GPUs a first process finds the variants to use, so that no row pays for another's tuning. */
async function runModels(
  tasks: readonly ModelTask[],
  software: boolean,
  onRows: (rows: readonly ModelRow[]) => Promise<void>,
): Promise<ModelRow[]> {
  const main = process.argv[1] as string;
  const rows: ModelRow[] = [];
  for (const task of tasks) {
    const row = await (async () => {
      if (task.tune && !software) await measureApart(main, { ...task, tuneOnly: true });
      return measureApart(main, task);
    })().catch((error: unknown) => failedRow(task, messageOf(error)));
    printError(`${modelKey(row)}: ${row.failed ?? `${short(row.warm)} ms`}`);
    rows.push(row);
    await onRows(rows);
  }
  return rows;
}

/** Writes ADAPTER-DATE.json into the folder, over an earlier one, of which stays what this result has not. */
async function save(folder: string, result: BenchResult): Promise<string> {
  const path = join(folder, `${resultName(result)}.json`);
  const earlier = await readFile(path, "utf8").catch(() => undefined);
  await writeWhole(path, toJson(earlier === undefined ? result : merged(fromJson(earlier, path), result)));
  return path;
}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals, given } = parse("bench", args, OPTIONS);
  const [what, extra] = positionals;
  if (what === "model" && extra !== undefined) {
    print(JSON.stringify(await measureModel(JSON.parse(extra) as ModelTask))); // how runModels() calls itself
    return 0;
  }
  if (what === undefined || extra !== undefined)
    throw new UsageError(`bench: say one of kernels, models, all; see fcn bench --help`);
  const part = oneOf("bench", "of", what, ["kernels", "models", "all"] as const);
  if (part === "models") refuse("bench", given, ["filter", "svg"], "is about kernels; ask for kernels or all");
  if (part === "kernels")
    refuse(
      "bench",
      given,
      ["variants", "sizes", "weights", "precision", "batch", "no-tune"],
      "is about models; ask for models or all",
    );
  const before =
    values.compare === undefined
      ? undefined
      : await readFile(values.compare, "utf8")
          .catch(() => {
            throw new UsageError(`bench: there is no file ${values.compare ?? ""}`);
          })
          .then((text) => fromJson(text, values.compare ?? ""));
  for (const folder of [values.out, values.svg]) if (folder !== undefined) await outputFolder("bench", folder);
  const device = await requestDevice(values.adapter === undefined ? {} : { adapter: values.adapter });
  const tasks = part === "kernels" ? [] : await tasksOf(values); // may write a checkpoint, in vain without a device
  let result = describe(device);
  if (part !== "models") {
    const ceilings = await measureCeilings(device);
    printError(
      `${device.label}: ${short(ceilings.gflops)} GFLOP/s and ${short(ceilings.gbs)} GB/s at most, by measurement`,
    );
    const onRow = values.json
      ? undefined
      : (row: { kernel: string; case: string; variant: string }): void =>
          printError(`${row.kernel}: ${row.case}, ${row.variant}`);
    const kernels = await benchKernels(device, { filter: values.filter, ceilings, ...(onRow ? { onRow } : {}) });
    if (kernels.length === 0) throw new UsageError(`bench: no kernel, case or variant contains "${values.filter}"`);
    result = { ...result, ceilings, kernels };
    if (values.out !== undefined) await save(values.out, result);
  }
  device.dispose();
  const { out } = values;
  if (tasks.length) {
    const models = await runModels(tasks, device.software, async (rows) => {
      if (out !== undefined) await save(out, { ...result, models: rows });
    });
    result = { ...result, models };
  }

  if (values.json) process.stdout.write(toJson(result));
  else {
    if (result.kernels)
      print(
        `${kernelText(result.kernels)}\n\n* is the variant that networks take here. Medians; quartiles of the rounds.`,
      );
    if (result.models) print(modelText(result));
  }
  if (before) {
    const other =
      before.adapter.name === result.adapter.name
        ? ""
        : `The earlier result is of another adapter: ${before.adapter.name}.\n`;
    // With --json stdout is the result's alone.
    (values.json ? printError : print)(`\n${other}${changeText(changes(before, result))}`);
  }
  if (out !== undefined) printError(`Result: ${await save(out, result)}`);
  if (values.svg !== undefined && result.kernels && result.ceilings) {
    await writeWhole(
      join(values.svg, "kernels.svg"),
      svgFile(barChart(result.kernels, `Kernels on ${result.adapter.name}`)),
    );
    await writeWhole(
      join(values.svg, "roofline.svg"),
      svgFile(roofline(result.kernels, result.ceilings, `Roofline of ${result.adapter.name}`)),
    );
    printError(`Plots: ${join(values.svg, "kernels.svg")}, ${join(values.svg, "roofline.svg")}`);
  }
  return [...(result.kernels ?? []), ...(result.models ?? [])].some(({ failed }) => failed !== undefined) ? 1 : 0;
}

export const bench: Command = {
  name: "bench",
  summary: "kernels and networks timed on this machine, with their share of what it can do",
  usage: USAGE,
  run,
};
