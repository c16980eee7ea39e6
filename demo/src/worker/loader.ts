/** Opens the device, and makes networks of chosen weights on the device of that moment. */
import { isFcnError } from "fcn-webgpu";
import type { Device } from "fcn-webgpu";
import type { Reply, Request } from "../messages.js";
import { weightsTitle } from "../weights-title.js";
import type { DeviceKeeper } from "./device-keeper.js";
import type { Model } from "./model.js";
import { compiling, openModel } from "./open-model.js";
import type { WeightsFile } from "./open-model.js";
import { WeightsShelf } from "./weights-shelf.js";

export type LoadRequest = Extract<Request, { type: "load" }>;

/** Letters of a name in the status line. */
const LONGEST = 40;

export interface Loaded {
  readonly model: Model;
  readonly file: WeightsFile;
}

export class Loader {
  readonly #devices: DeviceKeeper;
  readonly #reply: (reply: Reply) => void;
  readonly #shelf = new WeightsShelf();

  constructor(devices: DeviceKeeper, reply: (reply: Reply) => void) {
    this.#devices = devices;
    this.#reply = reply;
  }

  /** @throws no-webgpu, no-adapter */
  async openDevice(): Promise<Device> {
    if (this.#devices.device) return this.#devices.device;
    this.#reply({ type: "progress", text: "Opening the GPU" });
    return this.#devices.open();
  }

  /** @throws bad-weights, device-lost, the signal's reason, Error with a sentence */
  async load(request: LoadRequest, signal: AbortSignal): Promise<Loaded> {
    try {
      return await this.#load(request, signal);
    } catch (error) {
      throw withPermission(error, request.weights);
    }
  }

  async #load({ weights, precision }: LoadRequest, signal: AbortSignal): Promise<Loaded> {
    await this.openDevice(); // without one, nothing is downloaded in vain
    const text = `Loading ${shortened(weightsTitle(weights) ?? "the weights")}`;
    this.#reply({ type: "progress", text });
    const file = await this.#shelf.take(weights, {
      signal,
      onProgress: ({ loaded, total }) =>
        this.#reply({ type: "progress", text, done: loaded, bytes: true, ...(total !== undefined && { total }) }),
    });
    signal.throwIfAborted();
    await this.#devices.settled(); // the download may have outlived the device
    const device = await this.openDevice();
    const model = await openModel(device, file, precision, (...progress) => this.#reply(compiling(...progress)));
    try {
      await this.#follow(model, device);
    } catch (error) {
      model.dispose();
      throw error;
    }
    return { model, file };
  }

  /** Moves a network to the current device, where its own was lost while it was made. */
  async #follow(model: Model, device: Device): Promise<void> {
    await this.#devices.settled();
    const current = this.#devices.device;
    if (current && current !== device) await model.recover(current);
  }
}

/** Browsers do not tell a page whether a server of another origin is down, or does not allow the page to read. */
function withPermission(error: unknown, weights: LoadRequest["weights"]): unknown {
  if (!isFcnError(error, "bad-weights") || !error.message.includes("could not be fetched")) return error;
  if (weights.kind !== "address" || weights.address.startsWith(`${location.origin}/`)) return error;
  const { message } = error;
  return new Error(`${message}. A server of another origin must allow this page to read (CORS)`, { cause: error });
}

/** The beginning and the end of a long name: how much is loaded stands after it, on the same line. */
function shortened(name: string): string {
  const letters = [...name];
  return letters.length > LONGEST
    ? `${letters.slice(0, LONGEST / 2).join("")}…${letters.slice(1 - LONGEST / 2).join("")}`
    : name;
}
