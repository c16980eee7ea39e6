/**
 * The tensors that a model takes from a checkpoint, through a path-scoped reader (`at("layer1").at(0)`), so that a
 * model reads like PyTorch's names. Missing and mis-shaped tensors are collected; finish() reports them and the
 * unexpected ones in one error.
 */
import { FcnError } from "../base/errors.js";
import { shown } from "../base/printable.js";
import { formatShape } from "../kernel/shape.js";
import type { Shape } from "../kernel/shape.js";
import type { Weight } from "../kernel/weight.js";
import type { Checkpoint, TensorInfo } from "./checkpoint.js";
import { isFloatingPoint } from "./dtype.js";

/** What has been taken so far and what was wrong with it, shared by the readers of all paths. */
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

/** An expected shape; `null` leaves a dimension to the checkpoint. */
export type ShapePattern = readonly (number | null)[];

/** Names of each kind that an error lists. */
const LISTED = 5;
/** Characters of a name, with its shape, that an error shows. */
const LONGEST = 300;

export class Parameters {
  readonly #ledger: Ledger;

  private constructor(
    readonly checkpoint: Checkpoint,
    readonly prefix: string,
    ledger: Ledger,
  ) {
    this.#ledger = ledger;
  }

  static of(checkpoint: Checkpoint): Parameters {
    return new Parameters(checkpoint, "", { taken: new Set(), missing: [], misshaped: [] });
  }

  at(name: string | number): Parameters {
    return new Parameters(this.checkpoint, `${this.prefix}${name}.`, this.#ledger);
  }

  has(name: string): boolean {
    return this.checkpoint.tensors.has(this.prefix + name);
  }

  /** The shape in the file, for models that read their width from it; undefined when the tensor is missing. */
  shape(name: string): Shape | undefined {
    return this.checkpoint.tensors.get(this.prefix + name)?.shape;
  }

  /**
   * The tensor of that name. Where it is missing or mis-shaped, that is noted and a weight of the expected shape
   * stands in.
   */
  take(name: string, expected: ShapePattern): Weight {
    const full = this.prefix + name;
    this.#ledger.taken.add(full);
    const info = this.checkpoint.tensors.get(full);
    const fits = info !== undefined && matches(info.shape, expected);
    if (info === undefined) this.#ledger.missing.push(full);
    else this.#noteFault(info, expected);
    const shape = fits ? info.shape : expected.map((d) => d ?? 1);
    const { checkpoint } = this;
    return {
      name: full,
      shape,
      read: () => checkpoint.read(full),
      readSlices: (first, count) => checkpoint.readSlices(full, first, count),
    };
  }

  /** Marks tensors that belong to the file but not to this model (other heads, counters). */
  allow(belongs: (name: string) => boolean): void {
    for (const name of this.checkpoint.tensors.keys()) if (belongs(name)) this.#ledger.taken.add(name);
  }

  /** All faults so far, in full. First `allow` the tensors that may be there. */
  faults(): Faults {
    const { missing, misshaped, taken } = this.#ledger;
    return { missing, misshaped, unexpected: [...this.checkpoint.tensors.keys()].filter((name) => !taken.has(name)) };
  }

  /** @throws bad-weights with every missing, mis-shaped and unexpected tensor (the first few of each, and how many) */
  finish(model: string): void {
    const { missing, misshaped, unexpected } = this.faults();
    const parts = [list("missing", missing), list("mis-shaped", misshaped), list("unexpected", unexpected)];
    const found = parts.filter(Boolean).join("; ");
    if (found) throw new FcnError("bad-weights", `${this.checkpoint.name} does not fit ${model}: ${found}`);
  }

  #noteFault({ name, shape, dtype }: TensorInfo, expected: ShapePattern): void {
    const wanted = `[${expected.map((d) => d ?? "?").join(",")}]`;
    if (!matches(shape, expected)) this.#ledger.misshaped.push(`${name} is ${formatShape(shape)}, needed ${wanted}`);
    else if (!isFloatingPoint(dtype))
      this.#ledger.misshaped.push(`${name} holds ${dtype}, needed floating point (f32, f16, bf16, f64)`);
  }
}

function matches(shape: Shape, expected: ShapePattern): boolean {
  return shape.length === expected.length && expected.every((d, i) => d === null || d === shape[i]);
}

function list(kind: string, items: readonly string[]): string {
  if (items.length === 0) return "";
  const first = items.slice(0, LISTED).map((item) => shown(item, LONGEST));
  const more = items.length > LISTED ? `, and ${items.length - LISTED} more` : "";
  return `${items.length} ${kind} (${first.join(", ")}${more})`;
}
