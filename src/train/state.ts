/** The state of a training as a safetensors file: weights, what the optimiser keeps for each, and the steps done. */
import { FcnError, badOption } from "../base/errors.js";
import { typeName } from "../base/options.js";
import { write } from "../gpu/memory.js";
import type { Tensor } from "../gpu/tensor.js";
import { openCheckpoint } from "../weights/open.js";
import { localSource } from "../weights/source.js";
import type { TensorToWrite } from "../weights/safetensors-writer.js";
import { safetensorsBytes } from "./checkpoint-bytes.js";
import type { TrainingSession } from "./training-session.js";

/** Of the metadata: what the file is, and how many steps were done. */
const FORMAT = "fcn-training 1";

function tensorToWrite(name: string, tensor: Tensor): TensorToWrite {
  const { shape } = tensor;
  return { name, shape, dtype: "f32", read: async () => new Float32Array(await tensor.read()) };
}

export async function stateBytes(session: TrainingSession): Promise<Uint8Array<ArrayBuffer>> {
  const tensors = [...session.parameters.values()].flatMap(({ name, values, kept }) => [
    tensorToWrite(name, values),
    ...[...kept].map(([moment, tensor]) => tensorToWrite(`${name}.${moment}`, tensor)),
  ]);
  return safetensorsBytes(
    tensors,
    new Map([
      ["format", FORMAT],
      ["steps", `${session.steps}`],
    ]),
  );
}

/** @throws bad-weights where the file is not a state, or one of another network or optimiser */
export async function readState(session: TrainingSession, bytes: Uint8Array): Promise<void> {
  if (!ArrayBuffer.isView(bytes)) throw badOption(`trainer.restore: give what state() gave, got ${typeName(bytes)}`);
  const file = await openCheckpoint(await localSource(bytes));
  try {
    const steps = Number(file.metadata.get("steps"));
    if (file.metadata.get("format") !== FORMAT || !Number.isSafeInteger(steps) || steps < 0)
      throw new FcnError("bad-weights", "restore: the file is no state of a training; give one that state() made");
    const read = async (name: string, shape: readonly number[]): Promise<Float32Array> => {
      const info = file.tensors.get(name);
      if (info?.shape.join() === shape.join()) return file.read(name);
      const has = info ? `[${info.shape.join()}]` : "none";
      throw new FcnError(
        "bad-weights",
        `restore: this training has ${name} [${shape.join()}], the state ${has}: it is of another network or optimiser`,
      );
    };
    // All are read before any is written, so that a wrong file changes nothing.
    const found: (() => void)[] = [];
    for (const parameter of session.parameters.values()) {
      const values = await read(parameter.name, parameter.shape);
      found.push(() => parameter.assign(session.device, values));
      for (const [moment, tensor] of parameter.kept) {
        const data = await read(`${parameter.name}.${moment}`, tensor.shape);
        found.push(() => write(session.device, tensor.memory, padded(data, tensor.memory.size)));
      }
    }
    for (const put of found) put();
    session.steps = steps;
  } finally {
    await file.close();
  }
}

function padded(values: Float32Array, bytes: number): ArrayBuffer {
  const whole = new Float32Array(bytes / 4);
  whole.set(values);
  return whole.buffer;
}
