/** The plan that callers of the library make: it checks what it is given, and copies inputs at the call. */
import { badOption, badShape, hasNo } from "../base/errors.js";
import { checkCount, checkKind, checkOneOf, checkOptions } from "../base/options.js";
import type { Kinds } from "../base/options.js";
import { checkDevice } from "../gpu/device.js";
import type { Device } from "../gpu/device.js";
import type { Tensor } from "../gpu/tensor.js";
import { bytesIn } from "../image/picture.js";
import type { VariantChoice, VariantPick } from "../kernel/choice.js";
import { checkKernels } from "./check-kernels.js";
import type { GivenGraph } from "./given-graph.js";
import { Graph } from "./graph.js";
import type { PlanInputs } from "./inputs.js";
import type { PlanOptions, PlanResult } from "./plan-options.js";
import { Plan } from "./plan.js";
import { WeightStore } from "./weight-store.js";

const KINDS: Kinds<PlanOptions> = {
  precision: "a string",
  stageOf: "a function",
  onPipeline: "a function",
  inFlight: "a number",
  readback: "a boolean",
  signal: "an AbortSignal",
};

/**
 * A graph that is ready to run on a device: pipelines are compiled, weights uploaded, and memory is allocated. Runs
 * create nothing.
 * @example
 * import { Graph, Plan, WeightStore, requestDevice } from "fcn-webgpu/node";
 * import { argmax } from "fcn-webgpu/kernels";
 *
 * const graph = new Graph();
 * const { y } = graph.op("labels", argmax, { x: graph.input("x", [1, 4, 1, 1], "nhwc4") });
 * graph.output("labels", y, "u8");
 * const device = await requestDevice();
 * const plan = await Plan.create(device, graph, new WeightStore(device));
 * const { outputs } = await plan.run({ x: Float32Array.of(0.1, 0.2, 0.9, 0.3) });
 * console.log(new Uint8Array(outputs.get("labels")?.bytes ?? [])[0]); // prints 2
 * plan.dispose();
 * device.dispose();
 */
export class GivenPlan extends Plan {
  /**
   * Chooses variants, compiles pipelines, allocates memory and loads weights.
   * @throws bad-option, bad-weights, limit-too-small, out-of-memory, gpu-error, device-lost, disposed, the signal's
   * reason
   */
  static override async create(
    device: Device,
    graph: GivenGraph,
    store: WeightStore,
    choice?: VariantChoice | VariantPick,
    options: PlanOptions = {},
  ): Promise<GivenPlan> {
    checkDevice("Plan.create", device);
    checkOptions("Plan.create(device, graph, store, choice, { precision: ... })", options, KINDS);
    checkOneOf("precision", options.precision, ["f32", "f16"]);
    checkCount("inFlight", options.inFlight ?? 1);
    if (!(graph instanceof Graph) || !(store instanceof WeightStore) || store.device !== device)
      throw badOption("Plan.create needs a Graph, and a WeightStore of the plan's device: new WeightStore(device)");
    if (choice !== undefined && typeof choice !== "function") {
      checkKind("Plan.create: choice", choice, "a function or an object of variants by kernel");
      checkKernels([graph], choice);
    }
    return (await super.create(device, graph, store, choice, options)) as GivenPlan;
  }

  /**
   * Runs once and brings the outputs to the host; calls beyond `inFlight` are queued. `inputs` are bytes in the layout
   * that the graph declared for each input, which are copied at the call, or tensors of that layout.
   * @throws bad-shape when an input does not fit; bad-option with `readback: false`, and for what is not an object of
   * inputs; disposed, device-lost, gpu-error
   */
  override async run(inputs: PlanInputs): Promise<PlanResult> {
    return super.run(this.#held(inputs));
  }

  /**
   * Runs once, in turn with other runs, and leaves the outputs on the GPU: tensors by the names of the outputs, which
   * the caller disposes of. They go into other plans as inputs. Resolves when they are computed.
   * @throws bad-shape when an input does not fit; bad-option for what is not an object of inputs; limit-too-small,
   * out-of-memory, disposed, device-lost, gpu-error
   */
  override async runToTensors(inputs: PlanInputs): Promise<ReadonlyMap<string, Tensor>> {
    return super.runToTensors(this.#held(inputs));
  }

  /** The inputs as they are now: callers refill their buffers while a run waits for those before. */
  #held(inputs: PlanInputs): PlanInputs {
    checkKind("plan: inputs", inputs, "an object of bytes and tensors");
    const held = Object.entries(inputs).map(([name, given]) => {
      if (!this.declared.has(name)) throw badShape(hasNo("plan", "input", name, this.declared.keys()));
      return [name, bytesIn(given)?.slice() ?? given] as const;
    });
    return Object.fromEntries(held);
  }
}
