/**
 * The closed list of Python names that a checkpoint may mention, and the few calls that mean something here (make a
 * tensor, a parameter, a dict). All other listed names are inert: they become an Opaque and are never looked into.
 *
 * https://github.com/pytorch/pytorch/blob/main/torch/_weights_only_unpickler.py has PyTorch's own, longer list.
 */

import { MAX_RANK } from "../checkpoint.js";
import { DTYPE_BYTES } from "../dtype.js";
import type { DType } from "../dtype.js";
import { Dict, GlobalRef, Opaque, Parameter, Sequence, StorageRef, TensorRef, wholeNumber } from "./values.js";
import type { GlobalRole, Value } from "./values.js";

const TYPES: readonly (readonly [string, DType, readonly string[]])[] = [
  ["Float", "f32", ["float32", "float"]],
  ["Double", "f64", ["float64", "double"]],
  ["Half", "f16", ["float16", "half"]],
  ["BFloat16", "bf16", ["bfloat16"]],
  ["Long", "i64", ["int64", "long"]],
  ["Int", "i32", ["int32", "int"]],
  ["Short", "i16", ["int16", "short"]],
  ["Char", "i8", ["int8"]],
  ["Byte", "u8", ["uint8"]],
  ["Bool", "bool", ["bool"]],
];

const INERT = [
  "argparse.Namespace",
  "torch.device",
  "torch.Tensor",
  "_codecs.encode",
  "numpy.dtype",
  "numpy.ndarray",
  "numpy.core.multiarray.scalar",
  "numpy._core.multiarray.scalar",
  "numpy.core.multiarray._reconstruct",
  "numpy._core.multiarray._reconstruct",
  ...["builtins", "__builtin__"].flatMap((module) =>
    ["int", "float", "bool", "str", "list", "dict", "tuple"].map((name) => `${module}.${name}`),
  ),
];

function makeList(): Map<string, GlobalRef> {
  const list = new Map<string, GlobalRef>();
  const add = (path: string, role: GlobalRole): void => void list.set(path, new GlobalRef(path, role));
  for (const [name, dtype, aliases] of TYPES) {
    for (const module of ["torch", "torch.cuda"]) {
      add(`${module}.${name}Storage`, { kind: "storage", dtype });
      add(`${module}.${name}Tensor`, { kind: "inert" }); // the old tar format names the type beside the storage
    }
    for (const alias of aliases) add(`torch.${alias}`, { kind: "dtype", dtype });
  }
  // Untyped storages count in bytes; the tensor names its dtype.
  for (const module of ["torch", "torch.storage"]) add(`${module}.UntypedStorage`, { kind: "storage", dtype: "u8" });
  add("torch._utils._rebuild_tensor", { kind: "rebuild", form: "tensor" });
  add("torch._utils._rebuild_tensor_v2", { kind: "rebuild", form: "tensor" });
  add("torch._utils._rebuild_tensor_v3", { kind: "rebuild", form: "tensor-v3" });
  add("torch._utils._rebuild_parameter", { kind: "rebuild", form: "parameter" });
  add("torch._utils._rebuild_parameter_with_state", { kind: "rebuild", form: "parameter" });
  add("torch._tensor._rebuild_from_type_v2", { kind: "rebuild", form: "from-type" });
  for (const path of ["torch.nn.parameter.Parameter", "torch.nn.Parameter"]) add(path, { kind: "parameter" });
  add("torch.Size", { kind: "size" });
  for (const name of ["OrderedDict", "defaultdict", "Counter"]) add(`collections.${name}`, { kind: "dict" });
  for (const name of ["builtins.set", "__builtin__.set", "builtins.frozenset", "__builtin__.frozenset"])
    add(name, { kind: "set" });
  for (const path of INERT) add(path, { kind: "inert" });
  return list;
}

const GLOBALS = makeList();

/** How many names the list has, for the message about one it does not have. */
export const GLOBAL_COUNT = GLOBALS.size;

/** The name, or undefined where it is not on the list. */
export function findGlobal(module: string, name: string): GlobalRef | undefined {
  return GLOBALS.get(`${module}.${name}`);
}

/** A tuple or list of non-negative whole numbers. */
function wholeNumbers(value: Value | undefined): number[] | undefined {
  if (!(value instanceof Sequence) || value.items.length > MAX_RANK) return undefined;
  const numbers: number[] = [];
  for (const item of value.items) {
    const number = wholeNumber(item);
    if (number === undefined) return undefined;
    numbers.push(number);
  }
  return numbers;
}

/** A storage from a persistent id `('storage', class, key, location, numel[, view])`; undefined where it is none. */
export function storageFromId(id: Value): StorageRef | undefined {
  if (!(id instanceof Sequence)) return undefined;
  const [tag, type, key, , count, window] = id.items;
  const numel = wholeNumber(count);
  if (tag !== "storage" || !(type instanceof GlobalRef) || type.role.kind !== "storage" || typeof key !== "string")
    return undefined;
  const { dtype } = type.role;
  const width = DTYPE_BYTES[dtype];
  if (numel === undefined || !Number.isSafeInteger(numel * width)) return undefined;
  if (window === undefined || window === null) return new StorageRef(key, dtype, numel * width, 0, numel * width);
  // Files before PyTorch 0.4: (key of the view, first element, elements).
  if (!(window instanceof Sequence)) return undefined;
  const [first, size] = [wholeNumber(window.items[1]), wholeNumber(window.items[2])];
  if (first === undefined || size === undefined || first + size > numel) return undefined;
  return new StorageRef(key, dtype, numel * width, first * width, size * width);
}

function tensor(args: readonly Value[], dtype?: DType): TensorRef | undefined {
  const [storage, first, sizes, steps] = args;
  const [offset, shape, strides] = [wholeNumber(first), wholeNumbers(sizes), wholeNumbers(steps)];
  if (!(storage instanceof StorageRef) || offset === undefined || shape === undefined || strides === undefined)
    return undefined;
  if (shape.length !== strides.length) return undefined;
  return new TensorRef(storage, dtype ?? storage.dtype, offset, shape, strides);
}

function rebuild(form: (GlobalRole & { kind: "rebuild" })["form"], args: readonly Value[]): Value | undefined {
  const [first, , third] = args;
  switch (form) {
    case "tensor":
      return tensor(args);
    case "tensor-v3": {
      const type = args[6];
      return type instanceof GlobalRef && type.role.kind === "dtype" ? tensor(args, type.role.dtype) : undefined;
    }
    case "parameter":
      return first instanceof TensorRef ? first : undefined;
    case "from-type": // (function, class, its arguments, attributes), for tensors that carry attributes
      // One level only: a file must not choose how deep this recursion goes.
      if (!(first instanceof GlobalRef) || first.role.kind !== "rebuild" || first.role.form === "from-type")
        return undefined;
      return third instanceof Sequence ? rebuild(first.role.form, third.items) : undefined;
  }
}

/** `OrderedDict()`, Python 2's `OrderedDict([[k, v], ...])`, `Counter({...})`, `defaultdict(list)`. */
function dict(args: readonly Value[]): Dict | undefined {
  const made = new Dict();
  for (const arg of args) {
    if (arg instanceof Dict) for (const pair of arg.entries) made.entries.push(pair);
    if (!(arg instanceof Sequence)) continue;
    for (const pair of arg.items) {
      if (!(pair instanceof Sequence)) return undefined;
      const [key, value] = pair.items;
      if (key === undefined || value === undefined) return undefined;
      made.entries.push([key, value]);
    }
  }
  return made;
}

/** What `callee(*args)` means here; undefined where the arguments do not fit. Runs nothing that the file brings. */
export function reduce(callee: GlobalRef, args: readonly Value[]): Value | undefined {
  const { role } = callee;
  const [first] = args;
  switch (role.kind) {
    case "rebuild":
      return rebuild(role.form, args);
    case "parameter":
      return first === undefined || first === null || first instanceof TensorRef
        ? new Parameter(first ?? undefined)
        : undefined;
    case "dict":
      return dict(args);
    case "set":
      return new Sequence("set", first instanceof Sequence ? [...first.items] : []);
    case "size":
      return first instanceof Sequence ? new Sequence("tuple", first.items) : undefined;
    case "inert":
      return new Opaque(callee.path);
    case "storage":
    case "dtype":
      return undefined;
  }
}
