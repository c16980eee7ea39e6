/** Where the results of `fcn segment` go: files in a folder, or stdout. */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { defined } from "../base/defined.js";
import { makeFolder } from "../base/make-folder.js";
import { shown } from "../base/printable.js";
import { cannotWrite, writeWhole } from "../base/write-whole.js";
import type { PictureSize } from "../image/picture.js";
import { runTime } from "../models/picture-result.js";
import type { Timings } from "../models/picture-result.js";
import type { Scores } from "../models/segmentation.js";
import { fileName } from "./file-name.js";
import { print, printBytes } from "./output.js";
import type { ResultFile } from "./segment-record.js";
import { ENDINGS, LONGEST_NAME, describeResult } from "./segment-output.js";
import type { EncodedResult, Format } from "./segment-output.js";

/** What to write of each picture. */
export interface Wanted {
  readonly formats: readonly Format[];
  readonly probabilities: boolean;
  readonly logits: boolean;
}

/** A result with everything that is written of it. */
export interface SegmentOutput extends EncodedResult, PictureSize {
  /** Of its files below the output folder, without an ending. */
  readonly name: string;
  /** The picture's path, or "stdin". */
  readonly image: string;
  readonly variant: string;
  readonly notice?: string;
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
  { image, width, height, variant, found, notice, timings }: SegmentOutput,
  files: readonly string[],
  { adapter, load }: Reporting,
): Record<string, unknown> {
  return {
    image,
    width,
    height,
    variant,
    classes: found,
    ms: { load: tenths(load), compile: tenths(timings.compile), run: tenths(runTime(timings)) },
    adapter,
    files,
    ...defined({ notice, bands: timings.bands }),
  };
}

/** The memory of the array as bytes. */
const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Writes every file whole, then reports the picture on stdout. */
export function folderSink(out: string, reporting: Reporting): Sink {
  const { aside } = reporting;
  return async (output) => {
    const { name, found, logits, timings } = output;
    const files: string[] = [];
    const written: ResultFile[] = [];
    const folder = dirname(join(out, name));
    await makeFolder(folder).catch((error: unknown) => {
      throw cannotWrite(folder, error);
    });
    const write = async (ending: string, data: Uint8Array): Promise<void> => {
      const path = join(out, `${name}${ending}`);
      await writeWhole(path, data, defined({ aside }));
      files.push(path);
      const sha256 = aside === undefined ? "" : createHash("sha256").update(data).digest("hex");
      written.push({ file: fileName(name, ending), bytes: data.length, sha256 });
    };
    for (const { ending, data } of output.files) await write(ending, data);
    if (logits) await write(ENDINGS.logits, bytesOf(logits.data));
    const ms = tenths(timings.compile + runTime(timings));
    const paths = files.map((file) => shown(file, LONGEST_NAME)).join(", ");
    const text = reporting.json
      ? JSON.stringify(recordOf(output, files, reporting))
      : `${describeResult(output, found, ms)}\n  -> ${paths}`;
    return { files: written, report: () => print(text) };
  };
}

/** Writes the first file to stdout, and nothing else. */
export const stdoutSink: Sink = async ({ files: [file] }) => {
  if (file) await printBytes(file.data);
  return { files: [], report: () => undefined };
};
