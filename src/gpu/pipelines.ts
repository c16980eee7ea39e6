/**
 * Compute pipelines, compiled asynchronously and shared. The key names what makes two pipelines differ (kernel,
 * variant, constants). It is readable and serves as the label. Two requests in flight share one compilation. A failed
 * compilation is reported with the shader and the compiler's messages, and is not cached.
 */
import { FcnError, badOption, firstLineOf, hasNo, isFcnError, messageOf } from "../base/errors.js";
import type { Kernel } from "../kernel/kernel.js";
import { settingsText } from "../kernel/problem.js";
import type { AnyProblem } from "../kernel/problem.js";
import type { AnyVariant } from "../kernel/variant.js";
import { layoutEntries, slotsOf } from "./bindings.js";
import type { Device } from "./device.js";
import { shaderText } from "./shader-text.js";
import { withConsts, withOlderMatrices } from "./wgsl-edit.js";

export interface Pipeline {
  readonly key: string;
  readonly pipeline: GPUComputePipeline;
  readonly bindings: GPUBindGroupLayout;
  /** Set by src/plan/ahead.ts. */
  started?: true;
}

type Constants = Readonly<Record<string, number>>;

export class PipelineCache {
  readonly #ready = new Map<string, Promise<Pipeline>>();
  readonly #modules = new Map<string, GPUShaderModule>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  /** Kernels by their objects, shared shaders by their texts. */
  readonly #owners: { readonly name: string; readonly identity: unknown }[] = [];

  constructor(readonly device: Device) {}

  /** Pipelines compiled or compiling on this device. */
  get size(): number {
    return this.#ready.size;
  }

  /** @throws bad-option for an unknown variant or shader; gpu-error when the shader does not compile; device-lost */
  get(kernel: Kernel, variantName: string, problem: AnyProblem): Promise<Pipeline> {
    const variant = kernel.variants[variantName];
    if (!variant) throw badOption(hasNo(kernel.name, "variant", variantName, Object.keys(kernel.variants)));
    const constants = (variant.overrides ?? kernel.overrides)(problem);
    // Kernels that run one shader share its pipelines, so those have the shader's name.
    const name = variant.shared ? variant.wgsl : variantName;
    const key = pipelineKey(this.#nameOf(kernel, variant), name, { ...constants, ...variant.consts });
    const known = this.#ready.get(key);
    if (known) return known;
    const compiling = this.#compile(key, kernel, variant, constants);
    this.#ready.set(key, compiling);
    compiling.catch((error: unknown) => {
      this.#ready.delete(key);
      // A variant that needs a hardware feature may fail in its compiler. Plans then take another variant.
      if (isRefusal(error) && variant.features?.length) {
        this.device.refused.set(variant, firstLineOf(error.message));
      }
    });
    return compiling;
  }

  async #compile(key: string, kernel: Kernel, variant: AnyVariant, constants: Constants): Promise<Pipeline> {
    const file = `${this.#nameOf(kernel, variant)}/${variant.wgsl}`;
    const moduleKey = `${file} ${JSON.stringify(variant.consts ?? {})}`;
    const code = await this.#codeOf(key, kernel, variant, file);
    const module = this.#moduleOf(moduleKey, code);
    const bindings = this.#bindingsOf(kernel, variant);
    const { gpu } = this.device;
    const layout = gpu.createPipelineLayout({ label: key, bindGroupLayouts: [bindings] });
    try {
      const compute = { module, entryPoint: "main", constants };
      const pipeline = await this.device.settle(gpu.createComputePipelineAsync({ label: key, layout, compute }));
      return { key, pipeline, bindings };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.#modules.delete(moduleKey);
      throw await compileError(key, module, code, error);
    }
  }

  async #codeOf(key: string, kernel: Kernel, variant: AnyVariant, file: string): Promise<string> {
    const source = kernel.shaders[variant.wgsl];
    if (source === undefined) {
      const names = Object.keys(kernel.shaders).join(", ");
      throw badOption(`${key}: there is no shader "${variant.wgsl}" among ${names}; give its text in \`shaders\``);
    }
    const folder = variant.shared?.kernel ?? kernel.name;
    const code = withConsts(await shaderText(`${folder}/${variant.wgsl}`, source), variant.consts, file);
    return this.device.subgroupMatrix === "bool" ? withOlderMatrices(code) : code;
  }

  #moduleOf(moduleKey: string, code: string): GPUShaderModule {
    const known = this.#modules.get(moduleKey);
    if (known) return known;
    const { gpu } = this.device;
    // A shader's errors are reported with its pipeline. Without this scope they would be reported a second time.
    gpu.pushErrorScope("validation");
    const module = gpu.createShaderModule({ label: moduleKey, code });
    void gpu.popErrorScope().catch(() => undefined);
    this.#modules.set(moduleKey, module);
    return module;
  }

  /**
   * Callers may bring kernels whose name is taken, and change their text as they write: the second "relu" is "relu 2".
   */
  #nameOf(kernel: Kernel, { shared, wgsl }: AnyVariant): string {
    const name = shared ? `shared ${shared.kernel}` : kernel.name;
    const identity = shared ? kernel.shaders[wgsl] : kernel;
    const namesakes = this.#owners.filter((owner) => owner.name === name);
    const index = namesakes.findIndex((owner) => owner.identity === identity);
    if (index === -1) this.#owners.push({ name, identity });
    const number = index === -1 ? namesakes.length : index;
    return number === 0 ? name : `${name} ${number + 1}`;
  }

  #bindingsOf(kernel: Kernel, variant: AnyVariant): GPUBindGroupLayout {
    const slots = slotsOf(kernel, variant);
    const label = `${this.#nameOf(kernel, variant)}: ${slots.map(({ kind }) => kind).join(", ")}`;
    const known = this.#layouts.get(label);
    if (known) return known;
    const layout = this.device.gpu.createBindGroupLayout({ label, entries: layoutEntries(slots) });
    this.#layouts.set(label, layout);
    return layout;
  }
}

/**
 * Whether the compiler refused the shader. Such an error has a cause; other errors that WebGPU reported meanwhile have
 * none.
 */
const isRefusal = (error: unknown): error is FcnError => isFcnError(error, "gpu-error") && error.cause !== undefined;

async function compileError(key: string, module: GPUShaderModule, code: string, error: FcnError): Promise<FcnError> {
  const { messages } = await module.getCompilationInfo();
  const notes = messages.map((m) => `  [${m.type} at ${m.lineNum}:${m.linePos}] ${m.message}`);
  const lines = [`pipeline ${key} did not compile: ${messageOf(error)}`, ...notes, code];
  return new FcnError("gpu-error", lines.join("\n"), { cause: error });
}

/** `conv2d/vec4 IN_C=64 OUT_C=256 ...`: names the pipeline in labels, profiles and errors. */
function pipelineKey(kernel: string, variant: string, constants: Constants): string {
  return `${kernel}/${variant} ${settingsText(constants)}`.trimEnd();
}

const caches = new WeakMap<Device, PipelineCache>();

/** The one cache of a device. */
export function pipelinesOf(device: Device): PipelineCache {
  const known = caches.get(device);
  if (known) return known;
  const cache = new PipelineCache(device);
  caches.set(device, cache);
  return cache;
}
