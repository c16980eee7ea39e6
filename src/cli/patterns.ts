/**
 * Patterns on the command line, matched as a shell does it: `*`, `?`, `**`, `[a-z]`, `[!a]` and `{a,b}`. A hidden name
 * needs its dot in the pattern. Every other sign stands for itself.
 */
import { lstat } from "node:fs";
import type { Dirent, Stats, readdir as readdirWithCallback, realpath } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { glob } from "tinyglobby";
import { decodeName, nativePath } from "../base/native-path.js";
import { UsageError } from "./command.js";

/** A bracket expression such as `[!a-z]` or `[[:digit:]]`, stars, a question mark, or a part of `{a,b}`. */
const MAGIC = /\[[!^]?\]?(?:\[:\w+:\]|[^\]/])*\]|\*+|[?{},]/g;

/** Signs that tinyglobby may give a meaning: punctuation, less what is common in names. */
const SPECIAL_SIGNS = /[!-+:-@[-^`{-~]/g;

/** A dot at the beginning of a name, or of an alternative. */
const WRITTEN_DOT = /(^|[/{,])\./;
const isHidden = (path: string): boolean => /(^|\/)\./.test(path);

export const isPattern = (input: string): boolean => /[*?{[]/.test(input);

/** False for what cannot be looked at, such as a link to itself. */
const isFolder = (path: string): Promise<boolean> =>
  stat(nativePath(path)).then(
    (info) => info.isDirectory(),
    () => false,
  );

interface SplitPattern {
  /** Where to search. */
  readonly folder: string;
  /** What to match below it. */
  readonly pattern: string;
}

/** Leading folders that exist are taken by their names, brackets and all; the rest is the pattern. */
async function splitAtFolder(path: string): Promise<SplitPattern> {
  const parts = path.split("/");
  let folder = ".";
  let depth = 0;
  while (depth < parts.length - 1) {
    const next = parts.slice(0, depth + 1).join("/") || "/"; // an absolute path begins with an empty part
    if (!(await isFolder(next))) break;
    folder = next;
    depth++;
  }
  return { folder, pattern: parts.slice(depth).join("/") };
}

/** @throws UsageError when the braces of the pattern do not match */
function checkBraces(command: string, pattern: string): void {
  let depth = 0;
  for (const [token] of pattern.matchAll(MAGIC)) {
    if (token === "{") depth++;
    if (token === "}") depth--;
    if (depth < 0) break;
  }
  if (depth !== 0)
    throw new UsageError(`${command}: the pattern ${pattern} has an unmatched brace; write it as in *.{jpg,png}`);
}

function withLiteralsEscaped(pattern: string): string {
  let escaped = "";
  let end = 0;
  for (const { 0: token, index } of pattern.matchAll(MAGIC)) {
    escaped += pattern.slice(end, index).replace(SPECIAL_SIGNS, "\\$&") + token;
    end = index + token.length;
  }
  return escaped + pattern.slice(end).replace(SPECIAL_SIGNS, "\\$&");
}

/** Called with a folder that cannot be read, and why. */
export type OnUnreadable = (folder: string, error: unknown) => void;

/** No folder, rather than one that may not be read. */
const isMissing = (error: unknown): boolean =>
  ["ENOENT", "ENOTDIR", "ELOOP"].includes((error as NodeJS.ErrnoException).code ?? "");

type ReadFolder = (folder: string, options: object, done: (error: unknown, entries: Dirent[]) => void) => void;

/**
 * Reads names of any bytes (see native-path.ts). A folder that cannot be read counts as empty.
 * @param links gets the whole paths of links
 */
const readFolder =
  (onUnreadable: OnUnreadable, links: Set<string>): ReadFolder =>
  (folder, _, done) => {
    readdir(nativePath(folder), { withFileTypes: true, encoding: "buffer" }).then(
      (entries) =>
        done(
          null,
          entries.map((entry) => {
            const name = decodeName(entry.name);
            if (entry.isSymbolicLink()) links.add(resolve(folder, name));
            return Object.assign(entry, { name });
          }),
        ),
      (error: unknown) => {
        if (!isMissing(error)) onUnreadable(folder, error);
        done(null, []);
      },
    );
  };

/**
 * Links count as files under their own names, so that `**` never runs in circles and a broken link is reported when it
 * is read. tinyglobby asks for the target of links only.
 */
const LINKS_AS_FILES = {
  realpath: ((path: string, done: (error: null, path: string) => void) => done(null, path)) as typeof realpath,
  stat: ((path: string, done: (error: Error | null, info: Stats) => void) =>
    lstat(nativePath(path), done)) as typeof lstat,
};

/** What a pattern matches, in no particular order. */
export interface Matches {
  readonly files: string[];
  /** Links, whatever they lead to. */
  readonly links: string[];
}

/**
 * Files and links that match. `path` has forward slashes.
 * @throws UsageError when the braces do not match
 */
export async function expandPattern(
  command: string,
  path: string,
  onUnreadable: OnUnreadable = () => undefined,
): Promise<Matches> {
  checkBraces(command, path);
  const { folder, pattern } = await splitAtFolder(path);
  const allLinks = new Set<string>();
  const readable = readFolder(
    (crawled, error) => onUnreadable(join(folder, relative(folder, crawled)), error),
    allLinks,
  );
  const found = await glob(withLiteralsEscaped(pattern), {
    cwd: folder,
    expandDirectories: false,
    extglob: false,
    fs: { ...LINKS_AS_FILES, readdir: readable as typeof readdirWithCallback },
  });
  // Left to itself, [!a] or {,a} would match the dot of a hidden name.
  const allowed = WRITTEN_DOT.test(pattern) ? found : found.filter((name) => !isHidden(name));
  const files: string[] = [];
  const links: string[] = [];
  for (const name of allowed) {
    const path = join(folder, name);
    (allLinks.has(resolve(path)) ? links : files).push(path);
  }
  return { files, links };
}
