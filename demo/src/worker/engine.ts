/**
 * The worker's state: device, networks, the picture on show and its label maps. Requests run one at a time. Of several
 * pictures that wait, only the last one is segmented. A lost device is replaced and everything on show is restored.
 */
import { isFcnError } from "fcn-webgpu";
import type { Device, Picture, PrecisionOption } from "fcn-webgpu";
import { errorText } from "../error-text.js";
import type { Drawing, Reading, Reply, Request, SavedKind, StageTime } from "../messages.js";
import { TeachDoor } from "../teach/door.js";
import type { TeachReply, TeachRequest } from "../teach/messages.js";
import type { LessonBase } from "../teach/lesson.js";
import { DeviceKeeper } from "./device-keeper.js";
import { Display } from "./display.js";
import { countPixels } from "./label-counts.js";
import type { Model, ModelResult } from "./model.js";
import { openModel } from "./open-model.js";
import type { Layer } from "./painter.js";
import { decode } from "./pictures.js";
import { savedFile } from "./saved-file.js";

type Job = Extract<Request, { type: "segment" }>;

export class Engine {
  readonly display = new Display();
  readonly #reply: (reply: Reply, transfer?: Transferable[]) => void;
  readonly #teaching: TeachDoor;
  readonly #devices: DeviceKeeper;
  #drawing: Drawing = "auto";
  #model: Model | undefined;
  #file: File | undefined;
  #precision: PrecisionOption = "auto";
  #shown: { readonly job: Job; readonly picture: Picture; readonly result: ModelResult | undefined } | undefined;
  /** The last picture sent, until its turn comes. */
  #waiting: Job | undefined;
  /** Stops the run in progress. */
  #abort = new AbortController();
  /** Settles when all requests so far are done. */
  #queue: Promise<void> = Promise.resolve();

  constructor(reply: (reply: Reply, transfer?: Transferable[]) => void) {
    this.#reply = reply;
    const room = {
      reply: (answer: TeachReply, transfer?: Transferable[]) => reply({ type: "teach", reply: answer }, transfer),
      saved: (name: string, blob: Blob) => reply({ type: "saved", name, blob }),
      later: (work: () => Promise<void>) => this.#enqueue("teach", work),
    };
    this.#teaching = new TeachDoor(room, () => this.#lessonBase());
    this.#devices = new DeviceKeeper({
      opened: (device) => this.#startDisplay(device),
      lost: (message) => {
        this.#teaching.lost(
          "the GPU was lost while teaching, and what was learned with it; the strokes are still there",
        );
        reply({ type: "lost", message });
        this.display.stop();
      },
      restore: (device) => this.#restore(device),
      recovered: () => reply({ type: "recovered" }),
      gaveUp: (message) => reply({ type: "fatal", code: "device-lost", message }),
    });
  }

  /** Loads another checkpoint. The current one stays until the new one is ready. */
  load(file: File | undefined, precision: PrecisionOption, drawing: Drawing): void {
    this.#drawing = drawing;
    this.#enqueue("load", async () => {
      await this.#open(file, precision);
      await this.#segmentAgain();
    });
  }

  segment(job: Job): void {
    if (this.#waiting?.picture instanceof ImageBitmap) this.#waiting.picture.close();
    this.#waiting = job;
    this.#abort.abort(); // the picture in progress is no longer wanted
    this.#enqueue(
      "segment",
      async () => {
        if (this.#waiting !== job) return; // a later picture replaced it
        this.#waiting = undefined;
        const { device } = this.#devices;
        if (!device) return; // no network was ever ready; load() has reported why
        const start = performance.now();
        const { picture, full } = await decode(job.picture, job.name, job.side, device.software);
        const times = [{ name: "Decode, resize", ms: performance.now() - start }];
        // Between camera frames the last frame stays, with its labels, until the next one has labels.
        const betweenFrames = job.picture instanceof ImageBitmap && this.#shown?.job.picture instanceof ImageBitmap;
        if (!betweenFrames) {
          this.#shown = { job, picture, result: undefined };
          this.display.show(picture, new Map());
        }
        const { width, height } = picture;
        this.#reply({ type: "picture", id: job.id, name: job.name, width, height, full });
        await this.#infer(job, picture, times);
      },
      job.id,
    );
  }

  /** Reads the picture and every label map at a pixel. Outside the picture it finds nothing. */
  async probe(x: number, y: number): Promise<void> {
    const { picture, result } = this.#shown ?? {};
    const inside = picture !== undefined && x < picture.width && y < picture.height;
    const pixel = inside ? y * picture.width + x : 0;
    const [r = 0, g = 0, b = 0] = inside ? picture.data.subarray(pixel * 4) : [];
    let readings: Reading[] = [];
    try {
      const read = async ([variant, labels]: [string, Uint8Array]): Promise<Reading> => {
        const label = labels[pixel] ?? 0;
        const probabilities = await result?.probabilities(variant, x, y);
        return { variant, label, probability: probabilities?.[label] ?? 0 };
      };
      if (inside && result) readings = await Promise.all(Object.entries(result.labels).map(read));
    } catch (error) {
      // The recovery reports a lost device.
      if (!isFcnError(error, "device-lost")) this.#reply({ type: "failed", what: "probe", message: errorText(error) });
    }
    this.#reply({ type: "probed", x, y, colour: [r, g, b], readings });
  }

  save(kind: SavedKind, variant: string): void {
    this.#enqueue("save", async () => {
      const labels = this.#shown?.result?.labels[variant];
      if (!this.#shown || !labels) throw new Error("there is no label map yet: wait until the picture is segmented");
      const { picture, job } = this.#shown;
      const name = `${job.name.replace(/\.\w+$/, "")}.${variant}.${kind}.png`;
      const blob = await savedFile(kind, picture, labels, this.display.look);
      this.#reply({ type: "saved", name, blob });
    });
  }

  teach(request: TeachRequest): void {
    this.#enqueue("teach", () => this.#teaching.answer(request));
  }

  /** @throws Error with a sentence */
  #lessonBase(): LessonBase {
    const { device } = this.#devices;
    const checkpoint = this.#model?.checkpoint;
    if (!device) throw new Error("no network is loaded yet: wait until a picture is segmented");
    if (!checkpoint)
      throw new Error("this network stands on its own: load the built-in weights, or an FCN-32s, 16s or 8s, to teach");
    return { device, checkpoint, dtype: this.#file ? "f32" : "f16" };
  }

  /** Runs `work` when all earlier requests are done and a device is there. */
  #enqueue(what: "load" | "segment" | "save" | "teach", work: () => Promise<void>, id?: number): void {
    const run = async (): Promise<void> => {
      await this.#devices.settled();
      try {
        await work();
      } catch (error) {
        if (!isFcnError(error, "device-lost")) throw error;
        await this.#devices.settled(); // the recovery segments the picture on show; a load must be repeated
        if (what === "load") await work();
      }
    };
    this.#queue = this.#queue.then(run).catch((error: unknown) => {
      const message = errorText(error);
      if (what === "teach") return this.#teaching.failed(message);
      const code = isFcnError(error) ? error.code : undefined;
      const noGpu = code === "no-webgpu" || code === "no-adapter";
      const noNetwork = what === "load" && !this.#model;
      this.#reply(noGpu || noNetwork ? { type: "fatal", code, message } : { type: "failed", what, message, id });
    });
  }

  #startDisplay({ gpu, software }: Device): void {
    const onGpu = this.#drawing === "auto" ? !software : this.#drawing === "gpu";
    this.display.start(onGpu ? gpu : undefined);
  }

  async #restore(device: Device): Promise<void> {
    if (this.#model) {
      await this.#model.recover(device);
      this.#announce(device, this.#model);
    }
    await this.#segmentAgain();
  }

  async #open(file: File | undefined, precision: PrecisionOption): Promise<void> {
    this.#reply({ type: "progress", text: "Opening the GPU" });
    const device = this.#devices.device ?? (await this.#devices.open());
    const text = `Loading ${file?.name ?? "weights"}`;
    const model = await openModel(device, file, precision, {
      weights: ({ loaded, total }) =>
        this.#reply({ type: "progress", text, done: loaded, bytes: true, ...(total !== undefined && { total }) }),
      pipelines: (done, total) => this.#reply({ type: "progress", text: "Compiling kernels", done, total }),
    });
    this.#teaching.lost("the weights are loaded anew, so what was taught on them is gone; the strokes are still there");
    this.#model?.dispose();
    this.#model = model;
    this.display.setVariants(model.variants);
    this.#file = file;
    this.#precision = precision;
    this.#announce(device, model);
  }

  #announce({ label, software }: Device, model: Model): void {
    const { variants, classNames, description, notice, precision: stored } = model;
    const file = this.#file?.name;
    const network = { file, precision: this.#precision, stored, variants, classNames, description, notice };
    this.#reply({ type: "ready", network, adapter: { label, software, drawing: this.display.drawing } });
  }

  async #segmentAgain(): Promise<void> {
    if (this.#shown) await this.#infer(this.#shown.job, this.#shown.picture);
  }

  /** Segments and shows a picture, unless another one is requested meanwhile. `before` are the stages already done. */
  async #infer(job: Job, picture: Picture, before: readonly StageTime[] = []): Promise<void> {
    const model = this.#model;
    if (!model || !this.#devices.device) return;
    this.#reply({ type: "progress", text: "Segmenting" });
    const start = performance.now();
    this.#abort = new AbortController();
    const result = await runUnlessAborted(model, picture, this.#abort.signal);
    if (!result) return; // the next request is another picture
    const drawStart = performance.now();
    this.#shown = { job, picture, result };
    this.display.show(picture, layersOf(result));
    const times = [...before, ...result.times, { name: "Draw", ms: performance.now() - drawStart }];
    const counts = countPixels(result.labels);
    this.#reply({
      type: "segmented",
      id: job.id,
      width: picture.width,
      height: picture.height,
      counts,
      times,
      total: before.reduce((sum, { ms }) => sum + ms, performance.now() - start),
    });
  }
}

/** @returns undefined if the run was aborted */
async function runUnlessAborted(model: Model, picture: Picture, signal: AbortSignal): Promise<ModelResult | undefined> {
  try {
    return await model.run(picture, signal);
  } catch (error) {
    if (!signal.aborted || isFcnError(error, "device-lost")) throw error;
    return undefined;
  }
}

function layersOf({ labels, buffers }: ModelResult): Map<string, Layer> {
  return new Map(Object.entries(labels).map(([variant, map]) => [variant, { labels: map, buffer: buffers[variant] }]));
}
