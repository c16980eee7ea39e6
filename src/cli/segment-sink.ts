/** Where the results of `fcn segment` go: files in a folder, or stdout. */
import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { defined } from "../base/defined.js";
import { nativePath } from "../base/native-path.js";
import { cannotWrite, writeWhole } from "../base/write-whole.js";
import { runTime } from "../models/picture-result.js";
import type { Timings } from "../models/picture-result.js";
import type { Scores } from "../models/segmentation.js";
import { fileName } from "./file-name.js";
import { encodeNpy } from "./npy.js";
import { print, printBytes } from "./output.js";
import type { ResultFile } from "./segment-record.js";
import { ENDINGS, describeResult, encode, encodeConfidence, foundClasses } from "./segment-output.js";
import type { Format, SegmentedPicture } from "./segment-output.js";

/** What to write of each picture. */
export interface Wanted {
  readonly formats: readonly Format[];
  readonly probabilities: boolean;
  readonly logits: boolean;
}

/** A result with everything that may be written of it. */
export interface SegmentOutput {
  /** Below the output folder, without an ending. */
  readonly name: string;
  readonly result: SegmentedPicture;
  readonly probabilities?: Scores;
  readonly logits?: Scores;
  readonly timings: Timings;
}

/** What was written of a picture. */
export interface Written {
  readonly files: readonly ResultFile[];
  /** Prints the line about it. */
  readonly report: () => void;
}

/** Writes the output of one picture. */
export type Sink = (output: SegmentOutput) => Promise<Written>;

/** Endings of the files that each picture gets. */
export function endingsOf({ formats, probabilities, logits }: Wanted): string[] {
  return [
    ...formats.map((format) => ENDINGS[format]),
    ...(probabilities ? [ENDINGS.probabilities, ENDINGS.confidence] : []),
    ...(logits ? [ENDINGS.logits] : []),
  ];
}

/** Milliseconds to a tenth. */
const tenths = (ms: number): number => Math.round(ms * 10) / 10;

/** How results are reported on stdout. */
export interface Reporting {
  /** One JSON line per picture, instead of words. */
  readonly json: boolean;
  /** Name of the graphics adapter. */
  readonly adapter: string;
  /** Milliseconds it took to load the network. */
  readonly load: number;
  /** Of a run with a record: the folder of unfinished files. Its results have hashes. */
  readonly aside: string | undefined;
}

function recordOf(
  { result, timings }: SegmentOutput,
  files: readonly string[],
  { adapter, load }: Reporting,
): Record<string, unknown> {
  const { image, variant, picture, notice } = result;
  return {
    image,
    width: picture.width,
    height: picture.height,
    variant,
    classes: foundClasses(result),
    ms: { load: tenths(load), compile: tenths(timings.compile), run: tenths(runTime(timings)) },
    adapter,
    files,
    ...defined({ notice }),
  };
}

/** The memory of the array as bytes. */
const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Writes every file whole, then reports the picture on stdout. */
export function folderSink(out: string, { formats }: Wanted, reporting: Reporting): Sink {
  const { aside } = reporting;
  return async (output) => {
    const { name, result, probabilities, logits, timings } = output;
    const { width, height } = result.picture;
    const files: string[] = [];
    const written: ResultFile[] = [];
    const folder = dirname(join(out, name));
    await mkdir(nativePath(folder), { recursive: true }).catch((error: unknown) => {
      throw cannotWrite(folder, error);
    });
    const write = async (ending: string, data: Uint8Array): Promise<void> => {
      const path = join(out, `${name}${ending}`);
      await writeWhole(path, data, defined({ aside }));
      files.push(path);
      const sha256 = aside === undefined ? "" : createHash("sha256").update(data).digest("hex");
      written.push({ file: fileName(name, ending), bytes: data.length, sha256 });
    };
    for (const format of formats) await write(ENDINGS[format], encode(format, result));
    if (probabilities) await write(ENDINGS.probabilities, encodeNpy(probabilities.data, probabilities.shape.slice(1)));
    if (result.confidence) await write(ENDINGS.confidence, encodeConfidence(result.confidence, width, height));
    if (logits) await write(ENDINGS.logits, bytesOf(logits.data));
    const text = reporting.json
      ? JSON.stringify(recordOf(output, files, reporting))
      : `${describeResult(result, tenths(timings.total))}\n  -> ${files.join(", ")}`;
    return { files: written, report: () => print(text) };
  };
}

/** Writes the first format to stdout, and nothing else. */
export function stdoutSink({ formats: [format = "labels"] }: Wanted): Sink {
  return async ({ result }) => {
    await printBytes(encode(format, result));
    return { files: [], report: () => undefined };
  };
}
