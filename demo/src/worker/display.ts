/** The page's canvases, and the painter that draws them. */
import type { Picture } from "fcn-webgpu";
import type { Adapter, Look } from "../messages.js";
import { CpuPainter } from "./cpu-painter.js";
import { GpuPainter } from "./gpu-painter.js";
import type { CanvasSlot, Layer, Painter } from "./painter.js";

export class Display {
  readonly #slots = new Map<number, { canvas: OffscreenCanvas; size: CanvasSlot["size"] }>();
  #look: Look = { opacity: 0.6, split: 0, highlight: undefined };
  #painter: Painter | undefined;
  #variants: readonly string[] = [];

  get look(): Look {
    return this.#look;
  }

  get drawing(): Adapter["drawing"] {
    return this.#painter instanceof GpuPainter ? "gpu" : "cpu";
  }

  /** Draws with this device, or on the CPU without one. */
  start(gpu: GPUDevice | undefined): void {
    this.#painter = gpu ? new GpuPainter(gpu) : new CpuPainter();
  }

  /** Draws nothing until start(). */
  stop(): void {
    this.#painter?.dispose();
    this.#painter = undefined;
  }

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

  /** Slot i shows variant i - 1 from the next drawing on; slot 0 shows the bare picture. */
  setVariants(variants: readonly string[]): void {
    this.#variants = variants;
  }

  /** `layers` by variant; none before the networks have run. */
  show(picture: Picture, layers: ReadonlyMap<string, Layer>): void {
    this.#painter?.show(picture, layers);
    this.#paint();
  }

  #paint(): void {
    const slots = [...this.#slots].map(([slot, { canvas, size }]) => ({
      canvas,
      size,
      variant: slot === 0 ? undefined : this.#variants[slot - 1],
    }));
    this.#painter?.paint(slots, this.#look);
  }
}
