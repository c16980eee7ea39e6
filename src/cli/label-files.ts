/** Where the label maps of pictures are. Deals in names only; decodes nothing. */
import { existsSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { nativePath } from "../base/native-path.js";
import { UsageError } from "./command.js";
import { stem } from "./own-names.js";

const withoutEnding = (path: string): string => join(dirname(path), stem(path));

/** Of `a/b/c`: `a/b/c`, `b/c`, `c`. */
function endsOf(path: string): string[] {
  const parts = path.split(sep).filter((part) => part !== "" && part !== ".");
  return parts.map((_, i) => parts.slice(i).join(sep));
}

/**
 * `NAME.label.png` beside the picture. In the folder `labels`, where given, `NAME.png` or `NAME.label.png` at the same
 * relative path as the picture: for `photos/a/1.jpg` `photos/a/1.png`, `a/1.png` or `1.png`, the longest first.
 */
export function labelOf(picture: string, labels: string | undefined): string | undefined {
  const name = withoutEnding(picture);
  if (labels === undefined) return [`${name}.label.png`].find((place) => existsSync(nativePath(place)));
  const places = endsOf(name).flatMap((end) => [join(labels, `${end}.png`), join(labels, `${end}.label.png`)]);
  return places.find((place) => resolve(place) !== resolve(picture) && existsSync(nativePath(place)));
}

interface Labelled {
  readonly picture: string;
  readonly label?: string;
}

/**
 * Refuses a folder of label maps that fits none of the pictures, and one map for pictures of different names.
 * @throws UsageError
 */
export function checkLabels(command: string, items: readonly Labelled[], labels: string): void {
  const pictureOf = new Map<string, string>();
  for (const { picture, label } of items) {
    if (label === undefined) continue;
    const before = pictureOf.get(label);
    if (before !== undefined && withoutEnding(resolve(before)) !== withoutEnding(resolve(picture)))
      throw new UsageError(
        `${command}: ${before} and ${picture} would share the label map ${label}; ` +
          "give the maps the relative paths of their pictures, below --labels",
      );
    pictureOf.set(label, picture);
  }
  const [first] = items;
  if (pictureOf.size || !first) return;
  const name = stem(first.picture);
  throw new UsageError(
    `${command}: ${noneHasLabels(items.length)} in the folder ${labels} (--labels); ` +
      `the map of ${first.picture} would be ${name}.png or ${name}.label.png in it`,
  );
}

/** "none of the 3 pictures to train on has a label map" */
export function noneHasLabels(pictures: number, which = ""): string {
  return pictures === 1
    ? `the picture${which} has no label map`
    : `none of the ${pictures} pictures${which} has a label map`;
}

/** Refuses an option about label maps where there are none. @throws UsageError */
export function needLabels(command: string, items: readonly Labelled[], option: string): void {
  if (items.some(({ label }) => label !== undefined)) return;
  throw new UsageError(
    `${command}: --${option} is about label maps, and ${noneHasLabels(items.length)}; ` +
      "the map of NAME.jpg is NAME.label.png beside it, or NAME.png in the folder --labels",
  );
}
