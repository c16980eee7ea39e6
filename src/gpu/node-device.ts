/**
 * WebGPU in Node: the `webgpu` package, which is Dawn. Node only.
 */
import { dirname } from "node:path";
import { FcnError, badOption, firstLineOf, isFcnError, messageOf } from "../base/errors.js";
import { checkOptions } from "../base/options.js";
import type { AdapterSummary } from "./adapter-summary.js";
import { coresOfCard } from "./card-cores.js";
import type { Device } from "./device.js";
import { requestDeviceAs } from "./request-device.js";
import type { DeviceOptions } from "./request-device.js";
import { endWithThread, guardThreadEnd } from "./thread-end.js";

/** How a device is opened in Node. */
export interface NodeDeviceOptions extends Omit<DeviceOptions, "gpu" | "pace"> {
  /**
   * Part of an adapter's name, to choose one of several: "NVIDIA", "llvmpipe". Capitals make no difference. Dashes may
   * stand for other characters, as in `device.label`.
   */
  readonly adapter?: string;
  /**
   * Block the event loop in slices of 1 ms while the GPU works, which leaves the cores to a software adapter.
   * Default: only on software adapters. On a GPU it would add up to 1 ms to every wait and gain nothing.
   */
  readonly quietWait?: boolean;
}

/**
 * Dawn's switches: unquantised timestamps for benchmarks, f16 where NVIDIA's driver hides it, and the experimental
 * subgroup matrices. They only add features, and every feature is probed before use.
 */
const DAWN_FLAGS = [
  "disable-dawn-features=timestamp_quantization",
  "enable-dawn-features=allow_unsafe_apis,vulkan_enable_f16_on_nvidia",
];

/** Dawn crashes when the object that create() returned is garbage collected, so this map keeps each one. */
const instances = new Map<string, GPU>();

/**
 * Stands for the private runtime directory that Vulkan loaders look for sockets in; without one they warn, and some
 * drivers fail. This folder is there, has no sockets, and strangers cannot put any into it. Nothing is made, so nothing
 * is left behind, however the process ends. A CommonJS bundle has no import.meta and takes Node's own folder.
 */
const RUNTIME_FOLDER = import.meta.dirname ?? dirname(process.execPath);

async function createGpu(adapter: string | undefined): Promise<GPU> {
  const flags = adapter === undefined ? DAWN_FLAGS : [...DAWN_FLAGS, `adapter=${adapter}`];
  const key = flags.join(" ");
  const known = instances.get(key);
  if (known) return known;
  process.env.XDG_RUNTIME_DIR ??= RUNTIME_FOLDER;
  // Mesa 25 keeps compiled shaders for all vector widths under one name. With those of another width, half of the lanes
  // read and write no texture.
  if (process.env.LP_NATIVE_VECTOR_WIDTH) process.env.MESA_SHADER_CACHE_DISABLE = "true";
  const create = await importDawn();
  guardThreadEnd();
  const gpu = create(flags);
  instances.set(key, gpu);
  return gpu;
}

async function importDawn(): Promise<(flags: string[]) => GPU> {
  try {
    return (await import("webgpu")).create;
  } catch (error) {
    const reason = firstLineOf(messageOf(error));
    throw new FcnError("no-webgpu", `the npm package "webgpu" could not be loaded (${reason}): ${cureOf(error)}`, {
      cause: error,
    });
  }
}

const INSTALL =
  "install it with `npm install webgpu`; it has builds for Linux (glibc 2.31+), macOS and Windows on x64 and arm64";

/** What to do where the package cannot be loaded. Node's permission model forbids addons, and files. */
function cureOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ERR_DLOPEN_DISABLED")
    return "it is a native addon; start node with --allow-addons beside --permission, and without --no-addons";
  if (code === "ERR_ACCESS_DENIED") return "start node with --allow-fs-read for the folder of its packages";
  return INSTALL;
}

/** Letters of a wrong name that an error shows. */
const MOST_SHOWN = 80;

/** A turn of the event loop takes 0.05 ms: shorter slices cost more. Longer ones delay the thread's other work. */
const SLICE_MS = 1;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/**
 * Waits without polling. Dawn in Node polls at full speed while a promise is pending, which takes a core from a
 * software adapter. Sleeping in slices between turns of the event loop gives it back (measured: twice the throughput on
 * two cores).
 */
function quietly<T>(wait: Promise<T>): Promise<T> {
  let done = false;
  const finish = (): void => {
    done = true;
  };
  wait.then(finish, finish);
  const turn = (): void => {
    if (done) return;
    Atomics.wait(sleeper, 0, 0, SLICE_MS);
    setImmediate(turn);
  };
  setImmediate(turn);
  return wait;
}

/**
 * Whether FCN_PRETEND=gpu asks for the code paths of GPUs on any adapter, for tests where there is none: tiles instead
 * of lanes, tuning, and early submission. @throws bad-option for another value
 */
function pretendsToBeGpu(): boolean {
  const value = process.env.FCN_PRETEND ?? "";
  if (value !== "" && value !== "gpu")
    throw badOption(`FCN_PRETEND is ${JSON.stringify(value)}; it may be gpu or unset`);
  return value === "gpu";
}

const asItIs = (adapter: AdapterSummary): AdapterSummary => adapter;
/** Without a subgroup size, variants for the lanes of software adapters are not offered. */
const asGpu = (adapter: AdapterSummary): AdapterSummary => ({ ...adapter, software: false, subgroupSize: 0 });

/**
 * Opens a device through the `webgpu` package (Dawn). Close it with `device.dispose()`.
 * @throws no-webgpu where the package cannot be loaded; no-adapter with what to install; bad-option
 * @example
 * import { loadFcn, requestDevice } from "fcn-webgpu/node";
 *
 * const device = await requestDevice(); // { adapter: "NVIDIA" } chooses one of several
 * const [coarse, fine] = [await loadFcn({ device, variant: "fcn32s" }), await loadFcn({ device, variant: "fcn8s" })];
 * console.log(coarse.device === fine.device); // prints true
 * device.dispose();
 */
export async function requestDevice(options: NodeDeviceOptions = {}): Promise<Device> {
  checkOptions("requestDevice({ adapter: ... })", options, {
    adapter: "a string",
    quietWait: "a boolean",
    powerPreference: "a string",
  });
  const { adapter, quietWait, ...rest } = options;
  const pretends = pretendsToBeGpu();
  const gpu = await createGpu(adapter);
  const pace = <T>(wait: Promise<T>, software: boolean): Promise<T> => {
    const quiet = quietWait ?? (software || pretends);
    return quiet ? quietly(wait) : wait;
  };
  try {
    const device = await requestDeviceAs({ ...rest, gpu, pace }, pretends ? asGpu : asItIs, coresOfCard);
    endWithThread(device.gpu);
    return device;
  } catch (error) {
    if (isFcnError(error)) throw withDriverCure(error);
    const names = namesIn(error);
    const meant = adapter === undefined ? undefined : adapterMeant(adapter, names);
    if (meant !== undefined && meant !== adapter) return requestDevice({ ...options, adapter: meant });
    throw adapterNotFound(adapter, names, error);
  }
}

/** Where a name fits no adapter, Dawn throws an error of its own that lists the adapters there are. */
const namesIn = (error: unknown): string[] =>
  [...messageOf(error).matchAll(/ name: '(.*)'/g)].map(([, name = ""]) => name);

/** A name as Dawn writes it in the adapter's information: in small letters, with dashes. */
const dashed = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-|-$/g, "");

/** The first adapter whose name is like this one; Dawn compares letter by letter. */
function adapterMeant(adapter: string, names: readonly string[]): string | undefined {
  const wanted = dashed(adapter);
  return wanted === "" ? undefined : names.find((name) => dashed(name).includes(wanted));
}

/** Without any adapter, what to install. Other errors stay as they are: an adapter that refuses has a cause. */
function withDriverCure(error: FcnError): FcnError {
  if (error.code !== "no-adapter" || error.cause !== undefined) return error;
  return new FcnError(
    "no-adapter",
    "WebGPU found no graphics adapter: install a Vulkan driver (Debian 12: Mesa 25's mesa-vulkan-drivers from " +
      "bookworm-backports; `npm run setup` in a checkout does it)",
  );
}

function adapterNotFound(adapter: string | undefined, names: readonly string[], error: unknown): unknown {
  if (adapter === undefined) return error;
  const cure = names.length > 0 ? `this machine has ${names.join(", ")}` : firstLineOf(messageOf(error));
  const wanted = JSON.stringify(adapter.slice(0, MOST_SHOWN));
  return new FcnError("no-adapter", `no graphics adapter has ${wanted} in its name; ${cure}`, { cause: error });
}
