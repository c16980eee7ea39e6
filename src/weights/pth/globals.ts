/**
 * The closed list of Python names that a checkpoint may mention. Most are inert: they become an Opaque that nothing
 * looks into. reduce.ts has the meaning of the others when they are called.
 *
 * https://github.com/pytorch/pytorch/blob/main/torch/_weights_only_unpickler.py has PyTorch's own, longer list.
 */

import type { StoredDType } from "../dtype.js";
import { GlobalRef } from "./values.js";
import type { GlobalRole } from "./values.js";

/** PyTorch's prefix of storage and tensor classes, our dtype, PyTorch's names of the dtype. */
const TYPES: readonly (readonly [string, StoredDType, readonly string[]])[] = [
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

/** Length of the list, for the message about a name that is not on it. */
export const GLOBAL_COUNT = GLOBALS.size;

/** The name, or undefined where it is not on the list. */
export function findGlobal(module: string, name: string): GlobalRef | undefined {
  return GLOBALS.get(`${module}.${name}`);
}
