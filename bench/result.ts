/** The result of a benchmark run, one JSON file: adapter, versions, date and rows. Two results give ratios. */
import { FcnError, messageOf } from "../src/base/errors.js";
import type { Ceilings } from "./ceilings.js";
import type { KernelRow } from "./kernel-row.js";
import type { ModelRow } from "./model-row.js";
import { higherCeilings, underCeilings } from "./roof.js";

export const SCHEMA = "fcn-webgpu-bench/1";

export interface BenchResult {
  readonly schema: typeof SCHEMA;
  /** UTC, YYYY-MM-DD. */
  readonly date: string;
  readonly adapter: {
    readonly name: string;
    readonly vendor: string;
    readonly architecture: string;
    readonly description: string;
    readonly software: boolean;
    readonly subgroupSize: number;
  };
  /** Name of the processor and its number of cores: what a software adapter runs on. */
  readonly cpu: string;
  readonly versions: { readonly package: string; readonly webgpu: string; readonly node: string };
  readonly ceilings?: Ceilings;
  readonly kernels?: readonly KernelRow[];
  readonly models?: readonly ModelRow[];
}

/** ADAPTER-DATE, for file names. */
export function resultName({ adapter: { name }, date }: BenchResult): string {
  const dashed = name.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-|-$/g, "");
  return `${dashed.toLowerCase()}-${date}`;
}

/** JSON has no NaN: missing times are written as null. */
export const toJson = (result: BenchResult): string => `${JSON.stringify(result, undefined, 1)}\n`;

/** @throws bad-option when the text is not a result of this version */
export function fromJson(text: string, name: string): BenchResult {
  let value: unknown;
  try {
    value = JSON.parse(text, (_key, v: unknown) => (v === null ? NaN : v));
  } catch (error) {
    throw new FcnError("bad-option", `${name} is not JSON: ${messageOf(error)}`, { cause: error });
  }
  const fields = (typeof value === "object" && value !== null ? value : {}) as Partial<BenchResult>;
  const { schema, adapter, kernels = [], models = [] } = fields;
  if (schema !== SCHEMA) {
    const got = JSON.stringify(schema ?? null);
    throw new FcnError(
      "bad-option",
      `${name} is not a result of fcn bench: its schema is ${got}, needed is "${SCHEMA}"`,
    );
  }
  if (typeof adapter?.name !== "string" || !Array.isArray(kernels) || !Array.isArray(models))
    throw new FcnError("bad-option", `${name} lacks an adapter, or its rows are not lists: run fcn bench again`);
  return value as BenchResult;
}

const kernelKey = (row: Pick<KernelRow, "kernel" | "case" | "variant">): string =>
  `${row.kernel} / ${row.case} / ${row.variant}`;

export function modelKey(
  row: Pick<ModelRow, "variant" | "weights" | "width" | "height" | "precision" | "batch">,
): string {
  const batch = row.batch > 1 ? ` batch ${row.batch}` : "";
  return `${row.variant} ${row.weights} ${row.width}x${row.height} ${row.precision}${batch}`;
}

/** What must be equal for two results to go into one file. */
const originOf = ({ adapter, versions, date, cpu }: BenchResult): string =>
  JSON.stringify([adapter, versions, date, cpu]);

/** Whether rows of both go into one file. */
export const isOfOneOrigin = (a: BenchResult, b: BenchResult): boolean => originOf(a) === originOf(b);

/**
 * `later`, plus the kernels and networks of `earlier` that this run did not measure, in the order of `earlier`. A
 * result of another adapter, version or day gives no rows.
 */
export function merged(earlier: BenchResult, later: BenchResult): BenchResult {
  if (!isOfOneOrigin(earlier, later)) return later;
  const models = latest([...(earlier.models ?? []), ...(later.models ?? [])], modelKey);
  return { ...later, ...mergedKernels(earlier, later), ...(models.length > 0 ? { models } : {}) };
}

/** The last row of every key, where the first one stood. */
const latest = <Row>(rows: readonly Row[], keyOf: (row: Row) => string): Row[] => [
  ...new Map(rows.map((row) => [keyOf(row), row])).values(),
];

/** The kernels of both, in the order of `earlier`. Shares are of the higher ceilings. */
function mergedKernels(earlier: BenchResult, later: BenchResult): Pick<BenchResult, "kernels" | "ceilings"> {
  const { ceilings, kernels } = earlier;
  if (!ceilings || !kernels) return {};
  if (!later.ceilings || !later.kernels) return { ceilings, kernels };
  const highest = higherCeilings(ceilings, later.ceilings);
  const rows = latest([...kernels, ...later.kernels], kernelKey);
  return { ceilings: highest, kernels: rows.map((row) => underCeilings(row, highest)) };
}

export interface Change {
  readonly what: string;
  /** Milliseconds. */
  readonly before: number;
  readonly after: number;
  /** after / before: below 1 is faster now. */
  readonly ratio: number;
  /** Whether the two spreads do not overlap: quartiles of kernels, least and most of networks. */
  readonly clear: boolean;
}

/** A time in milliseconds with its spread. */
interface Spread {
  readonly low: number;
  readonly middle: number;
  readonly high: number;
}

const kernelSpread = ({ p25, ms, p75 }: KernelRow): Spread => ({ low: p25, middle: ms, high: p75 });
const modelSpread = ({ min, warm, max }: ModelRow): Spread => ({ low: min, middle: warm, high: max });

/** None where one of the two has no time. */
function changeOf(what: string, before: Spread | undefined, after: Spread): Change[] {
  if (!before || !(before.middle > 0) || !(after.middle > 0)) return [];
  return [
    {
      what,
      before: before.middle,
      after: after.middle,
      ratio: after.middle / before.middle,
      clear: after.low > before.high || after.high < before.low,
    },
  ];
}

/** Changes of the rows that both results have. */
export function changes(before: BenchResult, after: BenchResult): Change[] {
  const kernels = new Map((before.kernels ?? []).map((row) => [kernelKey(row), kernelSpread(row)]));
  const models = new Map((before.models ?? []).map((row) => [modelKey(row), modelSpread(row)]));
  const ofKernels = (after.kernels ?? []).flatMap((row) =>
    changeOf(kernelKey(row), kernels.get(kernelKey(row)), kernelSpread(row)),
  );
  const ofModels = (after.models ?? []).flatMap((row) =>
    changeOf(`${modelKey(row)}, warm`, models.get(modelKey(row)), modelSpread(row)),
  );
  return [...ofKernels, ...ofModels];
}
