/** The findings of `fcn inspect`: a plain record for --json, and the same as text for people. */
import { counted } from "../base/counted.js";
import { FcnError, isFcnError, messageOf } from "../base/errors.js";
import { cutInMiddle, shown } from "../base/printable.js";
import { textTable } from "../base/text-table.js";
import { megabytes } from "../gpu/allocations.js";
import { formatShape } from "../kernel/shape.js";
import { describeBackbone } from "../models/backbones/index.js";
import { classNamesOf } from "../models/class-names.js";
import { MOST_LABELS } from "../models/output-graph.js";
import { FCN_VARIANTS } from "../models/fcn-head.js";
import { fcnNetwork } from "../models/fcn.js";
import { torchvisionNetwork } from "../models/torchvision.js";
import { countElements } from "../weights/checkpoint.js";
import type { Checkpoint, Container, TensorInfo } from "../weights/checkpoint.js";
import { torchvisionHeadOf } from "../weights/heads.js";
import { recognise } from "../weights/names.js";
import type { Recognised } from "../weights/names.js";
import { Parameters } from "../weights/parameters.js";
import type { Faults } from "../weights/parameters.js";
import { namedClasses } from "../image/named-classes.js";
import type { NamedClass } from "../image/named-classes.js";
import { oneLine } from "./output.js";

export interface NetworkFit extends Faults {
  readonly variant: string;
  readonly fits: boolean;
}

export interface Inspection {
  readonly file: string;
  readonly container: Container;
  readonly bytes: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** Null for a checkpoint of another network; `reason` says why. */
  readonly architecture: Recognised["architecture"] | null;
  readonly description: string | null;
  readonly reason: string | null;
  /** "ResNet-50". */
  readonly backbone: string | null;
  readonly width: number | null;
  /** With the names that the networks would give them; null without classes. */
  readonly classes: readonly NamedClass[] | null;
  /** What is wrong with the classes, or with their names in the metadata. */
  readonly notice: string | null;
  /** Numbers that training changes. */
  readonly parameters: number;
  /** Numbers that training counts or averages: batch norm's statistics. */
  readonly buffers: number;
  /** Number of tensors of each dtype. */
  readonly dtypes: Readonly<Record<string, number>>;
  readonly networks: readonly NetworkFit[];
  readonly ignored: readonly string[];
  /** In file order, with the file's names. */
  readonly tensors: readonly TensorInfo[];
}

type Build = (params: Parameters) => unknown;

/** The networks that a backbone may be part of, by name. */
async function networksOver({ backbone, checkpoint }: Recognised): Promise<[string, Build][]> {
  const description = await describeBackbone(checkpoint);
  const paper = FCN_VARIANTS.map((variant): [string, Build] => [
    variant,
    (params) => fcnNetwork(params, variant, description),
  ]);
  const dilated = torchvisionHeadOf(backbone);
  return dilated === undefined ? paper : [...paper, [dilated, torchvisionNetwork]];
}

const isBuffer = (name: string): boolean => /(^|\.)(running_mean|running_var|num_batches_tracked)$/.test(name);
const totalElements = (tensors: readonly TensorInfo[]): number =>
  tensors.reduce((total, { shape }) => total + (countElements(shape) ?? 0), 0);

/** Assembles the network from names and shapes alone. Reads no tensor. */
function fitNetwork(variant: string, build: Build, checkpoint: Checkpoint): NetworkFit {
  const params = Parameters.of(checkpoint);
  try {
    build(params);
    return { variant, fits: true, missing: [], misshaped: [], unexpected: [] };
  } catch (error) {
    if (!isFcnError(error, "bad-weights")) throw error;
    return { variant, fits: false, ...params.faults() };
  }
}

/** The network, or the reason why it was not recognised. */
function recognisedOrReason(checkpoint: Checkpoint): Recognised | string {
  try {
    return recognise(checkpoint);
  } catch (error) {
    if (error instanceof FcnError) return messageOf(error).replace(`${checkpoint.name}: `, "");
    throw error;
  }
}

/** Uses only what opening the checkpoint has read. */
export async function inspectCheckpoint(checkpoint: Checkpoint): Promise<Inspection> {
  const tensors = [...checkpoint.tensors.values()];
  const dtypes: Record<string, number> = {};
  for (const { dtype } of tensors) dtypes[dtype] = (dtypes[dtype] ?? 0) + 1;
  const found = recognisedOrReason(checkpoint);
  const [known, reason] = typeof found === "string" ? [undefined, found] : [found, null];
  const named = known?.classes === undefined ? undefined : classNamesOf(checkpoint, known.classes);
  const networks = known && (await networksOver(known));
  const fits = networks?.map(([name, build]) => fitNetwork(name, build, (known as Recognised).checkpoint));
  return {
    file: checkpoint.name,
    container: checkpoint.container,
    bytes: checkpoint.bytes,
    metadata: Object.fromEntries(checkpoint.metadata),
    architecture: known?.architecture ?? null,
    description: known?.description ?? null,
    reason,
    backbone: known?.backbone.name ?? null,
    width: known?.width ?? null,
    classes: named ? namedClasses(named.classNames) : null,
    notice: tooManyClasses(known?.classes) ?? named?.notice ?? null,
    parameters: totalElements(tensors.filter(({ name }) => !isBuffer(name))),
    buffers: totalElements(tensors.filter(({ name }) => isBuffer(name))),
    dtypes,
    networks: fits ?? [],
    ignored: known?.ignored ?? [],
    tensors,
  };
}

/** What networks of more classes than labels hold cannot do. */
export const tooManyClasses = (classes = 0): string | undefined =>
  classes > MOST_LABELS
    ? `labels hold ${MOST_LABELS} classes, the network has ${classes}; only logits() of the library can be used`
    : undefined;

const CONTAINERS: Readonly<Record<Container, string>> = {
  safetensors: "safetensors",
  "pth-zip": "PyTorch, zip (since 1.6)",
  "pth-legacy": "PyTorch, legacy stream (0.1.10 to 1.5)",
  "pth-tar": "PyTorch, tar (before 0.1.10)",
  memory: "tensors in memory",
};
const SHOWN_GROUPS = 40;
const SHOWN_NAMES = 5;
/** Metadata's keys that are shown, and characters of the sentence that says why a network is unknown. */
const SHOWN_KEYS = 40;
const LONGEST_REASON = 1000;
/** Characters of the list of classes. */
const LONGEST_CLASSES = 1000;

const withCommas = (count: number): string => count.toLocaleString("en");

/**
 * `backbone.layer3.7.conv2.weight` to `backbone.layer3`: the modules before the first index, else before the tensor.
 */
function groupOf(name: string): string {
  const modules = name.split(".").slice(0, -1);
  const index = modules.findIndex((part) => /^\d+$/.test(part));
  return (index > 0 ? modules.slice(0, index) : modules).join(".") || name;
}

/** Name, shape of a lone tensor or number of tensors, elements, dtypes. */
function groupCells(name: string, members: readonly TensorInfo[]): string[] {
  const [only] = members;
  const content = members.length === 1 && only ? formatShape(only.shape) : `${members.length} tensors`;
  const dtypes = new Set(members.map(({ dtype }) => dtype));
  return [shown(name), content, withCommas(totalElements(members)), [...dtypes].join(" ")];
}

function groupTable(tensors: readonly TensorInfo[]): string[] {
  const groups = new Map<string, TensorInfo[]>();
  for (const tensor of tensors) {
    const key = groupOf(tensor.name);
    const members = groups.get(key);
    if (members === undefined) groups.set(key, [tensor]);
    else members.push(tensor);
  }
  const rows = [...groups].slice(0, SHOWN_GROUPS).map(([name, members]) => groupCells(name, members));
  const table = textTable(rows, { align: ["left", "left", "right", "left"], indent: "  " });
  const hidden = groups.size - rows.length;
  return hidden > 0 ? [table, `  ... and ${hidden} more; --json lists every tensor`] : [table];
}

/** "3 missing (a, b, c)"; nothing for no names. */
function countAndNames(kind: string, names: readonly string[]): string {
  if (!names.length) return "";
  const first = names.slice(0, SHOWN_NAMES).map((name) => shown(name));
  const more = names.length > SHOWN_NAMES ? `, and ${names.length - SHOWN_NAMES} more` : "";
  return `${names.length} ${kind} (${first.join(", ")}${more})`;
}

function fitCells({ variant, fits, missing, misshaped, unexpected }: NetworkFit): string[] {
  if (fits) return [variant, "fits"];
  const faults = [
    countAndNames("missing", missing),
    countAndNames("mis-shaped", misshaped),
    countAndNames("unexpected", unexpected),
  ];
  return [variant, faults.filter(Boolean).join("; ")];
}

/** "535 tensors (535 f32), 2,688,444 parameters and 52,000 batch norm statistics". */
function describeTensors({ tensors, dtypes, parameters, buffers }: Inspection): string {
  const counts = Object.entries(dtypes).map(([dtype, count]) => `${count} ${dtype}`);
  const statistics = buffers ? ` and ${withCommas(buffers)} batch norm statistics` : "";
  const total = `${counted(tensors.length, "tensor")} (${counts.join(", ") || "none"})`;
  return `${total}, ${withCommas(parameters)} parameters${statistics}`;
}

const AT_ONCE_NOTE = "Give --at-once if it was trained at once, as pytorch-fcn's FCN8sAtOnce: the file does not tell.";

/** Whether --at-once may be needed: networks over VGG-16 with skips can have been trained at once. */
const mayBeAtOnce = ({ backbone, networks }: Inspection): boolean =>
  backbone === "VGG-16" && networks.some(({ variant, fits }) => fits && /^fcn(16|8)s$/.test(variant));

/** Blocks of text, with an empty line between them. */
export function describeInspection(found: Inspection): string[] {
  const { file, container, bytes, description, reason, tensors, networks, ignored, metadata, classes } = found;
  const lines = [
    `${oneLine(file)}: ${CONTAINERS[container]}, ${megabytes(bytes)}`,
    description ?? `not recognised: ${cutInMiddle(reason ?? "", LONGEST_REASON)}`,
    describeTensors(found),
  ];
  if (tensors.length) lines.push("", ...groupTable(tensors));
  if (networks.length)
    lines.push("", "Networks:", textTable(networks.map(fitCells), { align: ["left"], indent: "  " }));
  if (mayBeAtOnce(found)) lines.push(AT_ONCE_NOTE);
  const names = classes?.map(({ name }) => shown(name)).join(", ");
  if (names !== undefined) lines.push("", `Classes: ${cutInMiddle(names, LONGEST_CLASSES)}`);
  if (found.notice !== null) lines.push(`WARNING: ${found.notice}`);
  if (ignored.length) lines.push("", countAndNames("tensors are not used", ignored));
  const notes = Object.entries(metadata);
  const shownNotes = notes.slice(0, SHOWN_KEYS).map(([key, value]) => `  ${shown(key)}: ${shown(value)}`);
  if (notes.length) lines.push("", "Metadata:", ...shownNotes);
  if (notes.length > SHOWN_KEYS) lines.push(`  ... and ${notes.length - SHOWN_KEYS} more; --json lists them all`);
  return lines;
}
