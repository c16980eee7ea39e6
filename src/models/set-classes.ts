/** The classes of a set of networks: how many, and what they are called. All networks must have the same. */
import { FcnError } from "../base/errors.js";
import { VOC_CLASSES } from "../image/palette.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { namesIn } from "../weights/classes-metadata.js";
import { checkClassNames, classNamesOf } from "./class-names.js";

/** Networks of one checkpoint. */
export interface NetworkClasses {
  /** Short name of the weights. */
  readonly name: string;
  readonly checkpoint: Pick<Checkpoint, "name" | "metadata">;
  readonly classes: number;
}

export interface SetClasses {
  readonly classes: number;
  readonly classNames: readonly string[];
  /** Set when a checkpoint names other classes than its networks have, or none where another one names them. */
  readonly notice: string | undefined;
}

/** Whether the checkpoint itself says what its classes are called. */
function isNamed({ checkpoint, classes }: NetworkClasses): boolean {
  const text = checkpoint.metadata.get("classes") ?? "";
  const names = namesIn(text) ?? [];
  const isOfVoc = names.length === 1 && text.trim() !== "" && classes === VOC_CLASSES.length;
  return text !== "" && (names.length === classes || isOfVoc);
}

/** @throws bad-weights when the numbers of classes differ */
function commonCount(all: readonly NetworkClasses[]): number {
  const [first] = all;
  if (!first) return 0;
  const other = all.find(({ classes }) => classes !== first.classes);
  if (!other) return first.classes;
  throw new FcnError(
    "bad-weights",
    `compare: ${first.name} has ${first.classes} classes and ${other.name} has ${other.classes}; only networks of ` +
      "the same classes can be compared, so compare them in runs of their own",
  );
}

const namesOf = ({ checkpoint, classes }: NetworkClasses): readonly string[] =>
  classNamesOf(checkpoint, classes).classNames;

/** @throws bad-weights when two checkpoints name a class differently */
function checkNames(named: readonly NetworkClasses[]): void {
  const [first, ...others] = named;
  if (!first) return;
  const names = namesOf(first);
  for (const other of others) {
    const own = namesOf(other);
    const label = own.findIndex((name, i) => name !== names[i]);
    if (label < 0) continue;
    throw new FcnError(
      "bad-weights",
      `compare: class ${label} is ${JSON.stringify(names[label])} in ${first.name} and ` +
        `${JSON.stringify(own[label])} in ${other.name}; if they mean the same classes, classNames ` +
        "(--class-names) names those of all networks",
    );
  }
}

/** Why the names may be wrong, for those checkpoints that do not say them. */
function noticeOf(all: readonly NetworkClasses[], source: NetworkClasses | undefined): string | undefined {
  const notices = all.flatMap((own) => {
    const { notice, classNames } = classNamesOf(own.checkpoint, own.classes);
    if (!source) return notice ?? [];
    const isSame = namesOf(source).every((name, i) => name === classNames[i]);
    return isSame ? [] : `${own.name} does not name its classes; they are called as those of ${source.name}`;
  });
  return [...new Set(notices)].join("; ") || undefined;
}

/**
 * Names that the caller gives, or those of the checkpoints that have names, or the usual ones.
 * @throws bad-weights where the checkpoints do not go together, bad-option for given names that do not fit
 */
export function setClasses(all: readonly NetworkClasses[], given?: readonly string[]): SetClasses {
  const classes = commonCount(all);
  if (given) return { classes, classNames: checkClassNames(given, classes), notice: undefined };
  const named = all.filter(isNamed);
  checkNames(named);
  const [source] = named;
  const first = source ?? all[0];
  return { classes, classNames: first ? namesOf(first) : [], notice: noticeOf(all, source) };
}
