/**
 * WebGPU in Node: the `webgpu` package, which is Dawn. Node only.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FcnError, messageOf } from "../base/errors.js";
import { checkOptions } from "../base/options.js";
import { requestDevice as requestAnyDevice } from "./device.js";
import type { Device, DeviceOptions } from "./device.js";

export interface NodeDeviceOptions extends Omit<DeviceOptions, "gpu" | "pace"> {
  /** Part of an adapter's name, to choose one of several: "NVIDIA", "llvmpipe". */
  readonly adapter?: string;
  /**
   * Block the event loop in 0.4 ms slices while the GPU works, so that waiting leaves the cores to a software adapter. Default: on
   * software adapters; elsewhere it would only add up to 0.4 ms to every wait.
   */
  readonly quietWait?: boolean;
}

/**
 * Dawn's switches: unquantised timestamps for benchmarks, f16 where NVIDIA's driver hides it, and the experimental subgroup
 * matrices. All only add features, which are probed before use.
 */
const DAWN_FLAGS = [
  "disable-dawn-features=timestamp_quantization",
  "enable-dawn-features=allow_unsafe_apis,vulkan_enable_f16_on_nvidia",
];

// Dawn dies when the object create() returned is garbage collected, so each lives as long as the process.
const instances = new Map<string, GPU>();

async function createGpu(adapter: string | undefined): Promise<GPU> {
  const flags = [...DAWN_FLAGS, ...(adapter === undefined ? [] : [`adapter=${adapter}`])];
  const key = flags.join(" ");
  const kept = instances.get(key);
  if (kept) return kept;
  // Vulkan loaders complain, and some drivers fail, without a private runtime directory.
  process.env.XDG_RUNTIME_DIR ??= mkdtempSync(join(tmpdir(), "fcn-webgpu-"));
  let create: (flags: string[]) => GPU;
  try {
    ({ create } = await import("webgpu"));
  } catch (error) {
    const cure =
      "install it with `npm install webgpu`; it has builds for Linux (glibc 2.31+), macOS and Windows on x64 and arm64";
    throw new FcnError(
      "no-webgpu",
      `the npm package "webgpu" could not be loaded (${messageOf(error).split("\n")[0] ?? ""}): ${cure}`,
      { cause: error },
    );
  }
  const gpu = create(flags);
  instances.set(key, gpu);
  return gpu;
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/**
 * Awaiting Dawn in Node polls at full speed and burns a core, which a software adapter needs. Sleeping in slices between turns
 * of the event loop gives it back (measured: twice the throughput on two cores).
 */
function quietly<T>(wait: Promise<T>): Promise<T> {
  let done = false;
  const finish = (): void => {
    done = true;
  };
  wait.then(finish, finish);
  const turn = (): void => {
    if (done) return;
    Atomics.wait(sleeper, 0, 0, 0.4);
    setImmediate(turn);
  };
  setImmediate(turn);
  return wait;
}

/** Opens a device through the `webgpu` package. @throws no-webgpu, no-adapter, bad-option */
export async function requestDevice(options: NodeDeviceOptions = {}): Promise<Device> {
  checkOptions("requestDevice({ adapter: ... })", options, {
    adapter: "a string",
    quietWait: "a boolean",
    powerPreference: "a string",
  });
  const { adapter, quietWait, ...rest } = options;
  const gpu = await createGpu(adapter);
  try {
    return await requestAnyDevice({
      ...rest,
      gpu,
      pace: (wait, software) => ((quietWait ?? software) ? quietly(wait) : wait),
    });
  } catch (error) {
    if (
      adapter !== undefined &&
      error instanceof FcnError &&
      error.code === "no-adapter" &&
      error.cause === undefined
    ) {
      throw new FcnError(
        "no-adapter",
        `no graphics adapter has "${adapter}" in its name; \`fcn doctor\` shows what there is`,
        { cause: error },
      );
    }
    throw error;
  }
}
