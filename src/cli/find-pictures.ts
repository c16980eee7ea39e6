/** Finds pictures by files, folders and patterns, and remembers which files it left out and why. */
import type { Dirent, Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { dirname, join, normalize, resolve, sep } from "node:path";
import { messageOf } from "../base/errors.js";
import { decodeName, nativePath } from "../base/native-path.js";
import { shown } from "../base/printable.js";
import { PICTURE_ENDINGS } from "../image/decode.js";
import { isStdin } from "../image/open-input.js";
import { UsageError } from "./command.js";
import { isPassing } from "./exit-codes.js";
import { cannotLook } from "./files.js";
import { belongsToPicture, isPicture, namesOfPictures } from "./own-names.js";
import { expandPattern, isPattern } from "./patterns.js";

/** Why a file or folder that was found is not a picture to work on. */
const REASONS = {
  own: "as label maps or results of pictures beside them",
  other: `for their endings (pictures end in ${PICTURE_ENDINGS.join(", ")})`,
  folder: "as folders in a folder (name them, or give a pattern such as DIR/**/*)",
  unreadable: "as folders that cannot be read",
  special: "as no regular files (pipes, sockets, devices)",
} as const;
export type SkipReason = keyof typeof REASONS;

const SHOWN_NAMES = 3;

interface SkippedPath {
  /** As it was given or found. */
  readonly path: string;
  readonly reason: SkipReason;
}

/** Files and folders that a search left out, by reason. */
export class Skipped {
  /** By absolute path. */
  readonly #paths = new Map<string, SkippedPath>();

  add(path: string, reason: SkipReason): void {
    const key = resolve(path);
    if (this.#paths.get(key)?.reason !== "unreadable") this.#paths.set(key, { path: normalize(path), reason });
  }

  has(path: string, reason: SkipReason): boolean {
    return this.#paths.get(resolve(path))?.reason === reason;
  }

  /** A picture that another input names is not left out, nor is its folder. */
  forget(picture: string): void {
    this.#paths.delete(resolve(picture));
    this.#paths.delete(dirname(resolve(picture)));
  }

  /** "left out 3: 2 as label maps or results of pictures beside them: a.label.png, ..."; undefined for nothing. */
  describe(): string | undefined {
    if (this.#paths.size === 0) return undefined;
    const parts = Object.entries(REASONS).flatMap(([reason, text]) => {
      const all = [...this.#paths.values()].filter((skipped) => skipped.reason === reason);
      const paths = all.map(({ path }) => path).sort();
      const names = paths.slice(0, SHOWN_NAMES).map((path) => shown(path));
      if (paths.length > SHOWN_NAMES) names.push("...");
      return paths.length ? [`${paths.length} ${text}: ${names.join(", ")}`] : [];
    });
    return `left out ${this.#paths.size}: ${parts.join("; ")}`;
  }
}

/** A path with forward slashes. */
export const pathKey = (path: string): string => normalize(path).split(sep).join("/");

export interface Search {
  /** The command, for messages. */
  readonly command: string;
  readonly skipped: Skipped;
  /** Gets a sentence about what is not a reason to end. */
  readonly warn: (message: string) => void;
}

/** Names in folders, each folder read once. */
class Folders {
  readonly #pictures = new Map<string, Promise<ReadonlySet<string>>>();

  /** What names of label maps and results in the folder begin with. */
  picturesOf(folder: string): Promise<ReadonlySet<string>> {
    const known = this.#pictures.get(folder) ?? namesIn(folder).then(namesOfPictures);
    this.#pictures.set(folder, known);
    return known;
  }
}

/** Empty for a folder that can be searched but not listed. */
async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(nativePath(folder), { encoding: "buffer" }).catch(() => []);
  return names.map(decodeName);
}

/** What an entry of a folder is, or where a link leads: undefined for a file, also for one that is missing. */
function reasonOf(kind: Pick<Stats, "isFile" | "isDirectory">): SkipReason | undefined {
  if (kind.isDirectory()) return "folder";
  return kind.isFile() ? undefined : "special";
}

/** As reasonOf(), for the target of a link. What leads nowhere fails when it is read, with a reason. */
const reasonOfTarget = (path: string): Promise<SkipReason | undefined> =>
  stat(nativePath(path)).then(reasonOf, () => undefined);

/** The pictures among files that were found, without label maps and results of pictures beside them. */
async function ownPictures(paths: readonly string[], { skipped }: Search): Promise<string[]> {
  const folders = new Folders();
  const pictures: string[] = [];
  for (const path of paths) {
    if (!isPicture(path)) skipped.add(path, "other");
    else if (belongsToPicture(path, await folders.picturesOf(dirname(path)))) skipped.add(path, "own");
    else pictures.push(path);
  }
  return pictures;
}

/** Warns about a folder that cannot be read. */
function reportUnreadable({ command, skipped, warn }: Search, folder: string, error: unknown): void {
  if (skipped.has(folder, "unreadable")) return;
  skipped.add(folder, "unreadable");
  warn(`${command}: WARNING: the folder ${shown(folder)} cannot be read and is left out: ${messageOf(error)}`);
}

async function entriesOf(folder: string): Promise<Dirent<Buffer>[]> {
  return readdir(nativePath(folder), { withFileTypes: true, encoding: "buffer" });
}

async function picturesInFolder(search: Search, folder: string): Promise<string[]> {
  let entries: Dirent<Buffer>[];
  try {
    entries = await entriesOf(folder);
  } catch (error) {
    reportUnreadable(search, folder, error);
    return [];
  }
  const files: string[] = [];
  for (const entry of entries) {
    const path = join(folder, decodeName(entry.name));
    const reason = entry.isSymbolicLink() ? await reasonOfTarget(path) : reasonOf(entry);
    if (reason) search.skipped.add(path, reason);
    else files.push(path);
  }
  const found = await ownPictures(files, search);
  if (!found.length)
    throw new UsageError(`${search.command}: the folder ${folder} holds no picture (${PICTURE_ENDINGS.join(", ")})`);
  return found;
}

function checkKind(command: string, input: string, info: Stats): void {
  if ((info.isCharacterDevice() || info.isBlockDevice()) && !isStdin(input))
    throw new UsageError(`${command}: ${input} is a device, not a picture; name a file, a folder or a pipe`);
}

/** Pictures are not downloaded. */
function isAddress(command: string, address: string): UsageError {
  const cure = command === "segment" ? `curl ${address} | fcn segment -` : "download it first";
  return new UsageError(`${command}: ${address} is an address, files are needed: ${cure}`);
}

/**
 * An existing file, pipe or folder is taken by its name, also where the name looks like a pattern.
 * @throws UsageError when there is nothing of that name
 */
export async function expandInput(search: Search, input: string): Promise<string[]> {
  const { command } = search;
  let info: Stats | undefined;
  try {
    info = await stat(nativePath(input));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EACCES") throw new UsageError(`${command}: ${input} cannot be looked at: permission is denied`);
    if (isPassing(error)) throw cannotLook(command, input, error);
  }
  if (info?.isDirectory()) return picturesInFolder(search, input);
  if (info) {
    checkKind(command, input, info);
    return [input];
  }
  if (/^https?:\/\//i.test(input)) throw isAddress(command, input);
  if (!isPattern(input)) throw new UsageError(`${command}: there is no file or folder ${input}`);
  const onUnreadable = (folder: string, error: unknown): void => reportUnreadable(search, folder, error);
  const { files, links } = await expandPattern(command, pathKey(input), onUnreadable);
  for (const link of links) {
    const reason = await reasonOfTarget(link);
    if (reason) search.skipped.add(link, reason);
    else files.push(link);
  }
  const found = await ownPictures(files, search);
  if (!found.length) {
    const left = search.skipped.describe();
    throw new UsageError(`${command}: the pattern ${input} matches no picture${left === undefined ? "" : `; ${left}`}`);
  }
  return found;
}
