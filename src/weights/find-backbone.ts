/** Where the backbone lies among the tensors of a file, below whatever wrappers put before every name. */
import { dictionaryOf } from "./checkpoint.js";
import type { Checkpoint } from "./checkpoint.js";
import { schemeOfName } from "./name-schemes.js";
import type { NamingScheme } from "./name-schemes.js";
import { otherNetwork } from "./other-networks.js";
import { badWeights, quote, quoteFirst } from "./source.js";

/** Segments that DataParallel and torch.compile put anywhere into a name. */
const WRAPPERS = new Set(["module", "_orig_mod"]);
/** Lightning's prefix of every name. It may come twice. */
const LIGHTNING = "model.";

const KNOWN =
  "torchvision's, timm's or Hugging Face's ResNet, MobileNetV2 or VGG-16, of pytorch-fcn, DETR or this library";

/** Where the backbone lies, and in whose names. */
export interface FoundBackbone {
  /** The text before each of its names, such as `backbone.`. */
  readonly prefix: string;
  readonly scheme: NamingScheme;
}

/**
 * Names without what wrappers put into them, in the same order. A file whose every name begins with "model." may be
 * DETR's: its backbone is found all the same.
 */
export function unwrapNames(names: readonly string[]): string[] {
  const unwrapped = names.map(withoutWrappers);
  const inModel = (start: number): boolean => unwrapped.every((name) => name.startsWith(LIGHTNING, start));
  let start = 0;
  while (unwrapped.length > 0 && start < 2 * LIGHTNING.length && inModel(start)) start += LIGHTNING.length;
  return unwrapped.map((name) => name.slice(start));
}

function withoutWrappers(name: string): string {
  if (!name.includes("module") && !name.includes("_orig_mod")) return name;
  return name
    .split(".")
    .filter((part) => !WRAPPERS.has(part))
    .join(".");
}

/**
 * `names` are the file's names without what wrappers put into them.
 * @throws bad-weights when there is no backbone, or more than one and none of them is `backbone.`
 */
export function findBackbone(file: Checkpoint, names: readonly string[]): FoundBackbone {
  const found = new Map<string, FoundBackbone>();
  for (const name of names) {
    const told = schemeOfName(name);
    if (told && !found.has(told.prefix)) found.set(told.prefix, told);
  }
  const [first, ...others] = found.values();
  if (!first) {
    checkOther(file, otherNetwork(names));
    const more = names.length > 4 ? ", ..." : "";
    const tensors = `its tensors (${names.length}: ${quoteFirst(names)}${more})`;
    throw badWeights(file.name, `${tensors} are not a backbone's; the names of ${KNOWN} are needed`);
  }
  const own = found.get("backbone.");
  if (others.length > 0 && !own) {
    const [top, places] = [dictionaryOf(file), [...found.keys()]];
    throw badWeights(file.name, severalBackbones(top ? places.map((place) => `${top}.${place}`) : places));
  }
  const place = own ?? first;
  const below = names.filter((name) => name.startsWith(place.prefix)).map((name) => name.slice(place.prefix.length));
  checkOther(file, place.scheme.other?.(below));
  return place;
}

/** @throws bad-weights for the name of a network that is not a backbone here */
function checkOther(file: Checkpoint, network: string | undefined): void {
  if (network === undefined) return;
  throw badWeights(file.name, `it is ${network}; ResNet, MobileNetV2 or VGG-16 is needed`);
}

/** Whether the names include a backbone's, whatever stands before them. */
export function hasBackbone(names: Iterable<string>): boolean {
  for (const name of names) if (schemeOfName(name)) return true;
  return false;
}

/** The fault and its cure, where each of `places` holds a backbone. `wanted` was asked for and is none of them. */
export function severalBackbones(places: readonly string[], wanted?: string): string {
  const names = quoteFirst(places);
  const first = (places.find((place) => place !== "") ?? "").replace(/(\.backbone)?\.$/, "");
  const missing = wanted === undefined ? "" : `, none under ${quote(wanted)}`;
  return `it holds more than one network (under ${names})${missing}; ${chooseSentence(first)}`;
}

/** How to choose the network under `place`. */
export const chooseSentence = (place: string): string =>
  `choose one with stateDict: ${quote(place)} (--state-dict ${place.slice(0, 80)})`;
