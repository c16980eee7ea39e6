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
import {
  checkEarlier,
  emptyResult,
  printChanges,
  printResult,
  readResult,
  saveCsv,
  savePlots,
  saveResult,
} from "./bench-output.js";
import { modelRequestOf, modelTasks } from "./bench-tasks.js";
import type { ModelRequest } from "./bench-tasks.js";
import { UsageError, parse, refuse } from "./command.js";
import type { Command } from "./command.js";
import { outputFolder } from "./files.js";
import { oneLine, print, printError, printNote } from "./output.js";
import { duration, itemBar } from "./progress.js";

const PARTS = ["kernels", "models", "all"] as const;
type Part = (typeof PARTS)[number];

interface Job {
  readonly part: Part;
  readonly values: BenchValues;
  /** Without rows. */
  readonly result: BenchResult;
}

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

type Kernels = Required<Pick<BenchResult, "ceilings" | "kernels">>;

/** @param onRows gets all rows so far, after each of them */
async function runKernels(
  device: Device,
  { filter, json }: BenchValues,
  onRows: (measured: Kernels) => Promise<void>,
): Promise<Kernels> {
  const before = await measuredCeilings(device);
  const progress = itemBar(countVariants(device, filter));
  const onRow = async ({ kernel, case: name, variant }: KernelRow, kernels: readonly KernelRow[]): Promise<void> => {
    progress.step(`${kernel}: ${name}, ${variant}`);
    if (json) printNote(`${kernel}: ${name}, ${variant}`);
    await onRows({ ceilings: before, kernels });
  };
  const kernels = await benchKernels(device, { filter, ceilings: before, onRow });
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

const saveError = (error: unknown): void => printError(`fcn: ${oneLine(messageOf(error))}`);

interface Keeper {
  readonly keep: (result: BenchResult) => Promise<void>;
  /** All is measured, and the caller prints it. */
  readonly end: () => void;
}

/**
 * Keeps what was measured so far. Without --out it is printed where the program ends early, as by Ctrl-C. A full disk
 * costs no row either: all are printed, and saved again at the end.
 */
function keeperOf({ out, json }: BenchValues): Keeper {
  let isFailed = false;
  let unsaved: BenchResult | undefined;
  const onExit = (): void => {
    if (unsaved) printResult(unsaved, json);
  };
  process.on("exit", onExit);
  const keep = async (result: BenchResult): Promise<void> => {
    if (out !== undefined && !isFailed)
      await saveResult(out, result).catch((error: unknown) => {
        isFailed = true;
        saveError(error);
      });
    if (out === undefined || isFailed) unsaved = result;
  };
  return { keep, end: () => void process.off("exit", onExit) };
}

/** Measures the part; with --out the result so far is on disk after each variant of a kernel and each network. */
async function measure(device: Device, request: ModelRequest | undefined, job: Job): Promise<BenchResult> {
  const { part, values } = job;
  const { keep, end } = keeperOf(values);
  // After the device: without one, generating a checkpoint would be in vain.
  const tasks = request ? await modelTasks(request) : [];
  let result = job.result;
  if (part === "models") {
    result = { ...result, ceilings: await measuredCeilings(device) };
  } else {
    result = { ...result, ...(await runKernels(device, values, (measured) => keep({ ...result, ...measured }))) };
    await keep(result);
  }
  device.dispose();
  if (tasks.length) {
    const models = await runModels(tasks, device.software, (rows) => keep({ ...result, models: rows }));
    result = { ...result, models };
  }
  end();
  return result;
}

/** All files that were asked for, each also where another one cannot be written. Gives whether all are there. */
async function saveAll({ out, svg, csv }: BenchValues, result: BenchResult): Promise<boolean> {
  const saves = [
    async () => out !== undefined && printNote(`Result: ${await saveResult(out, result)}`),
    async () => svg !== undefined && (await savePlots(svg, result)),
    async () => csv !== undefined && (await saveCsv(csv, result)),
  ];
  let areSaved = true;
  for (const save of saves) {
    await save().catch((error: unknown) => {
      areSaved = false;
      saveError(error);
    });
  }
  return areSaved;
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
  const request = part === "kernels" ? undefined : await modelRequestOf(values);
  const device = await requestDevice(defined({ adapter: values.adapter }));
  if (part !== "models" && countVariants(device, values.filter) === 0)
    throw new UsageError(`bench: no kernel, case or variant contains "${values.filter}"`);
  for (const option of ["out", "svg", "csv"] as const) {
    const folder = values[option];
    if (folder !== undefined) await outputFolder("bench", folder, option);
  }
  const job = { part, values, result: emptyResult(device) };
  if (values.out !== undefined) await checkEarlier(values.out, job.result);
  const result = await measure(device, request, job);
  printResult(result, values.json);
  if (before) printChanges(before, result, values.json);
  const areSaved = await saveAll(values, result);
  return hasFailures(result) || !areSaved ? 1 : 0;
}

export const bench: Command = {
  name: "bench",
  usage: BENCH_USAGE,
  options: BENCH_OPTIONS,
  choices: BENCH_CHOICES,
  words: PARTS,
  run,
};
