/** What a benchmark leaves behind: one JSON file a run, with the adapter, versions and date it belongs to, and ratios of two such files. */
import { FcnError, messageOf } from "../src/base/errors.js";
import type { Ceilings } from "./ceilings.js";
import type { KernelRow } from "./kernels.js";
import type { ModelRow } from "./models.js";

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
  /** Name and number of the processor's cores: what a software adapter runs on. */
  readonly cpu: string;
  readonly versions: { readonly package: string; readonly webgpu: string; readonly node: string };
  readonly ceilings?: Ceilings;
  readonly kernels?: readonly KernelRow[];
  readonly models?: readonly ModelRow[];
}

/** ADAPTER-DATE, for files. */
export const resultName = ({ adapter: { name }, date }: BenchResult): string =>
  `${name
    .replace(/[^A-Za-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .toLowerCase()}-${date}`;

/** JSON has no NaN: times that are missing become null and back. */
export const toJson = (result: BenchResult): string => `${JSON.stringify(result, undefined, 1)}\n`;

/** @throws bad-option when the text is no result of this version */
export function fromJson(text: string, name: string): BenchResult {
  let value: unknown;
  try {
    value = JSON.parse(text, (_key, v: unknown) => (v === null ? NaN : v));
  } catch (error) {
    throw new FcnError("bad-option", `${name} is not JSON: ${messageOf(error)}`, { cause: error });
  }
  const {
    schema,
    adapter,
    kernels = [],
    models = [],
  } = (typeof value === "object" && value !== null ? value : {}) as Partial<BenchResult>;
  if (schema !== SCHEMA)
    throw new FcnError(
      "bad-option",
      `${name} is not a result of fcn bench: its schema is ${JSON.stringify(schema ?? null)}, needed is "${SCHEMA}"`,
    );
  if (typeof adapter?.name !== "string" || !Array.isArray(kernels) || !Array.isArray(models))
    throw new FcnError("bad-option", `${name} lacks an adapter or its rows are no lists: run fcn bench again`);
  return value as BenchResult;
}

const kernelKey = (row: Pick<KernelRow, "kernel" | "case" | "variant">): string =>
  `${row.kernel} / ${row.case} / ${row.variant}`;
export const modelKey = (
  row: Pick<ModelRow, "variant" | "weights" | "width" | "height" | "precision" | "batch">,
): string =>
  `${row.variant} ${row.weights} ${row.width}x${row.height} ${row.precision}${row.batch > 1 ? ` batch ${row.batch}` : ""}`;

export interface Change {
  readonly what: string;
  readonly before: number;
  readonly after: number;
  /** after / before: below 1 is faster now. */
  readonly ratio: number;
  /** Whether the two spreads (quartiles; least and most of models) do not meet. */
  readonly clear: boolean;
}

/** `later` with what only `earlier`, a result of the same adapter, versions and day, has measured: kernels or networks. */
export function merged(earlier: BenchResult, later: BenchResult): BenchResult {
  const same =
    JSON.stringify([earlier.adapter, earlier.versions, earlier.date, earlier.cpu]) ===
    JSON.stringify([later.adapter, later.versions, later.date, later.cpu]);
  if (!same) return later;
  const { ceilings, kernels, models = [] } = earlier;
  const measured = new Set((later.models ?? []).map(modelKey));
  const kept = [...models.filter((row) => !measured.has(modelKey(row))), ...(later.models ?? [])];
  return {
    ...(later.kernels === undefined && ceilings && kernels ? { ...later, ceilings, kernels } : later),
    ...(kept.length ? { models: kept } : {}),
  };
}

/** Rows that both results have. */
export function changes(before: BenchResult, after: BenchResult): Change[] {
  const change = (
    what: string,
    old: readonly [number, number, number],
    now: readonly [number, number, number],
  ): Change => ({
    what,
    before: old[1],
    after: now[1],
    ratio: now[1] / old[1],
    clear: now[0] > old[2] || now[2] < old[0],
  });
  const kernels = new Map((before.kernels ?? []).map((row) => [kernelKey(row), row]));
  const models = new Map((before.models ?? []).map((row) => [modelKey(row), row]));
  return [
    ...(after.kernels ?? []).flatMap((row) => {
      const old = kernels.get(kernelKey(row));
      return old && old.ms > 0 && row.ms > 0
        ? [change(kernelKey(row), [old.p25, old.ms, old.p75], [row.p25, row.ms, row.p75])]
        : [];
    }),
    ...(after.models ?? []).flatMap((row) => {
      const old = models.get(modelKey(row));
      return old && old.warm > 0 && row.warm > 0
        ? [change(`${modelKey(row)}, warm`, [old.min, old.warm, old.max], [row.min, row.warm, row.max])]
        : [];
    }),
  ];
}
