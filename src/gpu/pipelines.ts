/**
 * Compute pipelines, compiled asynchronously and shared. The key is derived from what makes two pipelines differ (kernel,
 * variant, constants), is readable, and serves as the label; two requests in flight share one compilation, and a failed one is
 * reported with the shader and its messages and is not cached.
 */
import { FcnError, isFcnError } from "../base/errors.js";
import { layoutOf } from "../kernel/choice.js";
import type { Kernel } from "../kernel/kernel.js";
import { layouts } from "../kernel/layout.js";
import type { AnyProblem, TensorSpec, WeightSpec } from "../kernel/problem.js";
import type { AnyVariant } from "../kernel/variant.js";
import type { Device } from "./device.js";
import { COMPUTE_STAGE } from "./flags.js";
import { withConsts, withOlderMatrices } from "./wgsl-edit.js";

export interface Pipeline {
  readonly key: string;
  readonly pipeline: GPUComputePipeline;
  readonly bindings: GPUBindGroupLayout;
}

export class PipelineCache {
  readonly #ready = new Map<string, Promise<Pipeline>>();
  readonly #modules = new Map<string, GPUShaderModule>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  readonly #kernels: Kernel[] = [];

  constructor(readonly device: Device) {}

  /** Pipelines compiled or compiling on this device. */
  get size(): number {
    return this.#ready.size;
  }

  get(kernel: Kernel, variantName: string, problem: AnyProblem): Promise<Pipeline> {
    const variant = kernel.variants[variantName];
    if (!variant)
      throw new FcnError(
        "bad-option",
        `${kernel.name} has no variant "${variantName}"; it has ${Object.keys(kernel.variants).join(", ")}`,
      );
    const constants = (variant.overrides ?? kernel.overrides)(problem);
    const key = pipelineKey(this.#nameOf(kernel), variantName, { ...constants, ...variant.consts });
    let pending = this.#ready.get(key);
    if (!pending) {
      pending = this.#compile(key, kernel, variant, constants);
      this.#ready.set(key, pending);
      pending.catch((error: unknown) => {
        this.#ready.delete(key);
        // What needs a feature of the hardware may fail in its compiler; plans then take another variant.
        if (isRefusal(error) && variant.features?.length)
          this.device.refused.set(variant, error.message.split("\n")[0] ?? "");
      });
    }
    return pending;
  }

  async #compile(
    key: string,
    kernel: Kernel,
    variant: AnyVariant,
    constants: Readonly<Record<string, number>>,
  ): Promise<Pipeline> {
    const file = `${this.#nameOf(kernel)}/${variant.wgsl}`;
    const source = kernel.shaders[variant.wgsl];
    if (source === undefined)
      throw new FcnError(
        "bad-option",
        `${key}: there is no shader "${variant.wgsl}" among ${Object.keys(kernel.shaders).join(", ")}; give its text in \`shaders\``,
      );
    const set = withConsts(source, variant.consts, file);
    const code = this.device.subgroupMatrix === "bool" ? withOlderMatrices(set) : set;
    const { gpu } = this.device;
    const moduleKey = `${file} ${JSON.stringify(variant.consts ?? {})}`;
    let module = this.#modules.get(moduleKey);
    if (!module) {
      // Errors of the text come back with the pipeline, below; outside a scope they would be reported a second time.
      gpu.pushErrorScope("validation");
      module = gpu.createShaderModule({ label: moduleKey, code });
      void gpu.popErrorScope().catch(() => undefined);
      this.#modules.set(moduleKey, module);
    }
    const bindings = this.#bindings(kernel, variant);
    const layout = gpu.createPipelineLayout({ label: key, bindGroupLayouts: [bindings] });
    try {
      const compute = { module, entryPoint: "main", constants };
      const pipeline = await this.device.settle(gpu.createComputePipelineAsync({ label: key, layout, compute }));
      return { key, pipeline, bindings };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.#modules.delete(moduleKey);
      const { messages } = await module.getCompilationInfo();
      const notes = messages.map((m) => `  [${m.type} at ${m.lineNum}:${m.linePos}] ${m.message}`);
      const lines = [
        `pipeline ${key} did not compile: ${String(error instanceof Error ? error.message : error)}`,
        ...notes,
        code,
      ];
      throw new FcnError("gpu-error", lines.join("\n"), { cause: error });
    }
  }

  /** The kernel's own, or "relu 2" for another one of that name: callers may bring kernels, and change their text as they write. */
  #nameOf(kernel: Kernel): string {
    if (!this.#kernels.includes(kernel)) this.#kernels.push(kernel);
    const place = this.#kernels.filter(({ name }) => name === kernel.name).indexOf(kernel);
    return place === 0 ? kernel.name : `${kernel.name} ${place + 1}`;
  }

  /** Inputs in key order, then outputs, then the uniforms. */
  #bindings(kernel: Kernel, variant: AnyVariant): GPUBindGroupLayout {
    const isTexture = (key: string, spec: TensorSpec | WeightSpec): boolean =>
      spec.role === "weight"
        ? variant.packing?.[key]?.storage === "texture"
        : layouts[layoutOf(kernel, variant, key)].extent !== undefined;
    const texture = (access: GPUStorageTextureAccess) => ({
      storageTexture: { access, format: "rgba32float" as const },
    });
    const buffer = (type: GPUBufferBindingType) => ({ buffer: { type } });
    const entries = [
      ...Object.entries(kernel.inputs).map(([key, spec]) =>
        isTexture(key, spec) ? texture("read-only") : buffer("read-only-storage"),
      ),
      ...Object.entries(kernel.outputs).map(([key, spec]) =>
        isTexture(key, spec) ? texture("write-only") : buffer("storage"),
      ),
      buffer("uniform"),
    ];
    const label = `${this.#nameOf(kernel)} ${entries.map((entry) => ("buffer" in entry ? "b" : "t")).join("")}`;
    const made = this.#layouts.get(label);
    if (made) return made;
    const layout = this.device.gpu.createBindGroupLayout({
      label,
      entries: entries.map((entry, binding) => ({ ...entry, binding, visibility: COMPUTE_STAGE })),
    });
    this.#layouts.set(label, layout);
    return layout;
  }
}

/** Whether it is the compiler's own error, which has a cause, and not one that WebGPU reported of something else meanwhile. */
const isRefusal = (error: unknown): error is FcnError => isFcnError(error, "gpu-error") && error.cause !== undefined;

/** `conv2d/vec4 IN_C=64 OUT_C=256 ...`: what the pipeline is, for labels, profiles and errors. */
function pipelineKey(kernel: string, variant: string, constants: Readonly<Record<string, number>>): string {
  const parts = Object.keys(constants)
    .sort()
    .map((name) => `${name}=${String(constants[name])}`);
  return [`${kernel}/${variant}`, ...parts].join(" ");
}

const caches = new WeakMap<Device, PipelineCache>();

/** The one cache of a device. */
export function pipelinesOf(device: Device): PipelineCache {
  let cache = caches.get(device);
  if (!cache) caches.set(device, (cache = new PipelineCache(device)));
  return cache;
}
