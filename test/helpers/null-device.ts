/** Dawn's null backend: it offers every feature and runs nothing, so it checks shaders that no adapter here can run. */
import { create } from "webgpu";
import { WANTED_LIMITS } from "../../src/gpu/limits.js";
import { MATRIX_FEATURE } from "../../src/gpu/subgroup-matrix.js";

const instances: GPU[] = []; // kept, because devices die with these objects

/** A device with the features of the tensor core variants, and with all that its adapter offers. */
export async function nullDevice(): Promise<GPUDevice> {
  const gpu = create(["backend=null", "enable-dawn-features=allow_unsafe_apis"]);
  instances.push(gpu);
  const adapter = await gpu.requestAdapter();
  if (!adapter) throw new Error("Dawn has no null backend");
  const requiredFeatures = [MATRIX_FEATURE, "shader-f16", "subgroups"] as GPUFeatureName[];
  const requiredLimits = Object.fromEntries(WANTED_LIMITS.map((limit) => [limit, adapter.limits[limit]]));
  return adapter.requestDevice({ requiredFeatures, requiredLimits });
}

/** What the compiler has to say. Not that the older syntax of subgroup matrices is deprecated. */
export async function complaints(device: GPUDevice, code: string): Promise<string[]> {
  const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
  return messages.map(({ message }) => message).filter((message) => message !== "use of deprecated builtin");
}
