/** Opens a checkpoint: FCN-32s, 16s and 8s over one backbone if it has their heads, else its one network. */
import { COMPARED, loadFcn, openCheckpoint, recognise } from "fcn-webgpu";
import type { ByteSource, Device, PrecisionOption } from "fcn-webgpu";
import type { Reply } from "../messages.js";
import { ComparedModel } from "./compared-model.js";
import type { Model } from "./model.js";
import { SingleModel } from "./single-model.js";

/** Called while a plan is made, for each of its pipelines that is ready. */
export type PipelineListener = (ready: number, total: number) => void;

/** Weights that can be opened more than once. */
export interface WeightsFile {
  /** @throws bad-weights */
  open(): Promise<ByteSource>;
  /** As loadFcn takes them. */
  readonly direct: Blob | string;
}

/** @throws bad-weights, device-lost */
export async function openModel(
  device: Device,
  weights: WeightsFile,
  precision: PrecisionOption,
  onPipeline: PipelineListener,
): Promise<Model> {
  const checkpoint = await openCheckpoint(await weights.open());
  try {
    const found = recognise(checkpoint);
    const variants = COMPARED.filter((variant) => found.variants.includes(variant));
    if (variants.length > 0) {
      return await ComparedModel.open(device, found, { variants, precision, maxPlans: 2, onPipeline });
    }
  } catch (error) {
    await checkpoint.close();
    throw error;
  }
  await checkpoint.close();
  // Either torchvision's network, or a file that loadFcn rejects with the reason.
  return new SingleModel(await loadFcn({ device, precision, weights: weights.direct }));
}

/** What is being done while a plan is made: with its last pipeline ready, the networks run. */
export function compiling(done: number, total: number): Extract<Reply, { type: "progress" }> {
  if (done < total) return { type: "progress", text: "Compiling kernels", done, total };
  return { type: "progress", text: "Running the networks" };
}
