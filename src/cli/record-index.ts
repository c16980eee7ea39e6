/** The records of one or more results.jsonl, each picture and each cost once. */
import { statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { FcnError } from "../base/errors.js";
import { nativePath, realNameSync } from "../base/native-path.js";
import type { FailureRecord, PictureRecord, ResultRecord } from "../eval/records.js";

/** Names a cost: a network at a size. */
export const costKey = (cost: { readonly variant: string; readonly width: number; readonly height: number }): string =>
  `${cost.variant} ${cost.width}x${cost.height}`;

/**
 * One text for all spellings of a file: `./a.png`, `b/../a.png`, the whole path, a way through linked folders. Links to
 * files stay apart, since each may have a label map of its own. Undefined when there is no such file.
 */
export function identityOf(path: string): string | undefined {
  try {
    const whole = resolve(path);
    if (!statSync(nativePath(whole), { throwIfNoEntry: false })?.isFile()) return undefined;
    const own = basename(whole);
    // The stored name differs from the given one where a file system ignores case.
    const stored = basename(realNameSync(whole));
    const isSame = stored.toLowerCase() === own.toLowerCase();
    return join(realNameSync(dirname(whole)), isSame ? stored : own);
  } catch {
    return undefined;
  }
}

/** The counts of a record in a fixed order, without times, which no two runs share. */
function countsOf({ width, height, agreement, scores }: PictureRecord): string {
  const pairs = Object.entries(agreement).sort(([a], [b]) => (a < b ? -1 : 1));
  const variants = Object.keys(scores ?? {}).sort();
  const counts = variants.map((name) => [name, scores?.[name]?.confusion, scores?.[name]?.boundary]);
  return JSON.stringify([width, height, pairs, counts]);
}

interface Known {
  readonly record: PictureRecord | FailureRecord;
  readonly path: string;
}

export class RecordIndex {
  readonly #costs = new Map<string, ResultRecord>();
  readonly #pictures = new Map<string, Known>();
  /** Names by identity. */
  readonly #names = new Map<string, string>();

  /**
   * Adds a record of the file `path`. A result replaces a failure of the same picture, and a later failure an earlier.
   * @param folder where relative names of pictures begin
   * @throws bad-option for a picture that is there already with other results
   */
  add(record: ResultRecord, path: string, folder: string): void {
    if ("cost" in record) {
      const key = costKey(record.cost);
      if (!this.#costs.has(key)) this.#costs.set(key, record);
      return;
    }
    const name = this.#knownName(record.picture, folder);
    const other = this.#pictures.get(name);
    if (other && "ms" in other.record) {
      if ("ms" in record && countsOf(other.record) !== countsOf(record)) throw contradiction(record, path, other);
      return;
    }
    this.#pictures.set(name, { record, path });
  }

  /** The name under which the picture was first seen. */
  #knownName(picture: string, folder: string): string {
    if (this.#pictures.has(picture)) return picture;
    const identity = identityOf(resolve(folder, picture));
    if (identity === undefined) return picture;
    const name = this.#names.get(identity) ?? picture;
    this.#names.set(identity, name);
    return name;
  }

  /** Whether this failure is known with the same reason. */
  repeats(record: ResultRecord): boolean {
    if (!("error" in record)) return false;
    const known = this.#pictures.get(record.picture)?.record;
    return known !== undefined && "error" in known && known.error === record.error;
  }

  get records(): ResultRecord[] {
    return [...[...this.#pictures.values()].map(({ record }) => record), ...this.#costs.values()];
  }
}

/** Characters of a name that a message quotes. */
const QUOTED = 200;

/** A name from a file, for the terminal: without control characters, and cut. */
const printable = (name: string): string => name.slice(0, QUOTED).replace(/[\p{Cc}\p{Cf}]/gu, "?");

function contradiction({ picture }: PictureRecord, path: string, other: Known): FcnError {
  const files = path === other.path ? `${path} has` : `${path} and ${other.path} both have`;
  const twice = path === other.path ? " twice" : "";
  return new FcnError(
    "bad-option",
    `${files} ${printable(picture)}${twice}, with different results; they cannot be added up, ` +
      "run it again with --fresh",
  );
}
