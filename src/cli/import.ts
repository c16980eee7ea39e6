/**
 * `fcn import`: converts a checkpoint to safetensors with this library's tensor names. Leaves a complete file or none.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { badOption } from "../base/errors.js";
import { nativePath, realName } from "../base/native-path.js";
import { openDescriptor } from "../base/open-descriptor.js";
import { shown } from "../base/printable.js";
import { writeStream, writeWhole } from "../base/write-whole.js";
import { megabytes } from "../gpu/allocations.js";
import { checkClassNames } from "../models/class-names.js";
import { convertCheckpoint } from "../weights/convert-checkpoint.js";
import { recognise } from "../weights/names.js";
import type { Recognised } from "../weights/names.js";
import { openCheckpoint } from "../weights/open.js";
import { safetensorsSize, writeSafetensors } from "../weights/safetensors-writer.js";
import { filesOf, pathSource } from "../weights/sharded-source.js";
import { readClassNames } from "./class-names.js";
import { QUIET_OPTION, UsageError, oneOf, packageVersion, parse } from "./command.js";
import type { Command } from "./command.js";
import { fitFault } from "./import-fit.js";
import { localFile } from "./local-file.js";
import { print, printError, printNote } from "./output.js";
import { byteBar } from "./progress.js";
import { STREAM } from "./segment-options.js";

const USAGE = `fcn import FILE --out OUT.safetensors [options]

Reads a checkpoint (PyTorch .pth in any of its forms, or safetensors; a path,
a URL, or a name that fcn weights lists) and writes it as safetensors
with the tensor names of this library, one tensor at a time.

  --out FILE       the file to write; appears only when it is complete; a device
                   or a pipe is written to; - is stdout, and then stderr has
                   what stdout has otherwise
  --dtype f32|f16  how convolution weights are stored (default: f32); batch norm
                   and biases stay f32
  --state-dict KEY which of several networks in the file: the keys that lead to
                   its dictionary ("ema.model"), or the start of its names
  --fold-bn        fold batch norm into the convolutions: fewer tensors, the
                   same network
  --class-names F  names of the classes, one a line of the file F, which the
                   result keeps in its metadata (classes)
  --json           print one JSON line, and nothing else, on stdout
  -q, --quiet      no progress on stderr; errors remain

The metadata of the result name its source. The licence stays the source's.

Exit code 1 when the checkpoint cannot be read or converted, 2 when called
wrongly, as with a file that is not there.`;

const DTYPES = ["f32", "f16"] as const;

const OPTIONS = {
  out: { type: "string" },
  dtype: { type: "string", default: "f32" },
  "state-dict": { type: "string" },
  "class-names": { type: "string", list: true },
  "fold-bn": { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  ...QUIET_OPTION,
} as const;

/** What was imported; --json prints it. */
export interface ImportReport {
  readonly source: string;
  readonly sha256: string;
  readonly architecture: string;
  readonly out: string;
  readonly tensors: number;
  readonly bytes: number;
  readonly dropped: readonly string[];
  readonly dtype: "f32" | "f16";
  readonly folded: boolean;
  readonly seconds: number;
}

export interface ImportOptions {
  readonly dtype?: "f32" | "f16";
  readonly foldBatchNorm?: boolean;
  /** Called with the bytes written and the size of the file. */
  readonly onProgress?: (progress: { loaded: number; total: number }) => void;
  /** Called with a sentence where the file will fit no network. */
  readonly onWarning?: (sentence: string) => void;
  /** Name of the source in the metadata. Default: the file's name. */
  readonly sourceName?: string;
  /** Which of several networks in the file, as in OpenOptions. */
  readonly stateDict?: string | undefined;
  /** Names of the network's classes, for the metadata. */
  readonly classNames?: readonly string[] | undefined;
  /** Of the file, where its own metadata do not say. */
  readonly licence?: string | undefined;
}

const READ_BYTES = 2 ** 20;

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(nativePath(path), { highWaterMark: READ_BYTES }), hash);
  return hash.digest("hex");
}

async function sameFile(a: string, b: string): Promise<boolean> {
  const [realA, realB] = await Promise.all([a, b].map((path) => realName(path).catch(() => undefined)));
  return realA !== undefined && realA === realB;
}

/**
 * Imports one file. The output "-" is stdout.
 * @throws bad-weights for a checkpoint that cannot be read, recognised or converted; bad-option for an output that
 * cannot be written
 */
export async function importFile(path: string, out: string, options: ImportOptions = {}): Promise<ImportReport> {
  const { dtype = "f32", foldBatchNorm = false, onProgress, sourceName = basename(path), stateDict } = options;
  const { classNames, licence = "unknown" } = options;
  for (const input of await filesOf(path)) {
    if (await sameFile(input, out))
      throw badOption(`import: ${out} is the file to import, or one of them; choose another name for the result`);
  }
  const start = performance.now();
  const checkpoint = await openCheckpoint(await pathSource(path), { stateDict });
  try {
    const found = recognise(checkpoint);
    const { description: architecture, checkpoint: renamed, ignored } = found;
    if (classNames) checkNames(classNames, found);
    const fault = await fitFault(checkpoint);
    if (fault !== undefined) options.onWarning?.(fault);
    const sha256 = await sha256Of(path);
    const metadata = new Map([
      ["source", sourceName],
      ["source_sha256", sha256],
      ["source_container", checkpoint.container],
      ["architecture", architecture],
      ["imported_by", `fcn-webgpu ${packageVersion()}`],
      ["imported_at", new Date().toISOString()],
      ["license", checkpoint.metadata.get("license") ?? licence],
      ...(classNames ? [["classes", JSON.stringify(classNames)] as const] : []),
    ]);
    const converted = convertCheckpoint(renamed, { dtype, foldBatchNorm, metadata });
    const bytes = safetensorsSize(converted.tensors, converted.metadata);
    const chunks = writeSafetensors(converted.tensors, converted.metadata);
    const onBytes = (loaded: number): void => onProgress?.({ loaded, total: bytes });
    if (out === STREAM) await writeStream(process.stdout, chunks, { onBytes });
    else await writeWhole(out, chunks, { onBytes, flush: true });
    return {
      source: sourceName,
      sha256,
      architecture,
      out,
      tensors: converted.tensors.length,
      bytes,
      dropped: [...ignored, ...converted.dropped],
      dtype,
      folded: foldBatchNorm,
      seconds: Math.round(performance.now() - start) / 1000,
    };
  } finally {
    await checkpoint.close();
  }
}

/** @throws bad-option for a backbone alone, and for names that are not as many as the classes */
function checkNames(names: readonly string[], { classes, checkpoint }: Recognised): void {
  if (classes === undefined)
    throw badOption(`import: --class-names names classes, and ${checkpoint.name} has none: it has no head`);
  checkClassNames(names, classes);
}

/** @throws UsageError for a file in no folder, and for a folder */
async function checkOut(out: string): Promise<void> {
  const isFolder = async (path: string): Promise<boolean> =>
    (await stat(nativePath(path)).catch(() => undefined))?.isDirectory() === true;
  const folder = dirname(out);
  if (!(await isFolder(folder))) throw new UsageError(`import: there is no folder ${folder} for --out`);
  if (/[/\\]$/.test(out) || (await isFolder(out)))
    throw new UsageError(`import: --out ${out} is a folder; name a file, as in ${join(out, "NAME.safetensors")}`);
}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse("import", args, OPTIONS);
  const dtype = oneOf("import", "dtype", values.dtype, DTYPES);
  const [input, ...more] = positionals;
  if (input === undefined || more.length)
    throw new UsageError("import: name one file, as in fcn import weights.pth --out weights.safetensors");
  if (values.out === undefined) throw new UsageError("import: say where to write, with --out FILE.safetensors");
  await checkOut(values.out);
  const classNames = await readClassNames("import", values["class-names"]);
  const { path, ...source } = await localFile("import", input);
  const bar = byteBar();
  const importing = importFile(path, values.out, {
    ...source,
    dtype,
    foldBatchNorm: values["fold-bn"],
    stateDict: values["state-dict"],
    classNames,
    onWarning: (sentence) => printNote(`fcn: WARNING: import: ${sentence}`),
    onProgress: (at) => bar.show("writing", at),
  });
  const report = await importing.finally(bar.clear);
  const isOnStdout = values.out === STREAM || (await openDescriptor(values.out))?.own === 1;
  if (values.json) (isOnStdout ? printError : print)(JSON.stringify(report));
  else describeImport(report).forEach(isOnStdout ? printNote : print);
  return 0;
}

/** Names of left out tensors that the summary shows. */
const SHOWN_DROPPED = 3;

function describeImport(report: ImportReport): [file: string, written: string] {
  const { source, architecture, tensors, bytes, dtype, folded, dropped, seconds, out } = report;
  const storage = folded ? `${dtype}, batch norm folded` : dtype;
  const place = out === STREAM ? "stdout" : out;
  const written = `${place}  ${tensors} tensors, ${storage}, ${megabytes(bytes)} in ${seconds.toFixed(1)} s`;
  const names = dropped.slice(0, SHOWN_DROPPED).map((name) => shown(name));
  if (dropped.length > SHOWN_DROPPED) names.push("...");
  const left = dropped.length ? `; ${dropped.length} left out (${names.join(", ")})` : "";
  return [`${shown(source)}: ${architecture}`, `  -> ${written}${left}`];
}

export const importCommand: Command = {
  name: "import",
  usage: USAGE,
  options: OPTIONS,
  choices: { dtype: DTYPES },
  run,
};
