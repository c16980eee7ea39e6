/** `fcn import`: any checkpoint this library reads to a safetensors file with its own names, whole or not at all. */
import { createHash } from "node:crypto";
import { createReadStream, rmSync } from "node:fs";
import { open, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { FcnError, messageOf } from "../base/errors.js";
import { megabytes } from "../gpu/allocations.js";
import { convertCheckpoint } from "../weights/convert-checkpoint.js";
import { cachedFile } from "../weights/disk-cache.js";
import { isRemote } from "../weights/download.js";
import { fileSource } from "../weights/file-source.js";
import { recognise } from "../weights/names.js";
import { openCheckpoint } from "../weights/open.js";
import { safetensorsSize, writeSafetensors } from "../weights/safetensors-writer.js";
import { byteBar } from "./byte-bar.js";
import { UsageError, oneOf, packageVersion, parse, print } from "./command.js";
import type { Command } from "./command.js";

const USAGE = `fcn import FILE --out OUT.safetensors [options]

Reads a checkpoint (PyTorch .pth in any of its forms, or safetensors; a path or a URL) and writes it as safetensors with the
tensor names of this library, one tensor at a time.

  --out FILE       where to write; appears only when it is whole
  --dtype f32|f16  of convolution weights (default f32); batch norm and biases stay f32
  --fold-bn        fold batch norm into the convolutions: fewer tensors, the same network
  --json           one JSON line on stdout

The metadata of the result say where it came from. The licence stays that of the source.`;

/** What `fcn import` did, and what --json prints. */
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
  /** Bytes written and bytes that will be. */
  readonly onProgress?: (progress: { loaded: number; total: number }) => void;
  /** Name of the source in the metadata, when it is not that of the file. */
  readonly sourceName?: string;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}

async function sameFile(a: string, b: string): Promise<boolean> {
  const [one, two] = await Promise.all([a, b].map((path) => realpath(path).catch(() => undefined)));
  return one !== undefined && one === two;
}

/** Writes the chunks beside `out` and renames; on any failure, an interrupt included, neither is left. */
async function writeAtomically(
  out: string,
  chunks: AsyncIterable<Uint8Array>,
  onBytes: (written: number) => void,
): Promise<void> {
  const temporary = join(dirname(out), `.${basename(out)}.${process.pid}.tmp`);
  const interrupted = (): never => {
    rmSync(temporary, { force: true });
    process.exit(130);
  };
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  try {
    const handle = await open(temporary, "w");
    try {
      let written = 0;
      for await (const chunk of chunks) {
        await handle.writeFile(chunk); // writes all of it, at the place the last one ended
        written += chunk.byteLength;
        onBytes(written);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, out);
  } catch (error) {
    await rm(temporary, { force: true });
    if (error instanceof FcnError) throw error;
    throw new FcnError("bad-option", `import: ${out} cannot be written (${messageOf(error)})`, { cause: error });
  } finally {
    process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
  }
}

/** Imports one file. @throws bad-weights for what cannot be read, recognised or converted, bad-option for an output that cannot be written */
export async function importFile(path: string, out: string, options: ImportOptions = {}): Promise<ImportReport> {
  const { dtype = "f32", foldBatchNorm = false, onProgress, sourceName = basename(path) } = options;
  if (await sameFile(path, out))
    throw new FcnError("bad-option", `import: ${out} is the file to import; choose another name for the result`);
  const start = performance.now();
  const checkpoint = await openCheckpoint(await fileSource(path));
  try {
    const { description: architecture, checkpoint: ours, ignored } = recognise(checkpoint);
    const digest = await sha256Of(path);
    const metadata = new Map([
      ["source", sourceName],
      ["source_sha256", digest],
      ["source_container", checkpoint.container],
      ["architecture", architecture],
      ["imported_by", `fcn-webgpu ${packageVersion()}`],
      ["imported_at", new Date().toISOString()],
      ["license", checkpoint.metadata.get("license") ?? "unknown"],
    ]);
    const converted = convertCheckpoint(ours, { dtype, foldBatchNorm, metadata });
    const total = safetensorsSize(converted.tensors, converted.metadata);
    await writeAtomically(out, writeSafetensors(converted.tensors, converted.metadata), (loaded) =>
      onProgress?.({ loaded, total }),
    );
    const { tensors } = converted;
    const dropped = [...ignored, ...converted.dropped];
    const seconds = Math.round(performance.now() - start) / 1000;
    return {
      source: sourceName,
      sha256: digest,
      architecture,
      out,
      tensors: tensors.length,
      bytes: total,
      dropped,
      dtype,
      folded: foldBatchNorm,
      seconds,
    };
  } finally {
    await checkpoint.close();
  }
}

export const importCommand: Command = {
  name: "import",
  summary: "a checkpoint of PyTorch's or another's to safetensors",
  usage: USAGE,
  async run(args) {
    const { values, positionals } = parse("import", args, {
      out: { type: "string" },
      dtype: { type: "string", default: "f32" },
      "fold-bn": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    });
    const dtype = oneOf("import", "dtype", values.dtype, ["f32", "f16"] as const);
    const [input, ...more] = positionals;
    if (input === undefined || more.length)
      throw new UsageError("import: name one file, as in fcn import weights.pth --out weights.safetensors");
    if (values.out === undefined) throw new UsageError("import: say where to write, with --out FILE.safetensors");
    const folder = await stat(dirname(values.out)).catch(() => undefined);
    if (!folder?.isDirectory()) throw new UsageError(`import: there is no folder ${dirname(values.out)} for --out`);

    const bar = byteBar();
    try {
      const path = isRemote(input)
        ? await cachedFile(input, { onProgress: (at) => bar.show("downloading", at) })
        : input;
      const report = await importFile(path, values.out, {
        dtype,
        foldBatchNorm: values["fold-bn"],
        sourceName: isRemote(input) ? input : basename(input),
        onProgress: (at) => bar.show("writing", at),
      });
      bar.clear();
      print(values.json ? JSON.stringify(report) : describe(report));
      return 0;
    } finally {
      bar.clear();
    }
  },
};

function describe(report: ImportReport): string {
  const { source, architecture, tensors, bytes, dtype, folded, dropped, seconds, out } = report;
  const how = `${dtype}${folded ? ", batch norm folded" : ""}`;
  const left = dropped.length
    ? `; ${dropped.length} left out (${dropped.slice(0, 3).join(", ")}${dropped.length > 3 ? ", ..." : ""})`
    : "";
  return `${source}: ${architecture}\n  -> ${out}  ${tensors} tensors, ${how}, ${megabytes(bytes)} in ${seconds.toFixed(1)} s${left}`;
}
