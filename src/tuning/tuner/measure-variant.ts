/**
 * Times one kernel variant on one problem. Everything is zeros, as memory is when it is made: nothing is packed,
 * uploaded or read back. The GPU's clock is used where the device has timestamps, the host's clock elsewhere.
 */
import { Dummies, bindGroupEntries, slotsOf } from "../../gpu/bindings.js";
import type { Slot } from "../../gpu/bindings.js";
import type { Device } from "../../gpu/device.js";
import { encodeDispatch, gridOf, packParams } from "../../gpu/dispatch.js";
import type { Dispatch } from "../../gpu/dispatch.js";
import { BUFFER, MAP_MODE_READ } from "../../gpu/flags.js";
import { bindingOf, checkFits, createBuffer, createTexture, destroy, write } from "../../gpu/memory.js";
import type { Memory } from "../../gpu/memory.js";
import { weightMemory } from "../../gpu/upload.js";
import { pipelinesOf } from "../../gpu/pipelines.js";
import { wantedBorders } from "../../kernel/border-rules.js";
import { layoutOf } from "../../kernel/choice.js";
import type { Kernel } from "../../kernel/kernel.js";
import { layoutNamed } from "../../kernel/layout.js";
import { plainPacking } from "../../kernel/packings.js";
import type { AnyProblem } from "../../kernel/problem.js";
import { elements } from "../../kernel/shape.js";
import type { Nchw, Shape } from "../../kernel/shape.js";
import type { AnyVariant, Packing } from "../../kernel/variant.js";
import { importStageTimer } from "../../plan/stages/import-stage-timer.js";
import type { TimesStages } from "../../plan/stages/stages.js";

/** Dispatches in a run. Enough for a clock of 100 us (browsers coarsen theirs) to tell variants apart. */
const REPEATS = 8;
const ROUNDS = 3;
/** A variant that is this many times slower than `limit` gets no further round. */
const GIVE_UP_FACTOR = 2;

const UNTIMED = "before";
const TIMED = "timed";
/** The first waits for what came before it, and is not timed. */
const STAGES: readonly string[] = [UNTIMED, ...Array<string>(REPEATS).fill(TIMED)];

/** What to time. */
export interface Measured {
  readonly kernel: Kernel;
  readonly problem: AnyProblem;
  /** Name of the variant. */
  readonly variant: string;
}

/**
 * Milliseconds of one dispatch, the least of some rounds.
 * @param limit a slower variant may be given up early
 * @throws limit-too-small, out-of-memory, gpu-error, device-lost
 */
export async function measureVariant(device: Device, measured: Measured, limit: number): Promise<number> {
  const owned: { destroy(): void }[] = [];
  try {
    const run = await prepared(device, measured, owned);
    await run(); // warm-up: the first run pays for caches and lazy allocation
    let best = await run();
    for (let round = 1; round < ROUNDS && best < GIVE_UP_FACTOR * limit; round++) best = Math.min(best, await run());
    return best;
  } finally {
    for (const resource of owned) resource.destroy();
  }
}

/** What runs the variant once for each stage, and gives the milliseconds of a dispatch. */
async function prepared(
  device: Device,
  { kernel, problem, variant: name }: Measured,
  owned: { destroy(): void }[],
): Promise<() => Promise<number>> {
  const variant = kernel.variants[name] as AnyVariant;
  // As in a plan, where nearly every tensor has the border that its reader gains from.
  const bordered = { ...problem, borders: wantedBorders(variant, problem) };
  const { pipeline, bindings } = await pipelinesOf(device).get(kernel, name, bordered);
  const grid = gridOf(kernel, variant, bordered, device.limits.maxComputeWorkgroupsPerDimension);
  const { StageTimer } = await importStageTimer();
  return device.scoped(`${kernel.name}/${name}`, () => {
    const keep = (memory: Memory): Memory => {
      owned.push({ destroy: () => destroy(memory) });
      return memory;
    };
    const params = packParams(kernel, variant, bordered);
    const uniforms = keep(createBuffer(device, "params", params.byteLength, BUFFER.UNIFORM | BUFFER.COPY_DST));
    write(device, uniforms, params);
    const dummies = new Dummies((kind, label) => keep(zeros(device, label, kind, 16)));
    const entries = bindGroupEntries(
      slotsOf(kernel, variant),
      (slot) => {
        const memory = operand(device, { kernel, problem: bordered, variant: name }, slot);
        return memory ? keep(memory) : dummies.get(slot);
      },
      bindingOf(uniforms),
    );
    const bindGroup = device.gpu.createBindGroup({ label: kernel.name, layout: bindings, entries });
    const timer = StageTimer.create(device, STAGES, owned);
    return () => timedRun(device, { pipeline, bindGroup, grid }, timer);
  });
}

const zeros = (device: Device, label: string, kind: Slot["kind"], bytes: number): Memory =>
  kind === "texture" ? createTexture(device, label, { width: 1, height: 1 }) : createBuffer(device, label, bytes, 0);

/** Memory for an operand; undefined for one that the problem does not have. @throws limit-too-small */
function operand(device: Device, { kernel, problem, variant: name }: Measured, { key }: Slot): Memory | undefined {
  const variant = kernel.variants[name] as AnyVariant;
  const shape = problem.in[key] ?? problem.out[key];
  if (!shape) return undefined;
  if (kernel.inputs[key]?.role === "weight") {
    const packing = variant.packing?.[key] ?? plainPacking;
    const bytes = packing.bytes?.(shape, problem) ?? packedBytes(packing, shape, problem);
    return weightMemory(device, key, packing, bytes);
  }
  const layout = layoutNamed(layoutOf(kernel, variant, key, problem.borders));
  checkFits(device, key, layout, shape as Nchw);
  const extent = layout.extent?.(shape as Nchw);
  if (extent) return createTexture(device, key, extent);
  return createBuffer(device, key, layout.byteSize(shape as Nchw), 0);
}

/** Of a packing that does not say. */
const packedBytes = (packing: Packing, shape: Shape, problem: AnyProblem): number =>
  packing.pack(new Float32Array(elements(shape)), shape, problem).byteLength;

async function timedRun(device: Device, dispatch: Dispatch, timer: TimesStages | undefined): Promise<number> {
  const encoder = device.gpu.createCommandEncoder();
  const onePass = { from: 0, to: STAGES.length, descriptor: {} };
  for (const { from, to, descriptor } of timer?.passes ?? [onePass]) {
    const pass = encoder.beginComputePass(descriptor);
    for (let i = from; i < to; i++) encodeDispatch(pass, dispatch);
    pass.end();
  }
  timer?.encode(encoder);
  const start = performance.now();
  device.gpu.queue.submit([encoder.finish()]);
  if (!timer) {
    await device.settle(device.gpu.queue.onSubmittedWorkDone());
    return (performance.now() - start) / STAGES.length;
  }
  await device.settle(timer.staging.mapAsync(MAP_MODE_READ));
  return (timer.read().get(TIMED) ?? 0) / REPEATS;
}
