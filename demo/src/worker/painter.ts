/** What a painter of the canvases does. cpu-painter.ts and gpu-painter.ts draw the same. */
import type { Picture } from "fcn-webgpu";
import type { Layering, Look } from "../messages.js";

/** One network's label map. */
export interface Layer {
  readonly labels: Uint8Array;
  /** The same labels on the GPU, valid until the network's next run; undefined if they are not there. */
  readonly buffer: GPUBufferBinding | undefined;
}

export interface CanvasSlot {
  readonly canvas: OffscreenCanvas;
  /** Device pixels that the canvas covers on the page. */
  readonly size: { readonly width: number; readonly height: number } | undefined;
  readonly layering: Layering;
}

export interface Painter {
  /** Sets what paint() draws. `layers` by variant; none before the networks have run. */
  show(picture: Picture, layers: ReadonlyMap<string, Layer>): void;
  /** @throws Error where it cannot draw on a canvas */
  paint(slots: readonly CanvasSlot[], look: Look): void;
  dispose(): void;
}
