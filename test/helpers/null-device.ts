/** Dawn's null backend: it offers every feature and runs nothing, so it checks shaders that no adapter here can run. */
import { create } from "webgpu";
import { MATRIX_FEATURE } from "../../src/gpu/subgroup-matrix.js";

const instances: GPU[] = []; // kept, because devices die with these objects

/** A device with the features of the tensor core variants. */
export async function nullDevice(): Promise<GPUDevice> {
  const gpu = create(["backend=null", "enable-dawn-features=allow_unsafe_apis"]);
  instances.push(gpu);
  const adapter = await gpu.requestAdapter();
  if (!adapter) throw new Error("Dawn has no null backend");
  return adapter.requestDevice({ requiredFeatures: [MATRIX_FEATURE, "shader-f16", "subgroups"] as GPUFeatureName[] });
}

/** What the compiler has to say. Not that the older syntax of subgroup matrices is deprecated. */
export async function complaints(device: GPUDevice, code: string): Promise<string[]> {
  const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
  return messages.map(({ message }) => message).filter((message) => message !== "use of deprecated builtin");
}
