/**
 * Whether a file of the cache is still what was downloaded. Its SHA-256 is kept in `checked/NAME.json` beside it, with
 * the size and the time of the file when it was computed; it is computed again only where one of the two has changed.
 */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { makeFolder } from "../base/make-folder.js";
import { writeWhole } from "../base/write-whole.js";

interface CheckedFile {
  readonly size: number;
  readonly mtimeMs: number;
  readonly sha256: string;
}

const recordPath = (path: string): string => join(dirname(path), "checked", `${basename(path)}.json`);

/** Lower-case hex. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/** Undefined where there is none, or a damaged one: then only a hash in the file's name is known. */
async function readRecord(path: string): Promise<CheckedFile | undefined> {
  try {
    const record = JSON.parse(await readFile(recordPath(path), "utf8")) as CheckedFile | null;
    return /^[0-9a-f]{64}$/.test(String(record?.sha256)) ? (record ?? undefined) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Notes the hash of `measured`, which is `path` or will be renamed to it. In a cache that cannot be written each call
 * hashes again.
 */
export async function noteHash(path: string, sha256: string, measured = path): Promise<void> {
  const record = recordPath(path);
  try {
    const { size, mtimeMs } = await stat(measured);
    await makeFolder(dirname(record));
    await writeWhole(record, JSON.stringify({ size, mtimeMs, sha256 } satisfies CheckedFile));
  } catch {
    // Only time is lost.
  }
}

/**
 * Undefined for a file that has the hash known for it, or for which none is known. `promised` holds the first digits.
 * Otherwise what is wrong, as in "it has the sha256 ..., not ...".
 */
export async function damageOf(path: string, promised: string | undefined): Promise<string | undefined> {
  const { size, mtimeMs } = await stat(path);
  const record = await readRecord(path);
  const isPromised = record?.sha256.startsWith(promised ?? "") === true;
  const known = isPromised ? record?.sha256 : promised;
  if (known === undefined) return undefined;
  if (isPromised && record?.size === size && record.mtimeMs === mtimeMs) return undefined;
  const sha256 = await sha256OfFile(path);
  if (!sha256.startsWith(known)) return `its ${size} bytes have the sha256 ${sha256}, not ${known}`;
  await noteHash(path, sha256);
  return undefined;
}
