/** Heads that a caller gives as values in memory, in place of those of a checkpoint. */
import { FcnError, badOption, hasNo } from "../../base/errors.js";
import { checkKind, checkOneOf, describeValue } from "../../base/options.js";
import { elements, formatShape } from "../../kernel/shape.js";
import { noSuchTensor } from "../../weights/checkpoint.js";
import type { Checkpoint } from "../../weights/checkpoint.js";
import { PAPER_HEADS, TORCHVISION_HEADS, isHead } from "../../weights/heads.js";
import type { Head } from "../../weights/heads.js";
import { renamed } from "../../weights/renamed.js";
import type { HeadWeights, HostTensors } from "../head-weights.js";
import { overlaid } from "./overlaid.js";
import type { TensorInMemory } from "./overlaid.js";

/** Finest first, as for heads in a file. */
const HEADS: readonly Head[] = [...PAPER_HEADS, ...TORCHVISION_HEADS];

/** A head that was chosen among others. */
export interface ChosenHead {
  readonly head: Head;
  readonly tensors: ReadonlyMap<string, TensorInMemory>;
}

/** The head that is wanted, or the finest. @throws bad-option, bad-weights */
export function chosenHead(call: string, heads: HeadWeights, wanted: Head | undefined): ChosenHead {
  checkKind(`${call}: heads`, heads, "an object of heads");
  for (const name of Object.keys(heads)) checkOneOf<string>(`${call}: heads: network`, name, HEADS);
  const head = wanted ?? HEADS.find((name) => heads[name] !== undefined);
  if (head === undefined) throw badOption(`${call}: heads is empty; give the tensors of one of ${HEADS.join(", ")}`);
  const given = heads[head];
  if (given === undefined)
    throw badOption(`${call}: ${hasNo("heads", "head", describeValue(head), Object.keys(heads))}`);
  return { head, tensors: checkedTensors(call, given) };
}

/** @throws bad-option, bad-weights */
function checkedTensors(call: string, given: HostTensors): Map<string, TensorInMemory> {
  checkKind(`${call}: tensors`, given, "an object of tensors");
  const checked = new Map<string, TensorInMemory>();
  for (const [name, tensor] of Object.entries(given)) {
    checkKind(`${call}: ${name}`, tensor, "an object { shape, data }");
    const { shape, data } = tensor;
    checkKind(`${call}: ${name}.shape`, shape, "an array");
    checkKind(`${call}: ${name}.data`, data, "a Float32Array");
    if (!shape.every((size) => Number.isInteger(size) && size > 0))
      throw badOption(
        `${call}: ${name}.shape must be whole numbers of 1 or more, got [${shape.map(describeValue).join()}]`,
      );
    const count = elements(shape);
    if (count !== data.length)
      throw new FcnError(
        "bad-weights",
        `${call}: ${name} ${formatShape(shape)} needs ${count} values, got ${data.length}`,
      );
    checked.set(name, { shape, values: () => new Float32Array(data) });
  }
  return checked;
}

/** The checkpoint (with our names) with these tensors for its heads. `prefix` is what the head's names begin with. */
export function withGivenHead(
  checkpoint: Checkpoint,
  tensors: ReadonlyMap<string, TensorInMemory>,
  prefix: string,
): Checkpoint {
  const kept = new Map<string, string>();
  for (const name of checkpoint.tensors.keys()) if (!isHead(name)) kept.set(name, name);
  const added = [...tensors].map(([name, tensor]) => [prefix + name, tensor] as const);
  return { ...overlaid(renamed(checkpoint, kept), new Map(added)), name: `${checkpoint.name} with these heads` };
}

/** A checkpoint that is nowhere but in memory. @throws bad-option, bad-weights */
export function checkpointInMemory(call: string, tensors: HostTensors): Checkpoint {
  const checked = checkedTensors(call, tensors);
  const name = "tensors in memory";
  const refuse = async (missing: string): Promise<never> => Promise.reject(noSuchTensor(name, missing));
  const empty: Checkpoint = {
    ...{ container: "memory", name, bytes: 0, metadata: new Map(), tensors: new Map() },
    read: refuse,
    readSlices: refuse,
    readFloat64: refuse,
    close: () => Promise.resolve(),
  };
  return overlaid(empty, checked);
}
