/** A profile: the GPU time of each kernel call that segmenting a picture takes. */
import type { RgbaPicture } from "../../image/picture.js";
import { storedBytes } from "../../kernel/stored-bytes.js";
import type { Step } from "../../plan/lower.js";
import { uploadBytes } from "../batches.js";
import type { LayerTime } from "../layer-time.js";
import type { NetworkOnDevice } from "../network-on-device.js";
import type { OutputKind } from "../output-graph.js";

/** Measures on a plan of its own, in the second of two runs. Undefined where the device has no timestamps. */
export async function profileLayers(
  network: NetworkOnDevice<OutputKind>,
  picture: RgbaPicture,
  signal: AbortSignal | undefined,
): Promise<readonly LayerTime[] | undefined> {
  const { height, width } = picture;
  const batch = { kind: "labels", count: 1, height, width } as const;
  const plan = await network.makePlan(batch, { signal, stageOf: ({ label }) => label });
  try {
    const inputs = { picture: uploadBytes([picture], network.resizeOf(batch.kind)) };
    await plan.run(inputs); // warms up
    const { stages } = await plan.run(inputs);
    return stages?.size ? plan.steps.map((step) => layerTime(step, stages)) : undefined;
  } finally {
    plan.dispose();
  }
}

/** Each step is a stage of its own, named by its label. */
function layerTime(
  { label, kernel, variantName, variant, problem }: Step,
  stages: ReadonlyMap<string, number>,
): LayerTime {
  const shape = Object.values(problem.out).find((output) => output !== undefined) ?? [];
  const ms = stages.get(label) ?? 0;
  const { flops } = kernel.cost(problem);
  const bytes = storedBytes(kernel, variant, problem);
  return { layer: label, kernel: kernel.name, variant: variantName, shape, ms, flops, bytes };
}
