/** What the classes of a network are called: as the caller says, as the checkpoint says, or as is usual. */
import { badOption } from "../base/errors.js";
import { defaultNames, numberedNames } from "../image/palette.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { listFault, namesIn } from "../weights/classes-metadata.js";

export interface ClassNames {
  readonly classNames: readonly string[];
  /** Set when the checkpoint names classes, but not those of the network. */
  readonly notice?: string;
}

/** @throws bad-option for names that are not texts, or not as many as there are classes */
export function checkClassNames(names: readonly string[], classes: number): readonly string[] {
  const wrong = names.findIndex((name) => typeof name !== "string");
  if (wrong >= 0) throw badOption(`classNames must be texts, number ${wrong} is none`);
  if (names.length === classes) return Object.freeze([...names]);
  throw badOption(`classNames (--class-names) names ${names.length} of ${classes} classes`);
}

/**
 * Names by class. Metadata with one word for several classes, such as "pascal-voc-21", name the set and not its
 * classes. Those that do not fit name another set: then VOC's names would be a guess, and classes get numbers.
 * @param given by the caller
 * @throws bad-option for given names that do not fit
 */
export function classNamesOf(
  { name, metadata }: Pick<Checkpoint, "name" | "metadata">,
  classes: number,
  given?: readonly string[],
): ClassNames {
  if (given) return { classNames: checkClassNames(given, classes) };
  const text = metadata.get("classes");
  const names = namesIn(text ?? "");
  if (names?.length === classes && text !== undefined) return { classNames: Object.freeze(names) };
  if (names?.length === 1 && !/^\s*[[{]/.test(text ?? "")) return { classNames: defaultNames(classes) };
  const found = names ? `name ${names.length} classes, not ${classes}` : listFault(text);
  const cure = "so they are called by number; classNames (--class-names) names them";
  return { classNames: numberedNames(classes), notice: `the metadata of ${name} ${found}, ${cure}` };
}
