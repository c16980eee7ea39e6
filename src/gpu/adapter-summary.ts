/**
 * What an adapter says about itself. Runtimes differ: Dawn gives names, Firefox hides all of them, and wgpu (Deno)
 * gives PCI numbers in decimal for vendor and device, and the name as description.
 */

/** A graphics adapter as WebGPU describes it (GPUAdapterInfo). Texts are empty where the browser hides them. */
export interface AdapterSummary {
  /** "nvidia", "mesa"; a number in Deno. */
  readonly vendor: string;
  /** Its family, such as "hopper". */
  readonly architecture: string;
  /** A name or a number of the driver's. */
  readonly device: string;
  /** A name for people, such as "NVIDIA H200". */
  readonly description: string;
  /** Software adapters (llvmpipe, SwiftShader) run on the CPU. */
  readonly software: boolean;
  /** Lanes of a subgroup; 0 when the adapter does not say. */
  readonly subgroupSize: number;
}

/** Wraps a wait for a device; `software` says whether its adapter runs on the CPU. */
export type Pace = <T>(wait: Promise<T>, software: boolean) => Promise<T>;

/**
 * An adapter that says nothing counts as hardware. A wrong guess costs time only: every variant that a device offers
 * gives right results on any adapter.
 */
export function summariseAdapter({ info, features }: Pick<GPUAdapter, "info" | "features">): AdapterSummary {
  const { vendor, architecture, device, description, subgroupMinSize, isFallbackAdapter } = info;
  const text = `${vendor} ${architecture} ${device} ${description}`;
  return {
    vendor,
    architecture,
    device,
    description,
    // llvmpipe, lavapipe and softpipe are Mesa's.
    software: isFallbackAdapter || /pipe|swiftshader|software|cpu/i.test(text),
    // Without the feature the size is a constant that stands for any adapter's, and no shader can use it.
    subgroupSize: (features.has("subgroups") && subgroupMinSize) || 0,
  };
}

/** The adapter's name for messages and reports. */
export function adapterLabel({ vendor, architecture, device, description, software }: AdapterSummary): string {
  // Dawn replaces non-alphanumeric characters with dashes. A closing bracket becomes a dash at the end.
  const name = device.replace(/^\d+$|-+$/, "");
  const kind = [vendor.replace(/^\d+$/, ""), architecture].filter(Boolean).join(" ");
  return name || description || kind || `unnamed ${software ? "software adapter" : "GPU"}`;
}
