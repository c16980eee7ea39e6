/** What a run reads: bytes of the host, which are uploaded, or tensors, which are copied on the GPU. */
import { badShape } from "../base/errors.js";
import type { Device } from "../gpu/device.js";
import { write } from "../gpu/memory.js";
import type { Memory } from "../gpu/memory.js";
import { Tensor } from "../gpu/tensor.js";
import type { LayoutName } from "../kernel/layout.js";
import { formatShape } from "../kernel/shape.js";
import type { Nchw } from "../kernel/shape.js";

/**
 * By name: bytes in the layout that the graph declares for the input, which are copied at the call, or a tensor of that
 * shape and layout, which must stay as it is until the run has ended.
 */
export type PlanInputs = Readonly<Record<string, ArrayBufferView | Tensor>>;

interface Declared {
  readonly shape: Nchw;
  readonly layout: LayoutName;
}

/** An input as the graph declares it. */
export interface DeclaredInput extends Declared {
  readonly memory: Memory;
}

/** A copy between pieces of GPU memory of one kind and size. */
export interface Transfer {
  readonly from: Memory;
  readonly to: Memory;
}

/**
 * Uploads bytes, and returns the copies of tensors, which the run encodes. Nothing is uploaded where an input is wrong.
 * @throws bad-shape; disposed or device-lost for a tensor that is no more
 */
export function writeInputs(
  device: Device,
  declared: ReadonlyMap<string, DeclaredInput>,
  inputs: PlanInputs,
): Transfer[] {
  for (const [name, input] of declared) checkInput(device, name, input, inputs[name]);
  const transfers: Transfer[] = [];
  for (const [name, { memory }] of declared) {
    const given = inputs[name] as ArrayBufferView | Tensor;
    if (given instanceof Tensor) transfers.push({ from: given.memory, to: memory });
    else write(device, memory, given);
  }
  return transfers;
}

function checkInput(
  device: Device,
  name: string,
  input: DeclaredInput,
  given: ArrayBufferView | Tensor | undefined,
): void {
  const label = `plan: input "${name}"`;
  if (given instanceof Tensor) {
    checkTensor(device, label, input, given);
  } else if (given?.byteLength !== input.memory.size) {
    throw badShape(`${label} needs ${input.memory.size} bytes, got ${given?.byteLength ?? "none"}`);
  }
}

function checkTensor(device: Device, input: string, { shape, layout }: Declared, given: Tensor): void {
  if (given.device !== device)
    throw badShape(`${input} is on another device; read it and create it again on the plan's device`);
  given.check();
  if (given.shape.join() !== shape.join())
    throw badShape(`${input} is declared as ${formatShape(shape)}, the tensor is ${formatShape(given.shape)}`);
  if (given.layout !== layout)
    throw badShape(
      `${input} is declared with layout ${layout}, the tensor has ${given.layout}; ` +
        "declare the input with tensor.layout",
    );
}
