/** The page's canvases and loupes, and the painter that draws them. */
import type { Picture } from "fcn-webgpu";
import { FIRST_LOOK } from "../messages.js";
import type { Adapter, LensSize, Look, Point } from "../messages.js";
import { CpuPainter } from "./cpu-painter.js";
import { GpuPainter } from "./gpu-painter.js";
import { drawLoupes } from "./loupe.js";
import type { CanvasSlot, Layer, Painter } from "./painter.js";

/** A device that is lost within this time of its first drawing may be lost because of it. */
const SUSPECT_MS = 20_000;

interface Held {
  readonly canvas: OffscreenCanvas;
  readonly lens: OffscreenCanvas;
  size: CanvasSlot["size"];
}

export class Display {
  readonly #slots = new Map<number, Held>();
  readonly #fellBack: () => void;
  #look = FIRST_LOOK;
  #painter: Painter | undefined;
  #scene: { readonly picture: Picture; readonly layers: ReadonlyMap<string, Layer> } | undefined;
  #point: Point | undefined;
  #lens: LensSize | undefined;
  /** The GPU could not draw on this page. */
  #isBroken = false;
  /** When the GPU began to draw, in milliseconds of the worker's clock. */
  #began = 0;

  /** @param fellBack the CPU draws from now on, and needs other canvases */
  constructor(fellBack: () => void) {
    this.#fellBack = fellBack;
  }

  get look(): Look {
    return this.#look;
  }

  get drawing(): Adapter["drawing"] {
    return this.#painter instanceof GpuPainter ? "gpu" : "cpu";
  }

  /** Draws with this device, or on the CPU without one and where the GPU failed before. */
  start(gpu: GPUDevice | undefined): void {
    this.#painter = gpu && !this.#isBroken ? this.#gpuPainter(gpu) : new CpuPainter();
  }

  /** Pipelines are checked later than they are made. */
  #gpuPainter(gpu: GPUDevice): Painter {
    this.#began = performance.now();
    gpu.pushErrorScope("validation");
    const painter = new GpuPainter(gpu);
    const checked = gpu.popErrorScope();
    checked.then(
      (error) => error && this.#painter === painter && this.#fallBack(),
      () => undefined, // the device is lost, which its keeper hears
    );
    return painter;
  }

  /** The GPU cannot draw: the CPU does from now on. A canvas cannot change its kind of context. */
  #fallBack(): void {
    this.#isBroken = true;
    this.stop();
    this.#slots.clear();
    this.#painter = new CpuPainter();
    if (this.#scene) this.#painter.show(this.#scene.picture, this.#scene.layers);
    this.#fellBack();
  }

  /** Draws nothing until start(). */
  stop(): void {
    this.#painter?.dispose();
    this.#painter = undefined;
  }

  /** As stop(), after the loss of the device. One that is lost as soon as it draws is not asked to draw again. */
  lose(): void {
    if (this.#painter instanceof GpuPainter && performance.now() - this.#began < SUSPECT_MS) {
      this.#isBroken = true;
      this.#slots.clear(); // a canvas cannot change its kind of context
    }
    this.stop();
  }

  setCanvas(slot: number, canvas: OffscreenCanvas, lens: OffscreenCanvas): void {
    this.#slots.set(slot, { canvas, lens, size: undefined });
    this.#paint();
  }

  setSize(slot: number, width: number, height: number): void {
    const held = this.#slots.get(slot);
    if (held) held.size = { width, height };
    this.#paint();
  }

  setLens({ side, reach }: LensSize): void {
    this.#lens = { side, reach };
    this.#drawLenses();
  }

  setLook(look: Look): void {
    this.#look = look;
    this.#paint();
  }

  /** The loupes show the surroundings of this pixel. */
  setPoint(point: Point): void {
    this.#point = point;
    this.#drawLenses();
  }

  /** `layers` by variant; none before the networks have run. */
  show(picture: Picture, layers: ReadonlyMap<string, Layer>): void {
    this.#scene = { picture, layers };
    this.#painter?.show(picture, layers);
    this.#paint();
  }

  #paint(): void {
    const slots = [...this.#slots].map(([slot, { canvas, size }]) => ({
      canvas,
      size,
      layering: this.#layering(slot),
    }));
    try {
      this.#painter?.paint(slots, this.#look);
    } catch (error) {
      if (!(this.#painter instanceof GpuPainter)) throw error;
      return this.#fallBack();
    }
    this.#drawLenses();
  }

  #layering(slot: number): Look["layerings"][number] {
    return this.#look.layerings[slot] ?? { variant: undefined };
  }

  #drawLenses(): void {
    if (!this.#scene || !this.#point || !this.#lens) return;
    const slots = [...this.#slots].map(([slot, { lens }]) => ({ lens, layering: this.#layering(slot) }));
    drawLoupes(slots, { ...this.#scene, look: this.#look, at: this.#point, ...this.#lens });
  }
}
