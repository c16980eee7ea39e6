/** Replaces the trained weights by those of a checkpoint: the training starts again from them. */
import { FcnError } from "../base/errors.js";
import { write } from "../gpu/memory.js";
import { formatShape } from "../kernel/shape.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { Learner } from "./learner.js";
import type { LearnerOptions } from "./learner.js";
import type { TrainingSession } from "./training-session.js";

/**
 * Moments become zero, and so does the number of steps. Nothing changes where a weight is missing or of another shape.
 * @throws bad-weights
 */
export async function loadTrained(session: TrainingSession, file: Checkpoint, options: LearnerOptions): Promise<void> {
  const learner = await Learner.create(file, { ...options, heads: "file" });
  const found = new Map(learner.trained(options.mode).map((weight) => [weight.name, weight]));
  const puts: (() => void)[] = [];
  for (const parameter of session.parameters.values()) {
    const { name, weight, moments } = parameter;
    const other = found.get(name);
    if (other?.shape.join() !== weight.shape.join()) {
      const has = other ? formatShape(other.shape) : "none";
      throw new FcnError(
        "bad-weights",
        `load: this training has ${name} ${formatShape(weight.shape)}, ${file.name} ${has}: it is of another network`,
      );
    }
    const values = await other.read();
    puts.push(() => {
      parameter.assign(session.device, values);
      for (const { memory } of moments.values()) write(session.device, memory, new ArrayBuffer(memory.size));
    });
  }
  for (const put of puts) put();
  session.steps = 0;
}
