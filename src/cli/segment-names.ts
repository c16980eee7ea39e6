/** Names of the results of `fcn segment`: no two alike, and none that would replace a picture. */
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { UsageError } from "./command.js";
import { fittedName, stem } from "./own-names.js";

/** Equal for names that a file system without upper and lower case takes as one. */
const folded = (path: string): string => path.toLowerCase();

/** Folded names that occur more than once. */
function repeated(names: Iterable<string>): Set<string> {
  const [seen, again] = [new Set<string>(), new Set<string>()];
  for (const name of names) (seen.has(folded(name)) ? again : seen).add(folded(name));
  return again;
}

/** The paths below a folder. Not an array: there may be a million. */
function* joined(placed: readonly { readonly folder: string; readonly name: string }[]): Generator<string> {
  for (const { folder, name } of placed) yield join(folder, name);
}

/** The deepest folder that holds all of these folders. */
function commonFolder(folders: readonly string[]): string {
  const [first = [], ...others] = folders.map((folder) => folder.split(sep));
  let depth = first.length;
  for (const parts of others) {
    while (first.slice(0, depth).some((part, i) => part !== parts[i])) depth--;
  }
  return first.slice(0, depth).join(sep) || sep;
}

/** Whether one name is used in several folders. */
function spansFolders(named: readonly { readonly name: string; readonly folder: string }[]): boolean {
  const folders = new Map<string, string>();
  for (const { name, folder } of named) {
    if ((folders.get(folded(name)) ?? folder) !== folder) return true;
    folders.set(folded(name), folder);
  }
  return false;
}

/**
 * Paths below the output folder, without an ending, in the order of the pictures: `photos/cat.jpg` is `cat`. Where
 * pictures in several folders have the same name, all keep their folders below the one they have in common. Where
 * pictures in one folder do, they keep their endings: `cat.jpg`, `cat.png`. A name that leaves no room for an ending is
 * cut.
 */
export function outputNames(pictures: readonly string[]): string[] {
  const folders = new Map(pictures.map((path) => [dirname(path), ""]));
  const base = commonFolder([...folders.keys()].map((folder) => resolve(folder)));
  for (const folder of folders.keys()) folders.set(folder, relative(base, resolve(folder)));
  const placed = pictures.map((path) => ({
    name: fittedName(stem(path)),
    file: fittedName(basename(path)),
    folder: folders.get(dirname(path)) ?? "",
  }));
  const alike = repeated(joined(placed));
  const short = placed.map(({ name, file, folder }) => (alike.has(folded(join(folder, name))) ? file : name));
  const names = spansFolders(placed) ? placed.map(({ folder }, i) => join(folder, short[i] ?? "")) : short;
  if (repeated(names).size === 0) return names;
  // Such as cat.jpg and cat.png beside cat.jpg.png.
  return placed.map(({ folder, file }) => join(folder, file));
}

/** @throws UsageError when a result would replace one of the pictures */
export function refuseToReplace(command: string, pictures: readonly string[], outputs: readonly string[]): void {
  // A shard has few outputs, and there may be a million pictures.
  const results = new Set(outputs.map((output) => folded(resolve(output))));
  for (const picture of pictures) {
    if (results.has(folded(resolve(picture))))
      throw new UsageError(
        `${command}: the picture ${picture} would be replaced by a result of that name; ` +
          "choose another folder with --out",
      );
  }
}
