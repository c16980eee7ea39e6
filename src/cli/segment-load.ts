/** The pictures of `fcn segment` as the network gets them. */
import { stat } from "node:fs/promises";
import { defined } from "../base/defined.js";
import { nativePath } from "../base/native-path.js";
import { shown } from "../base/printable.js";
import type { DecodedPicture } from "../image/decode.js";
import { readStream } from "../image/read-file.js";
import type { SegmentInput } from "./segment-run.js";
import type { Wanted } from "./segment-sink.js";
import { decodeFor } from "./threads/picture-tasks.js";
import type { PictureReading } from "./threads/picture-tasks.js";
import type { PictureWork } from "./threads/picture-work.js";

/** A picture's file when it was read: its bytes, and milliseconds since 1970 of its last change. */
export interface SourceFile {
  readonly bytes: number;
  readonly mtime: number;
}

export interface LoadedPicture {
  readonly picture: DecodedPicture;
  readonly source: SourceFile;
  /** What to say of it. */
  readonly note?: string;
}

const NO_FILE: SourceFile = { bytes: 0, mtime: 0 };

/** The size is looked at before the bytes: a file that changes meanwhile is found changed later. */
async function sourceFile(image: string): Promise<SourceFile> {
  const info = await stat(nativePath(image)).catch(() => undefined); // reading it says why
  return info ? { bytes: info.size, mtime: Math.floor(info.mtimeMs) } : NO_FILE;
}

function shrunkNote(image: string, { shrunkFrom, width, height }: DecodedPicture): string | undefined {
  if (!shrunkFrom) return undefined;
  const [from, to] = [`${shrunkFrom.width} x ${shrunkFrom.height}`, `${width} x ${height}`];
  return `fcn: ${shown(image)}: ${from} was shrunk to ${to} while decoding; its results have that size`;
}

/** A picture with too many pixels is decoded at the size that the network sees, and a note says so. */
export async function loadPicture(
  { image, stdin, listed }: SegmentInput,
  reading: PictureReading,
  work: PictureWork,
): Promise<LoadedPicture> {
  const source = stdin ? NO_FILE : await sourceFile(image);
  const picture = stdin
    ? await decodeFor(await readStream(process.stdin, "stdin"), "stdin", reading)
    : await work.read({ image, ...reading, ...defined({ listed }) });
  return { picture, source, ...defined({ note: shrunkNote(image, picture) }) };
}

const BYTES_PER_SCORE = 4;

/** Memory of a picture with its labels and scores. */
export function bytesNeeded(
  { picture: { width, height, data, shrunk } }: LoadedPicture,
  { probabilities, logits }: Wanted,
  classes: number,
): number {
  const scores = classes * (Number(probabilities) + Number(logits));
  return data.length + (shrunk?.data.length ?? 0) + width * height * (1 + BYTES_PER_SCORE * scores);
}
