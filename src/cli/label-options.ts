/** What `--void` and `--map` say about the values of label maps. */
import type { LabelMeaning } from "../image/label-meaning.js";
import { VOID_LABEL } from "../image/palette.js";
import { UsageError, listOf } from "./command.js";

export interface LabelOptions {
  readonly void?: string | undefined;
  readonly map?: string | undefined;
  /** PASCAL VOC's folder: its maps mark void with 255. */
  readonly voc?: string | undefined;
}

/** Values of label maps have 16 bits at most. */
const MAX_VALUE = 65535;

function valueOf(command: string, option: string, text: string): number {
  const value = /^(0|[1-9]\d{0,4})$/.test(text) ? Number(text) : Infinity;
  if (value > MAX_VALUE)
    throw new UsageError(`${command}: --${option} takes values of label maps, 0 to ${MAX_VALUE}, not "${text}"`);
  return value;
}

/** "255=15,3=0" */
function parseMap(command: string, text: string): Map<number, number> {
  const classOf = new Map<number, number>();
  for (const part of listOf(text)) {
    const [from, to, ...rest] = part.split("=").map((side) => side.trim());
    if (from === undefined || to === undefined || rest.length)
      throw new UsageError(`${command}: --map takes FROM=TO,... as in 255=15, not "${part}"`);
    const value = valueOf(command, "map", from);
    if (classOf.has(value)) throw new UsageError(`${command}: --map names ${value} twice`);
    classOf.set(value, valueOf(command, "map", to));
  }
  return classOf;
}

/** @throws UsageError */
export function labelMeaningOf({ void: voidList, map, voc }: LabelOptions, command = "compare"): LabelMeaning {
  const standard = voc === undefined ? [] : [VOID_LABEL];
  const listed = voidList === undefined ? standard : listOf(voidList).map((part) => valueOf(command, "void", part));
  const voids = new Set(listed);
  const classOf = map === undefined ? new Map<number, number>() : parseMap(command, map);
  for (const value of classOf.keys()) {
    if (!voids.has(value)) continue;
    if (voidList !== undefined) throw new UsageError(`${command}: ${value} is in --void and in --map; leave out one`);
    voids.delete(value);
  }
  return { voids, classOf };
}

/** @throws UsageError when the network lacks a class that --map names, or has no label to spare for --void */
export function checkMeaning({ voids, classOf }: LabelMeaning, classes: number, command = "compare"): void {
  for (const [from, to] of classOf) {
    if (to >= classes)
      throw new UsageError(`${command}: --map ${from}=${to}: the network's classes are 0 to ${classes - 1}`);
  }
  if (voids.size && classes > VOID_LABEL)
    throw new UsageError(`${command}: --void needs a label that no class has; the network has ${classes} classes`);
}

/** The options as one text, for the header of results; undefined when labels count as they are. */
export function describeMeaning({ voids, classOf }: LabelMeaning): string | undefined {
  const ascending = (a: number, b: number): number => a - b;
  const pairs = [...classOf].filter(([from, to]) => from !== to).sort(([a], [b]) => ascending(a, b));
  const others = [...voids].filter((value) => value !== VOID_LABEL).sort(ascending);
  const parts = [...others.map((value) => `${value}=void`), ...pairs.map(([from, to]) => `${from}=${to}`)];
  return parts.length ? parts.join(",") : undefined;
}
