/** What `fcn inspect` finds out: a plain record for --json, and the same as lines for people. */
import { FcnError, isFcnError, messageOf } from "../base/errors.js";
import { megabytes } from "../gpu/allocations.js";
import { FCN_VARIANTS, fcnNetwork } from "../models/fcn.js";
import { TORCHVISION_VARIANT, torchvisionNetwork } from "../models/torchvision.js";
import { countElements, showShape } from "../weights/checkpoint.js";
import type { Checkpoint, Container, TensorInfo } from "../weights/checkpoint.js";
import { recognise } from "../weights/names.js";
import type { Recognised } from "../weights/names.js";
import { Parameters } from "../weights/parameters.js";
import type { Faults } from "../weights/parameters.js";

export interface NetworkFit extends Faults {
  readonly variant: string;
  readonly fits: boolean;
}

export interface Inspection {
  readonly file: string;
  readonly container: Container;
  readonly bytes: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** Null, with `reason`, for a checkpoint of something else. */
  readonly architecture: Recognised["architecture"] | null;
  readonly description: string | null;
  readonly reason: string | null;
  readonly width: number | null;
  readonly classes: number | null;
  /** Numbers that training changes, and numbers it counts or averages (batch norm's statistics). */
  readonly parameters: number;
  readonly buffers: number;
  /** Tensors of each dtype. */
  readonly dtypes: Readonly<Record<string, number>>;
  readonly networks: readonly NetworkFit[];
  readonly ignored: readonly string[];
  /** In file order, with the file's names. */
  readonly tensors: readonly TensorInfo[];
}

const NETWORKS: Readonly<Record<string, (params: Parameters) => unknown>> = {
  ...Object.fromEntries(FCN_VARIANTS.map((variant) => [variant, (params: Parameters) => fcnNetwork(params, variant)])),
  [TORCHVISION_VARIANT]: torchvisionNetwork,
};

const isBuffer = (name: string): boolean => /(^|\.)(running_mean|running_var|num_batches_tracked)$/.test(name);
const sum = (tensors: Iterable<TensorInfo>): number =>
  [...tensors].reduce((total, { shape }) => total + (countElements(shape) ?? 0), 0);

/** Assembles the network from names and shapes alone; no tensor is read. */
function fit(variant: string, build: (params: Parameters) => unknown, checkpoint: Checkpoint): NetworkFit {
  const params = Parameters.of(checkpoint);
  try {
    build(params);
    return { variant, fits: true, missing: [], misshaped: [], unexpected: [] };
  } catch (error) {
    if (!isFcnError(error, "bad-weights")) throw error;
    return { variant, fits: false, ...params.faults() };
  }
}

function recognised(checkpoint: Checkpoint): Recognised | string {
  try {
    return recognise(checkpoint);
  } catch (error) {
    if (error instanceof FcnError) return messageOf(error).replace(`${checkpoint.name}: `, "");
    throw error;
  }
}

/** Reads nothing but what opening the checkpoint has read. */
export function inspectCheckpoint(checkpoint: Checkpoint): Inspection {
  const tensors = [...checkpoint.tensors.values()];
  const dtypes: Record<string, number> = {};
  for (const { dtype } of tensors) dtypes[dtype] = (dtypes[dtype] ?? 0) + 1;
  const found = recognised(checkpoint);
  const known = typeof found === "string" ? undefined : found;
  return {
    file: checkpoint.name,
    container: checkpoint.container,
    bytes: checkpoint.bytes,
    metadata: Object.fromEntries(checkpoint.metadata),
    architecture: known?.architecture ?? null,
    description: known?.description ?? null,
    reason: typeof found === "string" ? found : null,
    width: known?.width ?? null,
    classes: known?.classes ?? null,
    parameters: sum(tensors.filter(({ name }) => !isBuffer(name))),
    buffers: sum(tensors.filter(({ name }) => isBuffer(name))),
    dtypes,
    networks: known ? Object.entries(NETWORKS).map(([variant, build]) => fit(variant, build, known.checkpoint)) : [],
    ignored: known?.ignored ?? [],
    tensors,
  };
}

const CONTAINERS: Readonly<Record<Container, string>> = {
  safetensors: "safetensors",
  "pth-zip": "PyTorch, zip (since 1.6)",
  "pth-legacy": "PyTorch, legacy stream (0.1.10 to 1.5)",
  "pth-tar": "PyTorch, tar (before 0.1.10)",
};
const SHOWN_GROUPS = 40;
const SHOWN_NAMES = 5;

/** `backbone.layer3.7.conv2.weight` to `backbone.layer3`: the modules before the first index, else before the tensor. */
function groupOf(name: string): string {
  const modules = name.split(".").slice(0, -1);
  const index = modules.findIndex((part) => /^\d+$/.test(part));
  return (index > 0 ? modules.slice(0, index) : modules).join(".") || name;
}

function groupTable(tensors: readonly TensorInfo[]): string[] {
  const groups = new Map<string, TensorInfo[]>();
  for (const tensor of tensors) {
    const key = groupOf(tensor.name);
    groups.set(key, [...(groups.get(key) ?? []), tensor]);
  }
  const rows = [...groups].slice(0, SHOWN_GROUPS).map(([name, members]) => {
    const [only] = members;
    const what = members.length === 1 && only ? showShape(only.shape) : `${members.length} tensors`;
    return [name, what, sum(members).toLocaleString("en"), [...new Set(members.map(({ dtype }) => dtype))].join(" ")];
  });
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map(
    ([name = "", what = "", count = "", types = ""]) =>
      `  ${name.padEnd(widths[0] ?? 0)}  ${what.padEnd(widths[1] ?? 0)}  ${count.padStart(widths[2] ?? 0)}  ${types}`,
  );
  return groups.size > SHOWN_GROUPS
    ? [...lines, `  ... and ${groups.size - SHOWN_GROUPS} more; --json lists every tensor`]
    : lines;
}

function some(kind: string, names: readonly string[]): string {
  if (!names.length) return "";
  const more = names.length > SHOWN_NAMES ? `, and ${names.length - SHOWN_NAMES} more` : "";
  return `${names.length} ${kind} (${names.slice(0, SHOWN_NAMES).join(", ")}${more})`;
}

function describeFit({ variant, fits, missing, misshaped, unexpected }: NetworkFit): string {
  const faults = [some("missing", missing), some("mis-shaped", misshaped), some("unexpected", unexpected)]
    .filter(Boolean)
    .join("; ");
  return `  ${variant.padEnd(14)} ${fits ? "fits" : faults}`;
}

export function describeInspection(found: Inspection): string[] {
  const {
    file,
    container,
    bytes,
    description,
    reason,
    tensors,
    parameters,
    buffers,
    dtypes,
    networks,
    ignored,
    metadata,
  } = found;
  const counts = Object.entries(dtypes)
    .map(([dtype, count]) => `${count} ${dtype}`)
    .join(", ");
  const notes = Object.entries(metadata).map(
    ([key, value]) => `  ${key}: ${value.length > 100 ? `${value.slice(0, 100)}...` : value}`,
  );
  return [
    `${file}: ${CONTAINERS[container]}, ${megabytes(bytes)}`,
    description ?? `not recognised: ${reason ?? ""}`,
    `${tensors.length} tensors (${counts || "none"}), ${parameters.toLocaleString("en")} parameters${buffers ? ` and ${buffers.toLocaleString("en")} batch norm statistics` : ""}`,
    ...(tensors.length ? ["", ...groupTable(tensors)] : []),
    ...(networks.length ? ["", "Networks:", ...networks.map(describeFit)] : []),
    ...(ignored.length ? ["", some("tensors are not used", ignored)] : []),
    ...(notes.length ? ["", "Metadata:", ...notes] : []),
  ];
}
