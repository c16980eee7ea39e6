/** How the rate changes over a training. */
import { badOption } from "../base/errors.js";
import { checkKind, checkOneOf, checkOptions, describeValue } from "../base/options.js";

export const SCHEDULE_KINDS = ["constant", "poly", "cosine"] as const;

/** How the rate changes from step to step. */
export interface ScheduleOptions {
  /**
   * "constant"; "poly": rate * (1 - t / steps)^power, as in DeepLab and torchvision's reference; "cosine": half a wave
   * down to 1 % of the rate. https://arxiv.org/abs/1606.00915, section 4.1.2; https://arxiv.org/abs/1608.03983
   */
  readonly kind: (typeof SCHEDULE_KINDS)[number];
  /** Steps of the whole training. After them the last rate is kept. */
  readonly steps: number;
  /** Of "poly". Default 0.9. */
  readonly power?: number;
  /** Steps in which the rate rises from 0. Default 0. */
  readonly warmup?: number;
}

/** Share of the rate at which "cosine" ends. */
const COSINE_END = 0.01;

/** @throws bad-option */
export function checkSchedule(schedule: ScheduleOptions): ScheduleOptions {
  checkOptions("createTrainer({ schedule: { kind, steps } })", schedule, {
    kind: "a string",
    steps: "a number",
    power: "a number",
    warmup: "a number",
  });
  const { kind, steps, power = 0.9, warmup = 0 } = schedule;
  checkKind("schedule.kind", kind, "a string");
  checkOneOf("schedule.kind", kind, SCHEDULE_KINDS);
  const isCount = (value: number, least: number): boolean => Number.isInteger(value) && value >= least;
  if (!isCount(steps, 1)) throw badOption(`schedule.steps ${describeValue(steps)} must be a whole number of 1 or more`);
  if (!isCount(warmup, 0))
    throw badOption(`schedule.warmup ${describeValue(warmup)} must be a whole number of 0 or more`);
  if (!(power > 0)) throw badOption(`schedule.power ${describeValue(power)} must be a number above 0`);
  return schedule;
}

/** The rate of step `t`, from 0 on. Without a schedule it stays as it is. */
export function scheduledRate(rate: number, schedule: ScheduleOptions | undefined, t: number): number {
  if (!schedule) return rate;
  const { kind, steps, power = 0.9, warmup = 0 } = schedule;
  const done = Math.min(t, steps - 1) / steps;
  const rising = t < warmup ? (t + 1) / (warmup + 1) : 1;
  if (kind === "constant") return rate * rising;
  if (kind === "poly") return rate * rising * (1 - done) ** power;
  return rate * rising * (COSINE_END + ((1 - COSINE_END) * (1 + Math.cos(Math.PI * done))) / 2);
}
