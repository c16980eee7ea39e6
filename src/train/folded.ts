/** A checkpoint whose batch norms are folded: what a training of the whole network starts from and writes. */
import { FcnError } from "../base/errors.js";
import { elements } from "../kernel/shape.js";
import type { Checkpoint, TensorInfo } from "../weights/checkpoint.js";
import { folded } from "../weights/fold-checkpoint.js";
import type { Factors } from "../weights/fold-checkpoint.js";

/** @throws bad-weights for a norm that does not follow a convolution */
export function withFoldedNorms(file: Checkpoint): { readonly checkpoint: Checkpoint; readonly factors: Factors } {
  const names = [...file.tensors.keys()].filter((name) => !name.endsWith(".num_batches_tracked"));
  const { tensors: made, factors } = folded(file, names);
  const tensors = new Map(made.map((tensor) => [tensor.name, tensor]));
  const infos = new Map<string, TensorInfo>();
  for (const [name, { shape }] of tensors) infos.set(name, { name, shape, dtype: "f32" });
  const read = async (name: string): Promise<Float32Array<ArrayBuffer>> => {
    const tensor = tensors.get(name);
    if (!tensor) throw new FcnError("bad-weights", `${file.name} has no tensor ${name}`);
    return tensor.read();
  };
  const checkpoint: Checkpoint = {
    ...file,
    tensors: infos,
    read,
    readSlices: async (name, first, count) => {
      if (!factors.has(name)) return file.readSlices(name, first, count);
      const slice = elements(infos.get(name)?.shape.slice(1) ?? []);
      return (await read(name)).subarray(first * slice, (first + count) * slice);
    },
    readFloat64: async (name) => Float64Array.from(await read(name)),
    close: () => file.close(),
  };
  return { checkpoint, factors };
}
