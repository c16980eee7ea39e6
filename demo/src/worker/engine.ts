/**
 * The worker's state: device, networks, the picture on show and its label maps. Requests run one at a time. Of several
 * pictures or weights that wait, only the last are used. A lost device is replaced and everything on show is restored.
 */
import { isFcnError } from "fcn-webgpu";
import type { Device } from "fcn-webgpu";
import { errorText } from "../error-text.js";
import type { Drawing, Reply, SavedKind, StageTime } from "../messages.js";
import { TeachDoor } from "../teach/door.js";
import type { TeachReply, TeachRequest } from "../teach/messages.js";
import type { LessonBase } from "../teach/lesson.js";
import { DeviceKeeper } from "./device-keeper.js";
import { Display } from "./display.js";
import { explained } from "./explain-door.js";
import { Loader } from "./loader.js";
import type { Loaded, LoadRequest } from "./loader.js";
import { networkInfo, teachableCheckpoint } from "./model.js";
import { decode } from "./pictures.js";
import { savedFile } from "./saved-file.js";
import { layersOf, pictureReply, readingAt, runUnlessAborted, segmentedReply } from "./scene.js";
import type { Scene, PictureJob } from "./scene.js";
import { WorkQueue } from "./work-queue.js";

type Work = "load" | "segment" | "save" | "teach";

/** A network, and what asked for it. */
interface Used extends Loaded {
  readonly request: LoadRequest;
}

export class Engine {
  readonly display = new Display(() => this.#announce());
  readonly #reply: (reply: Reply, transfer?: Transferable[]) => void;
  readonly #teaching: TeachDoor;
  readonly #devices: DeviceKeeper;
  readonly #loader: Loader;
  #drawing: Drawing = "auto";
  #used: Used | undefined;
  #shown: Scene | undefined;
  /** The scene whose run another picture or other weights have stopped. It runs again where those fail. */
  #stopped: Scene | undefined;
  /** The last picture, until its turn comes. */
  #waiting: PictureJob | undefined;
  /** The weights that were asked for last, and those whose turn came last. */
  #asked: LoadRequest | undefined;
  #begun: LoadRequest | undefined;
  /** Stop the run, the explanation and the loading in progress. */
  #abort = new AbortController();
  #explaining = new AbortController();
  #loading = new AbortController();
  readonly #queue = new WorkQueue(() => this.#devices.settled());

  constructor(reply: (reply: Reply, transfer?: Transferable[]) => void) {
    this.#reply = reply;
    const room = {
      reply: (answer: TeachReply, transfer?: Transferable[]) => reply({ type: "teach", reply: answer }, transfer),
      saved: (name: string, blob: Blob) => reply({ type: "saved", name, blob }),
      later: (work: () => Promise<void>) => this.#enqueue("teach", work),
    };
    this.#teaching = new TeachDoor(room, () => this.#lessonBase());
    this.#devices = new DeviceKeeper({
      opened: ({ gpu, software }) => {
        const onGpu = this.#drawing === "auto" ? !software : this.#drawing === "gpu";
        this.display.start(onGpu ? gpu : undefined);
      },
      lost: (message) => {
        this.#teaching.lost("gpu");
        reply({ type: "lost", message });
        this.display.lose();
      },
      restore: (device) => this.#restore(device),
      recovered: () => reply({ type: "recovered" }),
      gaveUp: (message) => reply({ type: "fatal", code: "device-lost", message }),
    });
    this.#loader = new Loader(this.#devices, reply);
  }

  open(drawing: Drawing): void {
    this.#drawing = drawing;
    this.#enqueue("load", async () => void (await this.#loader.openDevice()));
  }

  /** Loads other weights, or the same at another precision. The current ones stay until the new ones are ready. */
  load(request: LoadRequest): void {
    this.#drawing = request.drawing;
    this.#asked = request;
    this.#loading.abort();
    this.#abort.abort(); // its result would not be shown
    this.#enqueue("load", async () => {
      if (this.#asked !== request) return; // a later choice replaced it
      if (this.#used?.request === request) return; // its run has lost the device, and the recovery did it again
      this.#begun = request;
      await this.#open(request);
      await this.#segmentAgain();
    });
  }

  segment(job: PictureJob): void {
    if (this.#waiting?.picture instanceof ImageBitmap) this.#waiting.picture.close();
    this.#waiting = job;
    this.#abort.abort(); // the picture in progress is no longer wanted
    this.#enqueue(
      "segment",
      async () => {
        if (this.#waiting !== job) return; // a later picture replaced it
        this.#waiting = undefined;
        const { device } = this.#devices;
        if (!device) {
          if (job.picture instanceof ImageBitmap) job.picture.close();
          return; // no network was ever ready; load() has reported why
        }
        const start = performance.now();
        const { picture, full } = await decode(job.picture, job.name, job.side, device.software);
        this.#stopped = undefined; // this picture replaces it
        const times = [{ name: "Decode, resize", ms: performance.now() - start }];
        const scene: Scene = { job, picture, full, result: undefined };
        // Between camera frames the last frame stays, with its labels, until the next one has labels.
        const betweenFrames = job.picture instanceof ImageBitmap && this.#shown?.job.picture instanceof ImageBitmap;
        if (!betweenFrames) {
          this.#shown = scene;
          this.display.show(picture, new Map());
        }
        this.#reply(pictureReply(scene, betweenFrames));
        await this.#infer(scene, times);
      },
      job.id,
    );
  }

  /** Reads the picture and every label map at a pixel, and shows its surroundings in the loupes. */
  async probe(x: number, y: number): Promise<void> {
    this.display.setPoint({ x, y });
    try {
      this.#reply({ type: "probed", x, y, ...(await readingAt(this.#shown, x, y)) });
    } catch (error) {
      // The recovery reports a lost device.
      if (!isFcnError(error, "device-lost")) this.#reply({ type: "failed", what: "probe", message: errorText(error) });
      this.#reply({ type: "probed", x, y, colour: [0, 0, 0], readings: [] });
    }
  }

  save(kind: SavedKind, variant: string): void {
    this.#enqueue("save", async () => {
      const labels = this.#shown?.result?.labels[variant];
      if (!this.#shown || !labels) throw new Error("there is no label map yet: wait until the picture is segmented");
      const name = `${this.#shown.job.name.replace(/\.\w+$/, "")}.${variant}.${kind}.png`;
      this.#reply({ type: "saved", name, blob: await savedFile(kind, this.#shown, labels, this.display.look) });
    });
  }

  /** What lies between the picture on show and its labels. Other requests do not wait for it; they end it. */
  explain(): void {
    const { device } = this.#devices;
    const { model, file: weights } = this.#used ?? {};
    const { picture, result } = this.#shown ?? {};
    if (!device || !model || !weights || !picture || !result) return;
    this.#explaining = new AbortController();
    const { signal } = this.#explaining;
    void explained({ device, model, weights, picture, result, signal }).then((reply) => reply && this.#reply(reply));
  }

  teach(request: TeachRequest): void {
    this.#enqueue("teach", () => this.#teaching.answer(request));
  }

  /** @throws Error with a sentence */
  #lessonBase(): LessonBase {
    const { device } = this.#devices;
    if (!device) throw new Error("no network is loaded yet: wait until a picture is segmented");
    const dtype = this.#used?.request.weights.kind === "built-in" ? "f16" : "f32";
    return { device, checkpoint: teachableCheckpoint(this.#used?.model), dtype };
  }

  /** Runs `work` when all earlier requests are done and a device is there. */
  #enqueue(what: Work, work: () => Promise<void>, id?: number): void {
    this.#queue.add(work, what === "load", (error) => this.#onError(what, error, id));
  }

  #onError(what: Work, error: unknown, id: number | undefined): void {
    const message = errorText(error);
    if (what === "teach") return this.#teaching.failed(message);
    if (what === "load" && this.#hasWaitingLoad) return; // stopped by a later choice
    const code = isFcnError(error) ? error.code : undefined;
    const noGpu = code === "no-webgpu" || code === "no-adapter";
    // Where a person's own weights are refused, the page asks for the built-in ones.
    const isOwn = this.#begun !== undefined && this.#begun.weights.kind !== "built-in";
    const noNetwork = what === "load" && !this.#used && !isOwn;
    this.#reply(noGpu || noNetwork ? { type: "fatal", code, message } : { type: "failed", what, message, id });
    this.#enqueue("segment", async () => this.#stopped && this.#infer(this.#stopped)); // what was stopped for it
  }

  get #hasWaitingLoad(): boolean {
    return this.#asked !== this.#begun;
  }

  async #restore(device: Device): Promise<void> {
    await this.#used?.model.recover(device);
    this.#announce();
    await this.#segmentAgain();
  }

  async #open(request: LoadRequest): Promise<void> {
    this.#loading = new AbortController();
    const loaded = await this.#loader.load(request, this.#loading.signal);
    this.#teaching.lost("weights");
    this.#explaining.abort();
    this.#used?.model.dispose();
    this.#used = { ...loaded, request };
    this.#announce();
  }

  #announce(): void {
    const { device } = this.#devices;
    if (!device || !this.#used) return;
    const { model, request } = this.#used;
    const network = networkInfo(model, request);
    const { label, software } = device;
    this.#reply({ type: "ready", network, adapter: { label, software, drawing: this.display.drawing } });
  }

  async #segmentAgain(): Promise<void> {
    const scene = this.#stopped ?? this.#shown;
    if (scene) await this.#infer(scene);
  }

  /** Segments and shows a picture, unless others are asked for, or weights. `before` are the stages already done. */
  async #infer(scene: Scene, before: readonly StageTime[] = []): Promise<void> {
    const model = this.#used?.model;
    if (!model || !this.#devices.device) return;
    this.#stopped = this.#waiting || this.#hasWaitingLoad ? scene : undefined;
    if (this.#stopped) return;
    this.#explaining.abort();
    this.#reply({ type: "progress", text: "Running the networks" });
    this.#abort = new AbortController();
    const result = await runUnlessAborted(model, scene.picture, this.#abort.signal);
    if (!result) {
      this.#stopped = scene;
      return;
    }
    const drawStart = performance.now();
    this.#shown = { ...scene, result };
    this.display.show(scene.picture, layersOf(result));
    const times = [...before, ...result.times, { name: "Draw", ms: performance.now() - drawStart }];
    this.#reply(segmentedReply(scene, result, times));
  }
}
