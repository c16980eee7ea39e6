/** Names of the networks of a set: the variant where one network has it, else "fcn8s of photos". */
import { printable, shown } from "../base/printable.js";
import { COMPARABLE, SHARED } from "./compared.js";
import { ALL } from "./network-cost.js";

/** Networks of a set at most: every two of them are compared pixel by pixel. */
export const MAX_NETWORKS = 36;

/** Characters of the short name of weights. The end of a longer one is kept, where names differ. */
const LONGEST_SHORT = 32;
/** Characters of a name in results, in which each sign may have been written as `\\u001b`. */
const LONGEST_NAME = 400;
const ENDINGS = /(\.pth\.tar|\.safetensors(\.index\.json)?|\.pth|\.pt|\.bin|\.ckpt|\.tar)$/i;

/** The folders of a path or URL and its file without its ending. */
function partsOf(weights: string): string[] {
  const path = /^[a-z]+:\/\//i.test(weights) ? weights.replace(/[?#].*$/s, "") : weights;
  const parts = path.split(/[\\/]/).filter(Boolean);
  const file = parts.pop() ?? "";
  return [...parts, file.replace(ENDINGS, "") || file];
}

/** Indices of texts that occur more than once. */
function repeated(texts: readonly string[]): number[] {
  return texts.flatMap((text, i) => (texts.indexOf(text) !== i || texts.lastIndexOf(text) !== i ? [i] : []));
}

/** The second and further ones of equal texts get a number, after `separator`. */
export function distinct(texts: readonly string[], separator = " "): string[] {
  const taken = new Set<string>();
  return texts.map((text) => {
    let own = text;
    for (let n = 2; taken.has(own); n++) own = `${text}${separator}${n}`;
    taken.add(own);
    return own;
  });
}

function fitted(name: string): string {
  const end = name.length > LONGEST_SHORT ? `...${name.slice(3 - LONGEST_SHORT)}` : name;
  return shown(end, LONGEST_SHORT) || "weights";
}

/**
 * Short names of checkpoints, no two alike: files without folders and endings, with as many folders as tell them apart.
 * What a terminal would obey is escaped.
 */
export function shortWeightsNames(weights: readonly string[]): string[] {
  const parts = weights.map(partsOf);
  const depths = weights.map(() => 1);
  const nameAt = (i: number): string => parts[i]?.slice(-(depths[i] ?? 1)).join("/") ?? "";
  for (;;) {
    const alike = repeated(weights.map((_, i) => nameAt(i)));
    const deeper = alike.filter((i) => (depths[i] ?? 0) < (parts[i]?.length ?? 0));
    if (deeper.length === 0) break;
    for (const i of deeper) depths[i] = (depths[i] ?? 0) + 1;
  }
  return distinct(weights.map((_, i) => fitted(nameAt(i))));
}

/** Networks of one checkpoint over one backbone: whose weights, and which variants. */
export interface MemberToName {
  /** Index of the checkpoint. */
  readonly of: number;
  readonly variants: readonly string[];
}

export interface GroupNames {
  readonly name: string;
  /** Names of each member's networks, in the order of its variants. */
  readonly networks: readonly (readonly string[])[];
  /** The name of what its networks share, among stages. */
  readonly shared: string;
  /** The name of all its networks over one backbone, among costs. */
  readonly together: string;
}

/** "a", "a + b", or "a + 2 more". */
function joined(titles: readonly string[]): string {
  const [first = "", second, ...others] = titles;
  if (second === undefined) return first;
  return others.length ? `${first} + ${others.length + 1} more` : `${first} + ${second}`;
}

/**
 * @param groups the members of each group
 * @param weights short names of the checkpoints, no two alike
 */
export function nameGroups(groups: readonly (readonly MemberToName[])[], weights: readonly string[]): GroupNames[] {
  const counts = new Map<string, number>();
  for (const variant of groups.flat().flatMap((member) => member.variants))
    counts.set(variant, (counts.get(variant) ?? 0) + 1);
  const titleOf = (member: MemberToName, group: number): string => {
    const isSecond = groups.slice(0, group).some((own) => own.some(({ of }) => of === member.of));
    return `${weights[member.of] ?? ""}${isSecond ? " dilated" : ""}`;
  };
  const names = distinct(groups.map((members, i) => joined(members.map((member) => titleOf(member, i)))));
  return groups.map((members, i) => {
    const name = names[i] ?? "";
    const nameOf = (variant: string, of: number): string =>
      (counts.get(variant) ?? 0) > 1 ? `${variant} of ${weights[of]}` : variant;
    const networks = members.map(({ of, variants }) => variants.map((variant) => nameOf(variant, of)));
    return { name, networks, ...partsOfGroup(name, groups.length) };
  });
}

/** Names of a group's parts, alone or among several groups. */
export function partsOfGroup(name: string, groups: number): Pick<GroupNames, "shared" | "together"> {
  const suffix = groups > 1 ? ` of ${name}` : "";
  return { shared: SHARED + suffix, together: ALL + suffix };
}

/** Whether text can be the name of weights or of a group, as these functions give it. */
export const isShownName = (text: unknown): text is string =>
  typeof text === "string" &&
  text.length > 0 &&
  text.length <= LONGEST_NAME &&
  !/[\n\t]/.test(printable(text)) &&
  printable(text) === text;

/** Whether text can be the name of a network. */
export const isNetworkName = (text: unknown): text is string =>
  isShownName(text) && COMPARABLE.some((variant) => text === variant || text.startsWith(`${variant} of `));
