/**
 * Draws label maps over pictures on the GPU that computed them: the labels never leave it. The painter keeps its own
 * copies, so that it can draw again, at another opacity or size, while a network runs.
 */
import type { Picture } from "fcn-webgpu";
import type { Look } from "../messages.js";
import { gpuContext } from "./canvas-contexts.js";
import { PaintPass } from "./paint-pass.js";
import type { CanvasSlot, Layer, Painter } from "./painter.js";

export class GpuPainter implements Painter {
  readonly #gpu: GPUDevice;
  readonly #format = navigator.gpu.getPreferredCanvasFormat();
  readonly #pass: PaintPass;
  readonly #configured = new WeakSet<OffscreenCanvas>();

  constructor(gpu: GPUDevice) {
    this.#gpu = gpu;
    this.#pass = new PaintPass(gpu, this.#format);
  }

  show(picture: Picture, layers: ReadonlyMap<string, Layer>): void {
    this.#pass.show(picture, layers);
  }

  paint(slots: readonly CanvasSlot[], look: Look): void {
    const encoder = this.#gpu.createCommandEncoder();
    slots.forEach((slot, index) => this.#paintSlot(encoder, slot, index, look));
    this.#gpu.queue.submit([encoder.finish()]);
  }

  #paintSlot(encoder: GPUCommandEncoder, { canvas, size, layering }: CanvasSlot, index: number, look: Look): void {
    const context = gpuContext(canvas);
    if (!context) throw new Error("this browser cannot draw on a canvas with WebGPU");
    if (!size?.width || !size.height) return; // the canvas is hidden
    if (canvas.width !== size.width || canvas.height !== size.height) Object.assign(canvas, size);
    if (!this.#configured.has(canvas)) {
      context.configure({ device: this.#gpu, format: this.#format, alphaMode: "opaque" });
      this.#configured.add(canvas);
    }
    const view = context.getCurrentTexture().createView();
    this.#pass.draw(encoder, { view, size: [size.width, size.height], index }, layering, look);
  }

  dispose(): void {
    this.#pass.dispose();
  }
}
