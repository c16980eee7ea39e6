/** The slabs that all sections use, one after the other: none of their maps outlives a band. */
import { borderOf } from "../../kernel/border.js";
import type { Lowered } from "../lower.js";
import { placeTensors } from "../placement.js";

/**
 * Bytes of each slab of a section. Slabs of maps with borders are not among them: their zeros must stay.
 * @throws limit-too-small
 */
export function sharedSlabs(lowered: Lowered, maxBufferSize: number): readonly number[] {
  const { slabs, inSlabs } = placeTensors(lowered, maxBufferSize);
  const own = [...inSlabs].flatMap(([{ layout }, { slab }]) => (borderOf(layout) > 0 ? [slab] : []));
  return slabs.slice(0, Math.min(slabs.length, ...own));
}

/** Bytes of each slab that serves all sections. */
export function largestSlabs(sections: readonly (readonly number[])[]): number[] {
  const largest: number[] = [];
  for (const slabs of sections) slabs.forEach((bytes, i) => (largest[i] = Math.max(largest[i] ?? 0, bytes)));
  return largest;
}
