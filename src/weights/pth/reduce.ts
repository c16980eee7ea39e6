/**
 * The few calls that a checkpoint needs: make a tensor, a parameter, a dict, a set. No code of a file is run, and
 * arguments that do not fit a call give undefined.
 */

import { MAX_RANK } from "../checkpoint.js";
import { dtypeBits } from "../dtype.js";
import { Dict, GlobalRef, Opaque, Parameter, Sequence, StorageRef, TensorRef, itemsOf, wholeNumber } from "./values.js";
import type { ElementType, GlobalRole, PickleValue } from "./values.js";

/** Counts items before they are copied. @throws bad-weights when there are more than the pickle can hold */
type Charge = (items: number) => void;

/** The meaning of `callee(*args)`; undefined where the arguments do not fit. */
export function reduce(callee: GlobalRef, args: readonly PickleValue[], charge: Charge): PickleValue | undefined {
  const { role } = callee;
  const [first] = args;
  switch (role.kind) {
    case "rebuild":
      return rebuild(role.form, args);
    case "parameter":
      return makeParameter(first);
    case "dict":
      return makeDict(args, charge);
    case "set":
      charge(itemsOf(first).length);
      return new Sequence("set", itemsOf(first).slice());
    case "size":
      return first instanceof Sequence ? new Sequence("tuple", first.items) : undefined;
    case "inert":
      return new Opaque(callee.path);
    case "storage":
    case "dtype":
      return undefined;
  }
}

/** A storage from a persistent id `('storage', class, key, location, numel[, view])`; undefined for any other id. */
export function storageFromId(id: PickleValue): StorageRef | undefined {
  const [tag, type, key, , count, view] = itemsOf(id);
  if (tag !== "storage" || typeof key !== "string") return undefined;
  if (!(type instanceof GlobalRef) || type.role.kind !== "storage") return undefined;
  const { dtype } = type.role;
  const width = dtypeBits(dtype) / 8;
  const numel = wholeNumber(count);
  if (numel === undefined || !Number.isSafeInteger(numel * width)) return undefined;
  if (view === undefined || view === null) return new StorageRef(key, dtype, numel * width);
  // Files before PyTorch 0.4: (key of the view, first element, elements).
  const [, from, elements] = itemsOf(view);
  const first = wholeNumber(from);
  const size = wholeNumber(elements);
  if (first === undefined || size === undefined || first + size > numel) return undefined;
  return new StorageRef(key, dtype, numel * width, { start: first * width, byteLength: size * width });
}

type RebuildForm = (GlobalRole & { kind: "rebuild" })["form"];

function rebuild(form: RebuildForm, args: readonly PickleValue[]): PickleValue | undefined {
  const [first, , third] = args;
  switch (form) {
    case "tensor":
      return makeTensor(args, args[6]);
    case "tensor-v3": {
      const type = args[6];
      return type instanceof GlobalRef && type.role.kind === "dtype"
        ? makeTensor(args, args[7], type.role.dtype)
        : undefined;
    }
    case "parameter":
      return first instanceof TensorRef || first instanceof Opaque ? first : undefined;
    case "from-type": // (function, class, its arguments, attributes), for tensors that carry attributes
      // One level only: a file must not choose how deep this recursion goes.
      if (!(first instanceof GlobalRef)) return undefined;
      if (first.role.kind === "inert") return new Opaque(first.path);
      if (first.role.kind !== "rebuild" || first.role.form === "from-type") return undefined;
      return third instanceof Sequence ? rebuild(first.role.form, third.items) : undefined;
  }
}

/** (storage, offset, sizes, strides, ...), all counted in elements. `bits` are PyTorch's `{"neg": True}`, or none. */
function makeTensor(
  [storage, first, sizes, steps]: readonly PickleValue[],
  bits: PickleValue | undefined,
  dtype?: ElementType,
): TensorRef | undefined {
  const offset = wholeNumber(first);
  const shape = wholeNumbers(sizes);
  const strides = wholeNumbers(steps);
  if (!(storage instanceof StorageRef) || offset === undefined || shape === undefined || strides === undefined)
    return undefined;
  if (shape.length !== strides.length) return undefined;
  const isNegated = bits instanceof Dict && bits.entries.findLast(([key]) => key === "neg")?.[1] === true;
  return new TensorRef(storage, dtype ?? storage.dtype, { offset, shape, strides }, isNegated);
}

/** A tuple or list of non-negative whole numbers. */
function wholeNumbers(value: PickleValue | undefined): number[] | undefined {
  if (!(value instanceof Sequence) || value.items.length > MAX_RANK) return undefined;
  const numbers: number[] = [];
  for (const item of value.items) {
    const number = wholeNumber(item);
    if (number === undefined) return undefined;
    numbers.push(number);
  }
  return numbers;
}

function makeParameter(data: PickleValue | undefined): Parameter | undefined {
  if (data === undefined || data === null || data instanceof Opaque) return new Parameter(undefined);
  return data instanceof TensorRef ? new Parameter(data) : undefined;
}

/** `OrderedDict()`, Python 2's `OrderedDict([[k, v], ...])`, `Counter({...})`, `defaultdict(list)`. */
function makeDict(args: readonly PickleValue[], charge: Charge): Dict | undefined {
  const made = new Dict();
  for (const arg of args) {
    // Few bytes can name one large argument many times: count its items before each copy.
    charge(arg instanceof Dict ? arg.entries.length : itemsOf(arg).length);
    if (arg instanceof Dict) for (const pair of arg.entries) made.entries.push(pair);
    for (const pair of itemsOf(arg)) {
      const [key, value] = itemsOf(pair);
      if (key === undefined || value === undefined) return undefined;
      made.entries.push([key, value]);
    }
  }
  return made;
}
