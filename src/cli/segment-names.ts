/** Under which name each picture's results are written: no two under one, none over a picture. */
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { UsageError } from "./command.js";
import { stem } from "./files.js";

/** Compared as file systems that ignore case do. */
const folded = (path: string): string => path.toLowerCase();

function repeated(names: readonly string[]): Set<string> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(folded(name), (counts.get(folded(name)) ?? 0) + 1);
  return new Set([...counts].flatMap(([name, count]) => (count > 1 ? [name] : [])));
}

/** The deepest folder that holds all of them. */
function commonFolder(paths: readonly string[]): string {
  const [first = [], ...others] = paths.map((path) => dirname(resolve(path)).split(sep));
  let depth = first.length;
  for (const parts of others) while (first.slice(0, depth).some((part, i) => part !== parts[i])) depth--;
  return first.slice(0, depth).join(sep) || sep;
}

/**
 * Paths below the output folder, without an ending, in the order of the pictures: `photos/cat.jpg` is `cat`. Where pictures of
 * different folders have one name, all keep their folders below the one they have in common; where pictures of one folder do,
 * they keep their endings (`cat.jpg`, `cat.png`).
 */
export function outputNames(pictures: readonly string[]): string[] {
  const base = commonFolder(pictures);
  const folder = (path: string): string => relative(base, dirname(resolve(path)));
  const alike = repeated(pictures.map((path) => join(folder(path), stem(path))));
  const flat = pictures.map((path) =>
    alike.has(folded(join(folder(path), stem(path)))) ? basename(path) : stem(path),
  );
  const folders = new Map<string, Set<string>>();
  for (const path of pictures)
    folders.set(folded(stem(path)), (folders.get(folded(stem(path))) ?? new Set()).add(folder(path)));
  const apart = [...folders.values()].every((own) => own.size === 1);
  const names = apart ? flat : pictures.map((path, i) => join(folder(path), flat[i] ?? ""));
  if (repeated(names).size === 0) return names;
  return pictures.map((path) => join(folder(path), basename(path))); // cat.jpg and cat.png beside cat.jpg.png
}

/** @throws UsageError when a result would replace one of the pictures */
export function refuseToReplace(command: string, pictures: readonly string[], outputs: readonly string[]): void {
  const own = new Map(pictures.map((path) => [folded(resolve(path)), path]));
  for (const output of outputs) {
    const picture = own.get(folded(resolve(output)));
    if (picture !== undefined)
      throw new UsageError(
        `${command}: the picture ${picture} would be replaced by a result of that name; choose another folder with --out`,
      );
  }
}
