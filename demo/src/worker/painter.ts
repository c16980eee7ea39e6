/** What draws on the canvases. Slot 0 is the bare picture; every other one lays a label map over it. */
import type { Picture } from "fcn-webgpu";
import type { Look } from "../messages.js";

export interface Layer {
  readonly labels: Uint8Array;
  /** The same on the GPU, while the run that made it is the last one. */
  readonly buffer: GPUBufferBinding | undefined;
}

export interface Slot {
  readonly canvas: OffscreenCanvas;
  /** Device pixels it has on the page. */
  size: { readonly width: number; readonly height: number } | undefined;
  readonly variant: string | undefined;
}

export interface Painter {
  /** What is shown from now on; `layers` by variant, none before the networks have run. */
  show(picture: Picture, layers: ReadonlyMap<string, Layer>): void;
  paint(slots: readonly Slot[], look: Look): void;
  dispose(): void;
}
