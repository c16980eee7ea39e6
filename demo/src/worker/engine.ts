/**
 * The state behind the page: device, networks, the picture on show and its label maps. One thing happens at a time; of several
 * pictures that wait, the last one counts. A device that is lost is opened again, with everything that was on show.
 */
import { isFcnError, labelPng, requestDevice } from "fcn-webgpu";
import type { Device, Picture, PrecisionOption } from "fcn-webgpu";
import type { Drawing, Look, Reading, Reply, Request, StageTime } from "../messages.js";
import { CpuPainter, blend } from "./cpu-painter.js";
import { GpuPainter } from "./gpu-painter.js";
import { openModel } from "./model.js";
import type { Model, Result } from "./model.js";
import type { Layer, Painter, Slot } from "./painter.js";
import { decode } from "./pictures.js";

type Job = Extract<Request, { type: "segment" }>;

/** Waits before the device is asked for again, in milliseconds: a crashed GPU process needs a moment. */
const RETRIES = [100, 400, 1500, 4000];

/** Losses within this time of each other are one illness, not several accidents. */
const ILLNESS = 20_000;
const MOST_LOSSES = 3;

export class Engine {
  readonly #slots = new Map<number, { canvas: OffscreenCanvas; size: Slot["size"] }>();
  #look: Look = { opacity: 0.6, split: 0, highlight: undefined };
  #drawing: Drawing = "auto";
  #device: Device | undefined;
  #painter: Painter | undefined;
  #model: Model | undefined;
  #file: File | undefined;
  #precision: PrecisionOption = "auto";
  #shown: { readonly job: Job; readonly picture: Picture; result: Result | undefined } | undefined;
  #waiting: Job | undefined;
  #abort = new AbortController();
  #tail: Promise<void> = Promise.resolve();
  #losses: number[] = [];
  #recovery: Promise<void> | undefined;

  constructor(private readonly reply: (reply: Reply) => void) {}

  setCanvas(slot: number, canvas: OffscreenCanvas): void {
    this.#slots.set(slot, { canvas, size: this.#slots.get(slot)?.size });
    this.#paint();
  }

  setSize(slot: number, width: number, height: number): void {
    const held = this.#slots.get(slot);
    if (held) held.size = { width, height };
    this.#paint();
  }

  setLook(look: Look): void {
    this.#look = look;
    this.#paint();
  }

  /** Another checkpoint; what was loaded stays until the new one is ready. */
  load(file: File | undefined, precision: PrecisionOption, drawing: Drawing): void {
    this.#drawing = drawing;
    this.#enqueue("load", async () => {
      await this.#open(file, precision);
      const again = this.#shown;
      if (again) await this.#infer(again.job, again.picture);
    });
  }

  segment(job: Job): void {
    if (this.#waiting?.picture instanceof ImageBitmap) this.#waiting.picture.close();
    this.#waiting = job;
    this.#abort.abort(); // what runs is no longer wanted
    this.#enqueue("segment", async () => {
      if (this.#waiting !== job) return; // another picture was chosen meanwhile
      this.#waiting = undefined;
      if (!this.#device) return; // no network was ever ready, which was said
      const start = performance.now();
      const { picture, full } = await decode(job.picture, job.name, job.side, this.#device.software);
      const times = [{ name: "Decode, resize", ms: performance.now() - start }];
      // A camera's last frame stays, with its labels, until the next one has some.
      const frame = job.picture instanceof ImageBitmap && this.#shown?.job.picture instanceof ImageBitmap;
      if (!frame) {
        this.#shown = { job, picture, result: undefined };
        this.#painter?.show(picture, new Map());
        this.#paint();
      }
      this.reply({ type: "picture", id: job.id, name: job.name, width: picture.width, height: picture.height, full });
      await this.#infer(job, picture, times);
    });
  }

  async probe(x: number, y: number): Promise<void> {
    const { picture, result } = this.#shown ?? {};
    const at = picture && x < picture.width && y < picture.height ? y * picture.width + x : undefined;
    const [r = 0, g = 0, b = 0] = at === undefined ? [] : (picture?.data.subarray(at * 4) ?? []);
    let readings: Reading[] = [];
    try {
      const read = async ([variant, labels]: [string, Uint8Array]): Promise<Reading> => {
        const label = labels[at ?? 0] ?? 0;
        return { variant, label, probability: (await result?.probabilities(variant, x, y))?.[label] ?? 0 };
      };
      if (at !== undefined && result) readings = await Promise.all(Object.entries(result.labels).map(read));
    } catch (error) {
      // The loss of a device is said where it is repaired.
      if (!isFcnError(error, "device-lost")) this.reply({ type: "failed", what: "probe", message: messageOf(error) });
    }
    this.reply({ type: "probed", x, y, colour: [r, g, b], readings });
  }

  save(kind: "labels" | "overlay", variant: string): void {
    this.#enqueue("save", async () => {
      const { picture, result, job } = this.#shown ?? {};
      const labels = result?.labels[variant];
      if (!picture || !labels || !job)
        throw new Error("there is no label map yet: wait until the picture is segmented");
      const { width, height } = picture;
      const name = `${job.name.replace(/\.\w+$/, "")}.${variant}.${kind}.png`;
      if (kind === "labels")
        this.reply({
          type: "saved",
          name,
          blob: new Blob([await labelPng(labels, width, height)], { type: "image/png" }),
        });
      else {
        const canvas = new OffscreenCanvas(width, height);
        canvas
          .getContext("2d")
          ?.putImageData(new ImageData(blend(picture, labels, { ...this.#look, split: 0 }), width, height), 0, 0);
        this.reply({ type: "saved", name, blob: await canvas.convertToBlob({ type: "image/png" }) });
      }
    });
  }

  #enqueue(what: "load" | "segment" | "save", work: () => Promise<void>): void {
    const whenWell = async (): Promise<void> => {
      await this.#well();
      try {
        await work();
      } catch (error) {
        if (!isFcnError(error, "device-lost")) throw error;
        await this.#well(); // which runs the networks again
        if (what === "load") await work();
      }
    };
    this.#tail = this.#tail.then(whenWell).catch((error: unknown) => {
      const message = messageOf(error);
      const code = isFcnError(error) ? error.code : undefined;
      const never = code === "no-webgpu" || code === "no-adapter" || (what === "load" && !this.#model);
      this.reply(never ? { type: "fatal", code, message } : { type: "failed", what, message });
    });
  }

  /** Waits until no recovery is under way. */
  async #well(): Promise<void> {
    let seen: Promise<void> | undefined;
    do await (seen = this.#recovery);
    while (seen !== this.#recovery);
  }

  async #openDevice(): Promise<Device> {
    const device = await requestDevice();
    this.#device = device;
    const gpu = this.#drawing === "auto" ? !device.software : this.#drawing === "gpu";
    this.#painter = gpu ? new GpuPainter(device.gpu) : new CpuPainter();
    void device.lost.then((error) => (this.#recovery = this.#recover(error.message)));
    return device;
  }

  async #open(file: File | undefined, precision: PrecisionOption): Promise<void> {
    this.reply({ type: "progress", text: "Opening the GPU" });
    const device = this.#device ?? (await this.#openDevice());
    const name = file?.name ?? "weights";
    const model = await openModel(device, file, precision, {
      weights: ({ loaded, total }) =>
        this.reply({ type: "progress", text: `Loading ${name}`, done: loaded, ...(total !== undefined && { total }) }),
      pipelines: (done, total) => this.reply({ type: "progress", text: "Compiling kernels", done, total }),
    });
    this.#model?.dispose();
    this.#model = model;
    this.#file = file;
    this.#precision = precision;
    this.#announce(device, model);
  }

  #announce(
    { label, software }: Device,
    { variants, classNames, description, notice, precision: stored }: Model,
  ): void {
    const network = {
      file: this.#file?.name,
      precision: this.#precision,
      stored,
      variants,
      classNames,
      description,
      notice,
    };
    this.reply({
      type: "ready",
      network,
      adapter: { label, software, drawing: this.#painter instanceof GpuPainter ? "gpu" : "cpu" },
    });
  }

  async #infer(job: Job, picture: Picture, before: readonly StageTime[] = []): Promise<void> {
    const model = this.#model;
    if (!model || !this.#painter) return;
    this.reply({ type: "progress", text: "Segmenting" });
    const start = performance.now();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const result = await model.run(picture, signal).catch((error: unknown) => {
      if (!signal.aborted || isFcnError(error, "device-lost")) throw error;
    });
    if (!result) return; // another picture or checkpoint is next
    const ran = performance.now();
    const layers = Object.entries(result.labels).map(([variant, labels]): [string, Layer] => [
      variant,
      { labels, buffer: result.buffers[variant] },
    ]);
    this.#shown = { job, picture, result };
    this.#painter.show(picture, new Map(layers));
    this.#paint();
    const times = [...before, ...result.times, { name: "Draw", ms: performance.now() - ran }];
    const counts = Object.fromEntries(
      Object.entries(result.labels).map(([variant, labels]) => [variant, count(labels)]),
    );
    this.reply({
      type: "segmented",
      id: job.id,
      width: picture.width,
      height: picture.height,
      counts,
      times,
      total: performance.now() - start + before.reduce((sum, { ms }) => sum + ms, 0),
    });
  }

  #paint(): void {
    const variants = this.#model?.variants ?? [];
    const slots = [...this.#slots].map(([slot, { canvas, size }]) => ({
      canvas,
      size,
      variant: slot === 0 ? undefined : variants[slot - 1],
    }));
    this.#painter?.paint(slots, this.#look);
  }

  async #recover(message: string): Promise<void> {
    this.reply({ type: "lost", message });
    const now = performance.now();
    this.#losses = [...this.#losses.filter((when) => now - when < ILLNESS), now];
    this.#painter?.dispose();
    this.#device?.dispose();
    this.#painter = this.#device = undefined;
    if (this.#losses.length > MOST_LOSSES) {
      return this.reply({
        type: "fatal",
        code: "device-lost",
        message: `${message}; that was the ${this.#losses.length}th time in ${ILLNESS / 1000} seconds`,
      });
    }
    for (const wait of RETRIES) {
      await new Promise((resolve) => setTimeout(resolve, wait));
      try {
        const device = await this.#openDevice();
        if (this.#model) {
          await this.#model.recover(device);
          this.#announce(device, this.#model);
        }
        const again = this.#shown;
        if (again) await this.#infer(again.job, again.picture);
        return this.reply({ type: "recovered" });
      } catch (error) {
        if (isFcnError(error, "device-lost")) return; // the next recovery has begun
        if (!isFcnError(error, "no-adapter"))
          return this.reply({ type: "fatal", code: "device-lost", message: `${message}; ${messageOf(error)}` });
      }
    }
    this.reply({ type: "fatal", code: "device-lost", message });
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function count(labels: Uint8Array): Record<number, number> {
  const counts = new Uint32Array(256);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return Object.fromEntries([...counts.entries()].filter(([, pixels]) => pixels > 0));
}
