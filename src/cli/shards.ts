/** Which part of a list a run works on: `--shard i/n`, or `auto`, which asks the scheduler's variables. */
import { UsageError } from "./command.js";

/** Part `part` of `parts`, from 1. */
export interface Shard {
  readonly part: number;
  readonly parts: number;
}

export interface ShardValues {
  readonly shard?: string | undefined;
  readonly of?: string | undefined;
}

export const SHARD_OPTIONS = { shard: { type: "string" }, of: { type: "string" } } as const;

type Environment = Readonly<Record<string, string | undefined>>;

const WHOLE = /^\d{1,7}$/;

/** A whole number in a variable. @throws UsageError */
function numberIn(command: string, env: Environment, name: string): number {
  const text = env[name];
  if (text === undefined || !WHOLE.test(text))
    throw new UsageError(`${command}: --shard auto: ${name} is ${text ?? "not set"}, a whole number is needed`);
  return Number(text);
}

/** @throws UsageError */
function countOf(command: string, text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text))
    throw new UsageError(`${command}: --of ${text} is not a number of shards, a whole number from 1 is needed`);
  return Number(text);
}

/**
 * The task of a Slurm array. Without `of` the array is a range, and its first task is part 1. With `of` the task's
 * number is the part, so that single tasks can be sent again.
 */
function slurmShard(command: string, env: Environment, of: number | undefined): Shard {
  const number = (name: string): number => numberIn(command, env, `SLURM_ARRAY_TASK_${name}`);
  const id = number("ID");
  if (of !== undefined) return { part: id, parts: of };
  const [first, last, count] = [number("MIN"), number("MAX"), number("COUNT")];
  const step = env.SLURM_ARRAY_TASK_STEP === undefined ? 1 : number("STEP");
  const part = (id - first) / step + 1;
  const isRange = step >= 1 && first + (count - 1) * step === last && Number.isInteger(part);
  if (!isRange)
    throw new UsageError(
      `${command}: --shard auto: the Slurm array is no range (tasks ${first} to ${last} in steps of ${step} are not ` +
        `${count}); say with --of how many shards there are, and number the tasks from 1`,
    );
  return { part, parts: count };
}

/** @throws UsageError */
function shardOfScheduler(command: string, env: Environment, of: number | undefined): Shard {
  if (env.SLURM_ARRAY_TASK_ID !== undefined) return slurmShard(command, env, of);
  if (env.JOB_COMPLETION_INDEX === undefined)
    throw new UsageError(
      `${command}: --shard auto finds neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX; ` +
        "run it in a Slurm array or an Indexed Job of Kubernetes, or give --shard i/n",
    );
  if (of === undefined)
    throw new UsageError(
      `${command}: --shard auto: Kubernetes does not tell a pod the number of completions; give it with --of`,
    );
  return { part: numberIn(command, env, "JOB_COMPLETION_INDEX") + 1, parts: of };
}

/** Undefined without --shard. @throws UsageError */
export function parseShard(
  command: string,
  { shard, of }: ShardValues,
  env: Environment = process.env,
): Shard | undefined {
  if (of !== undefined && shard !== "auto")
    throw new UsageError(`${command}: --of says how many shards --shard auto has; with --shard i/n the n says it`);
  if (shard === undefined) return undefined;
  if (shard === "auto") {
    const found = shardOfScheduler(command, env, of === undefined ? undefined : countOf(command, of));
    const { part, parts } = found;
    if (part < 1 || part > parts)
      throw new UsageError(
        `${command}: --shard auto: the scheduler's task is part ${part}, which is not in 1 to ${parts}`,
      );
    return found;
  }
  const [, part, parts] = /^([1-9]\d{0,5})\/([1-9]\d{0,5})$/.exec(shard)?.map(Number) ?? [];
  if (part === undefined || parts === undefined || part > parts)
    throw new UsageError(
      `${command}: --shard ${shard} is not of the form i/n with i from 1 to n, as in 1/8, and not auto`,
    );
  return { part, parts };
}

/** Every n-th of a list, so that all parts are alike. */
export function shardOf<T>(items: readonly T[], shard: Shard | undefined): readonly T[] {
  if (!shard) return items;
  const { part, parts } = shard;
  return items.filter((_, index) => index % parts === part - 1);
}

/** How many of `total` the shard has. */
export const shardSize = (total: number, { part, parts }: Shard): number => Math.ceil((total - part + 1) / parts);
