/** Opens a checkpoint: FCN-32s, 16s and 8s over one backbone if it has their heads, else its one network. */
import { COMPARED, defaultCheckpointUrl, loadFcn, openCheckpoint, openSource, recognise } from "fcn-webgpu";
import type { Device, DownloadProgress, PrecisionOption } from "fcn-webgpu";
import { ComparedModel } from "./compared-model.js";
import type { Model } from "./model.js";
import { SingleModel } from "./single-model.js";

export interface ModelProgress {
  weights(progress: DownloadProgress): void;
  pipelines(ready: number, total: number): void;
}

/**
 * @param file the built-in checkpoint if undefined
 * @throws bad-weights, device-lost
 */
export async function openModel(
  device: Device,
  file: File | undefined,
  precision: PrecisionOption,
  progress: ModelProgress,
): Promise<Model> {
  const source = await openSource(file ?? defaultCheckpointUrl(), {
    cache: false,
    onProgress: (now) => progress.weights(now),
  });
  const checkpoint = await openCheckpoint(source);
  try {
    const found = recognise(checkpoint);
    const variants = COMPARED.filter((variant) => found.variants.includes(variant));
    if (variants.length > 0) {
      return await ComparedModel.open(device, found, {
        variants,
        precision,
        maxPlans: 2,
        onPipeline: (ready, total) => progress.pipelines(ready, total),
      });
    }
  } catch (error) {
    await checkpoint.close();
    throw error;
  }
  await checkpoint.close();
  // Either torchvision's network, or a file that loadFcn rejects with the reason.
  return new SingleModel(await loadFcn({ device, precision, ...(file && { weights: file }) }));
}
