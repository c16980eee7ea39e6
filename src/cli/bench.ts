/** `fcn bench`: kernels and whole networks on this machine, as a table, as JSON, as SVG, and against an earlier run. */
import { measureCeilings } from "../../bench/ceilings.js";
import type { KernelRow } from "../../bench/kernel-row.js";
import type { Ceilings } from "../../bench/ceilings.js";
import { benchKernels, countVariants } from "../../bench/kernels.js";
import { measureApart } from "../../bench/measure-apart.js";
import { failedRow } from "../../bench/model-row.js";
import type { ModelRow, ModelTask } from "../../bench/model-row.js";
import { measureModel } from "../../bench/models.js";
import { modelKey } from "../../bench/result.js";
import type { BenchResult } from "../../bench/result.js";
import { higherCeilings, movedCeilings, underCeilings } from "../../bench/roof.js";
import { threeDigits } from "../../bench/units.js";
import { defined } from "../base/defined.js";
import { messageOf } from "../base/errors.js";
import type { Device } from "../gpu/device.js";
import { requestDevice } from "../node.js";
import { BENCH_CHOICES, BENCH_OPTIONS, BENCH_USAGE, KERNEL_ONLY, MODEL_ONLY } from "./bench-options.js";
import type { BenchValues } from "./bench-options.js";
import { emptyResult, printChanges, printResult, readResult, saveCsv, savePlots, saveResult } from "./bench-output.js";
import { modelTasks } from "./bench-tasks.js";
import { UsageError, parse, refuse } from "./command.js";
import type { Command } from "./command.js";
import { outputFolder } from "./files.js";
import { print, printNote } from "./output.js";
import { duration, itemBar } from "./progress.js";

const PARTS = ["kernels", "models", "all"] as const;
type Part = (typeof PARTS)[number];

/** What to measure. @throws UsageError for another word, and for options that the part would ignore */
function partOf(words: readonly string[], given: ReadonlySet<string>): Part {
  const [word, extra] = words;
  if (word === undefined || extra !== undefined)
    throw new UsageError(`bench: say one of ${PARTS.join(", ")}; see fcn bench --help`);
  const part = PARTS.find((name) => name === word);
  if (part === undefined) throw new UsageError(`bench: "${word}" is not one of ${PARTS.join(", ")}`);
  if (part === "models") refuse("bench", given, KERNEL_ONLY, "is about kernels; ask for kernels or all");
  if (part === "kernels") refuse("bench", given, MODEL_ONLY, "is about models; ask for models or all");
  return part;
}

async function measuredCeilings(device: Device): Promise<Ceilings> {
  const ceilings = await measureCeilings(device);
  const { gflops, gbs } = ceilings;
  printNote(`${device.label}: peak ${threeDigits(gflops)} GFLOP/s and ${threeDigits(gbs)} GB/s, as measured here`);
  return ceilings;
}

/** @throws UsageError when the filter matches nothing */
async function runKernels(
  device: Device,
  { filter, json }: BenchValues,
): Promise<Required<Pick<BenchResult, "ceilings" | "kernels">>> {
  const before = await measuredCeilings(device);
  const progress = itemBar(countVariants(device, filter));
  const onRow = ({ kernel, case: name, variant }: KernelRow): void => {
    progress.step(`${kernel}: ${name}, ${variant}`);
    if (json) printNote(`${kernel}: ${name}, ${variant}`);
  };
  const kernels = await benchKernels(device, { filter, ceilings: before, onRow });
  if (kernels.length === 0) throw new UsageError(`bench: no kernel, case or variant contains "${filter}"`);
  const after = await measureCeilings(device);
  movedCeilings(before, after).forEach(printNote);
  const ceilings = higherCeilings(before, after);
  return { ceilings, kernels: kernels.map((row) => underCeilings(row, ceilings)) };
}

/** With --tune a first process tunes, so that the one which measures finds its kernel variants chosen. */
async function runModel(task: ModelTask, software: boolean): Promise<ModelRow> {
  const program = process.argv[1] as string;
  try {
    if (task.tune && !software) await measureApart(program, { ...task, tuneOnly: true });
    return await measureApart(program, task);
  } catch (error) {
    return failedRow(task, messageOf(error));
  }
}

/** @param onRows gets all rows so far, after each network */
async function runModels(
  tasks: readonly ModelTask[],
  software: boolean,
  onRows: (rows: readonly ModelRow[]) => Promise<void>,
): Promise<ModelRow[]> {
  const rows: ModelRow[] = [];
  const start = performance.now();
  for (const task of tasks) {
    const row = await runModel(task, software);
    rows.push(row);
    const seconds = (performance.now() - start) / 1000;
    const left = duration((seconds / rows.length) * (tasks.length - rows.length));
    const place = rows.length < tasks.length ? `${rows.length} of ${tasks.length}, ${left} left` : "the last";
    printNote(`${modelKey(row)}: ${row.failed ?? `${threeDigits(row.warm)} ms`} (${place})`);
    await onRows(rows);
  }
  return rows;
}

/** Measures the part; with --out the result so far is on disk after the kernels and after each network. */
async function measure(part: Part, values: BenchValues): Promise<BenchResult> {
  const save = async (result: BenchResult): Promise<void> => {
    if (values.out !== undefined) await saveResult(values.out, result);
  };
  const device = await requestDevice(defined({ adapter: values.adapter }));
  // After the device: without one, generating a checkpoint would be in vain.
  const tasks = part === "kernels" ? [] : await modelTasks(values);
  let result = emptyResult(device);
  if (part === "models") {
    result = { ...result, ceilings: await measuredCeilings(device) };
  } else {
    result = { ...result, ...(await runKernels(device, values)) };
    await save(result);
  }
  device.dispose();
  if (tasks.length) {
    const models = await runModels(tasks, device.software, (rows) => save({ ...result, models: rows }));
    result = { ...result, models };
  }
  return result;
}

const hasFailures = ({ kernels = [], models = [] }: BenchResult): boolean =>
  [...kernels, ...models].some(({ failed }) => failed !== undefined);

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals, given } = parse("bench", args, BENCH_OPTIONS);
  const [word, task] = positionals;
  if (word === "model" && task !== undefined) {
    // How measureApart() calls this program.
    print(JSON.stringify(await measureModel(JSON.parse(task) as ModelTask)));
    return 0;
  }
  const part = partOf(positionals, given);
  const before = values.compare === undefined ? undefined : await readResult(values.compare);
  for (const option of ["out", "svg", "csv"] as const) {
    const folder = values[option];
    if (folder !== undefined) await outputFolder("bench", folder, option);
  }
  const result = await measure(part, values);
  printResult(result, values.json);
  if (before) printChanges(before, result, values.json);
  if (values.out !== undefined) printNote(`Result: ${await saveResult(values.out, result)}`);
  if (values.svg !== undefined) await savePlots(values.svg, result);
  if (values.csv !== undefined) await saveCsv(values.csv, result);
  return hasFailures(result) ? 1 : 0;
}

export const bench: Command = {
  name: "bench",
  usage: BENCH_USAGE,
  options: BENCH_OPTIONS,
  choices: BENCH_CHOICES,
  words: PARTS,
  run,
};
