/**
 * What a model takes from a checkpoint. A path-scoped reader (`at("layer1").at(0)`) so that a model reads like PyTorch's names;
 * every missing and mis-shaped tensor is collected, and finish() reports them with the unexpected ones in one error.
 */
import { FcnError } from "../base/errors.js";
import { formatShape } from "../kernel/shape.js";
import type { Shape } from "../kernel/shape.js";
import type { Weight } from "../kernel/weight.js";
import type { Checkpoint } from "./checkpoint.js";

interface Ledger {
  readonly taken: Set<string>;
  readonly missing: string[];
  readonly misshaped: string[];
}

export interface Faults {
  readonly missing: readonly string[];
  /** Sentences: name, shape and what was needed. */
  readonly misshaped: readonly string[];
  readonly unexpected: readonly string[];
}

/** `null` in an expected shape leaves that dimension to the checkpoint. */
export type Pattern = readonly (number | null)[];

export class Parameters {
  private constructor(
    readonly checkpoint: Checkpoint,
    readonly prefix: string,
    private readonly ledger: Ledger,
  ) {}

  static of(checkpoint: Checkpoint): Parameters {
    return new Parameters(checkpoint, "", { taken: new Set(), missing: [], misshaped: [] });
  }

  at(name: string | number): Parameters {
    return new Parameters(this.checkpoint, `${this.prefix}${name}.`, this.ledger);
  }

  has(name: string): boolean {
    return this.checkpoint.tensors.has(this.prefix + name);
  }

  /** The shape in the file, for models that read their width from it; undefined when the tensor is missing. */
  shape(name: string): Shape | undefined {
    return this.checkpoint.tensors.get(this.prefix + name)?.shape;
  }

  /** The tensor of that name; a missing or mis-shaped one is noted and stands in with the expected shape. */
  take(name: string, expected: Pattern): Weight {
    const full = this.prefix + name;
    this.ledger.taken.add(full);
    const info = this.checkpoint.tensors.get(full);
    const fits =
      info && info.shape.length === expected.length && expected.every((d, i) => d === null || d === info.shape[i]);
    const wanted = `[${expected.map((d) => d ?? "?").join(",")}]`;
    if (!info) this.ledger.missing.push(full);
    else if (!fits) this.ledger.misshaped.push(`${full} is ${formatShape(info.shape)}, needed ${wanted}`);
    else if (!/^(f|bf)\d+$/.test(info.dtype))
      this.ledger.misshaped.push(`${full} holds ${info.dtype}, needed floating point`);
    const shape = fits ? info.shape : expected.map((d) => d ?? 1);
    return { name: full, shape, read: () => this.checkpoint.read(full) };
  }

  /** Marks tensors that belong to the file but not to this model (other heads, counters). */
  allow(matches: (name: string) => boolean): void {
    for (const name of this.checkpoint.tensors.keys()) if (matches(name)) this.ledger.taken.add(name);
  }

  /** All that is wrong so far, in full; `allow` first what may be there. */
  faults(): Faults {
    const { missing, misshaped, taken } = this.ledger;
    return { missing, misshaped, unexpected: [...this.checkpoint.tensors.keys()].filter((name) => !taken.has(name)) };
  }

  /** @throws bad-weights naming every missing, mis-shaped and unexpected tensor (the first few of each, and how many). */
  finish(model: string): void {
    const { missing, misshaped, unexpected } = this.faults();
    const parts = [list("missing", missing), list("mis-shaped", misshaped), list("unexpected", unexpected)].filter(
      Boolean,
    );
    if (parts.length)
      throw new FcnError("bad-weights", `${this.checkpoint.name} does not fit ${model}: ${parts.join("; ")}`);
  }
}

function list(kind: string, items: readonly string[]): string {
  if (!items.length) return "";
  const shown = items.slice(0, 5).join(", ");
  return `${items.length} ${kind} (${shown}${items.length > 5 ? `, and ${items.length - 5} more` : ""})`;
}
