/**
 * The closed list of Python names and packages that a checkpoint may mention. Most are inert: they become an Opaque
 * that nothing looks into. reduce.ts has the meaning of the others when they are called.
 *
 * https://github.com/pytorch/pytorch/blob/main/torch/_weights_only_unpickler.py has PyTorch's own, longer list.
 */

import { GlobalRef } from "./values.js";
import type { ElementType, GlobalRole } from "./values.js";

/** PyTorch's prefix of storage and tensor classes, our dtype, PyTorch's names of the dtype. */
const TYPES: readonly (readonly [string, ElementType, readonly string[]])[] = [
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
  ["ComplexFloat", "c64", ["complex64", "cfloat"]],
  ["ComplexDouble", "c128", ["complex128", "cdouble"]],
  ["QInt8", "q8", ["qint8"]],
  ["QUInt8", "q8", ["quint8"]],
  ["QUInt4x2", "q8", ["quint4x2"]],
  ["QUInt2x4", "q8", ["quint2x4"]],
  ["QInt32", "q32", ["qint32"]],
];

/** Formats without a storage class, by PyTorch's names. */
const DTYPES: readonly (readonly [string, ElementType])[] = [
  ["uint16", "u16"],
  ["uint32", "u32"],
  ["uint64", "u64"],
  ["complex32", "c32"],
  ["chalf", "c32"],
  ["float8_e4m3fn", "f8_e4m3"],
  ["float8_e5m2", "f8_e5m2"],
  ["float8_e4m3fnuz", "f8_e4m3fnuz"],
  ["float8_e5m2fnuz", "f8_e5m2fnuz"],
  ["float8_e8m0fnu", "f8_e8m0"],
];

/** Names and, as patterns, groups of names without a meaning here. */
const INERT = [
  "torch\\.(device|Tensor|strided|sparse_\\w+|per_\\w+|\\w+_format|channels_last)",
  "torch(\\.cuda)?\\.\\w+Tensor", // the old tar format names the type beside the storage
  "torch\\._utils\\._rebuild_\\w+",
  "torch\\.serialization\\._get_layout",
  "_codecs\\.encode",
  "collections\\.deque",
  "copy_?reg\\._reconstructor",
  "datetime\\.\\w+",
  "types\\.SimpleNamespace",
  "numpy(\\._?core\\.multiarray)?\\.(dtype|ndarray|scalar|_reconstruct)",
  "(builtins|__builtin__)\\.(int|float|bool|str|list|dict|tuple|bytes|bytearray)",
  "(builtins|__builtin__)\\.(complex|object|range|slice|long|unicode)",
];

/**
 * Modules and packages whose classes training scripts keep beside the weights: paths, schedulers, histories,
 * configurations. A class has a capital letter; their functions stay refused.
 */
const PACKAGES = [
  "torch\\.(optim|(cuda\\.)?amp|distributed|ao\\.quantization|torch_version|nn\\.parameter)",
  "argparse|pathlib|decimal|fractions|uuid|numpy|torchmetrics|torchvision\\.tv_tensors|timm\\.(scheduler|optim|utils)",
  "(pytorch_)?lightning(_fabric|_utilities)?|ignite|accelerate|transformers|tokenizers|wandb|hydra|omegaconf|yacs",
  "mmengine|mmcv|mmseg|fvcore|detectron2\\.config|easydict|addict|munch|ml_collections|box",
];

const HARMLESS = new RegExp(`^(${INERT.join("|")}|(${PACKAGES.join("|")})\\.([\\w.]*\\.)?_?[A-Z]\\w*)$`);
/** No longer path is on the list. */
const MAX_PATH = 200;

function makeList(): Map<string, GlobalRef> {
  const list = new Map<string, GlobalRef>();
  const add = (path: string, role: GlobalRole): void => void list.set(path, new GlobalRef(path, role));
  for (const [name, dtype, aliases] of TYPES) {
    for (const module of ["torch", "torch.cuda"]) {
      add(`${module}.${name}Storage`, { kind: "storage", dtype });
    }
    for (const alias of aliases) add(`torch.${alias}`, { kind: "dtype", dtype });
  }
  for (const [name, dtype] of DTYPES) add(`torch.${name}`, { kind: "dtype", dtype });
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
  return list;
}

const GLOBALS = makeList();

/** Length of the list, for the message about a name that is not on it. */
export const GLOBAL_COUNT = GLOBALS.size + INERT.length + PACKAGES.length;

/** The name; undefined where neither it nor, for a class, its package is on the list. */
export function findGlobal(module: string, name: string): GlobalRef | undefined {
  const path = `${module}.${name}`;
  const isInert = path.length <= MAX_PATH && HARMLESS.test(path);
  return GLOBALS.get(path) ?? (isInert ? new GlobalRef(path, { kind: "inert" }) : undefined);
}
