/** `log.jsonl` of a training on disk: appended line by line, and cut back to the state that a training goes on from. */
import { open, readFile, truncate } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { FcnError } from "../base/errors.js";
import { nativePath } from "../base/native-path.js";
import { TRAINING_FORMAT, isEpochRecord } from "../eval/training-records.js";
import type { EpochRecord, TrainingHeader, TrainingRecord } from "../eval/training-records.js";
import { writing } from "./output-disk.js";

export const LOG = "log.jsonl";

interface Line {
  readonly record: TrainingRecord;
  /** Bytes of the file up to its end. */
  readonly end: number;
}

export interface ReadLog {
  readonly header: TrainingHeader;
  readonly lines: readonly Line[];
  readonly headerEnd: number;
}

const isRecord = (value: unknown): value is TrainingRecord => {
  const { variant, epoch } = (value ?? {}) as Partial<TrainingRecord>;
  return typeof variant === "string" && Number.isInteger(epoch);
};

/** A last line without its end was cut off, and is left out. @throws bad-option naming the line */
function parseLog(path: string, text: string): ReadLog | undefined {
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  let end = 0;
  let header: TrainingHeader | undefined;
  let headerEnd = 0;
  const lines: Line[] = [];
  for (const [i, line] of whole.split("\n").slice(0, -1).entries()) {
    end += Buffer.byteLength(line) + 1;
    const value = parsed(line);
    if (i === 0 && (value as Partial<TrainingHeader> | undefined)?.format === TRAINING_FORMAT) {
      header = value as TrainingHeader;
      headerEnd = end;
    } else if (i > 0 && isRecord(value)) {
      lines.push({ record: value, end });
    } else {
      throw new FcnError("bad-option", `${path} line ${i + 1}: it is not from fcn train; --fresh begins anew`);
    }
  }
  return header && { header, lines, headerEnd };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

/** Undefined where there is none. @throws bad-option */
export async function readTrainingLog(folder: string): Promise<ReadLog | undefined> {
  const path = join(folder, LOG);
  const text = await readFile(nativePath(path), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  return text === undefined ? undefined : parseLog(path, text);
}

export class TrainingLog {
  readonly #lines: Line[] = [];

  private constructor(
    private readonly file: FileHandle,
    private readonly path: string,
    private readonly headerEnd: number,
  ) {}

  /** Begins a log, or goes on with one. */
  static async open(folder: string, header: TrainingHeader, before: ReadLog | undefined): Promise<TrainingLog> {
    const path = join(folder, LOG);
    const line = `${JSON.stringify(header)}\n`;
    // For appending: after a truncation a file that is open for writing would go on at its old end.
    const file = await writing(path, open(nativePath(path), "a"), "train");
    if (!before) {
      await writing(path, file.truncate(0), "train");
      await writing(path, file.appendFile(line), "train");
    }
    const log = new TrainingLog(file, path, before?.headerEnd ?? Buffer.byteLength(line));
    log.#lines.push(...(before?.lines ?? []));
    await writing(path, file.truncate(log.#end), "train");
    return log;
  }

  get #end(): number {
    return this.#lines.at(-1)?.end ?? this.headerEnd;
  }

  get epochs(): EpochRecord[] {
    return this.#lines.flatMap(({ record }) => (isEpochRecord(record) ? [record] : []));
  }

  epochsOf(variant: string): EpochRecord[] {
    return this.epochs.filter((record) => record.variant === variant);
  }

  /** The mean loss of the steps of an epoch in which a pixel counted: the others have a loss of 0. */
  meanLoss(variant: string, epoch: number): number | undefined {
    let sum = 0;
    let count = 0;
    for (const { record } of this.#lines) {
      if (isEpochRecord(record) || record.variant !== variant || record.epoch !== epoch) continue;
      if (record.loss === 0) continue;
      sum += record.loss;
      count += 1;
    }
    return count ? sum / count : undefined;
  }

  /** Drops what came after this many steps of a variant. */
  async cutBack(variant: string, steps: number): Promise<void> {
    const isLater = ({ record }: Line): boolean =>
      record.variant === variant && (isEpochRecord(record) ? record.steps : record.step) > steps;
    const first = this.#lines.findIndex(isLater);
    if (first < 0) return;
    this.#lines.splice(first);
    await writing(this.path, this.file.truncate(this.#end), "train");
  }

  async append(record: TrainingRecord): Promise<void> {
    const line = `${JSON.stringify(record)}\n`;
    const before = this.#end;
    try {
      await writing(this.path, this.file.appendFile(line), "train");
    } catch (error) {
      // A full disk takes a part of the line. A resume would cut it off as well.
      await truncate(nativePath(this.path), before).catch(() => undefined);
      throw error;
    }
    this.#lines.push({ record, end: before + Buffer.byteLength(line) });
  }

  /** Waits until the disk has the lines. A state may count on them only then. */
  async flush(): Promise<void> {
    await writing(this.path, this.file.datasync(), "train");
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}
