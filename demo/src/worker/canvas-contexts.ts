/** Contexts of canvases. Each canvas is asked once: Firefox refuses to give that of a canvas of the page again. */

const flat = new WeakMap<OffscreenCanvas, OffscreenCanvasRenderingContext2D | null>();
const onGpu = new WeakMap<OffscreenCanvas, GPUCanvasContext | null>();

/** Opaque. Null where the canvas has another kind of context, or the browser gives none. */
export function flatContext(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D | null {
  const context = flat.has(canvas) ? flat.get(canvas) : canvas.getContext("2d", { alpha: false });
  flat.set(canvas, context ?? null);
  return context ?? null;
}

/** As flatContext(), for drawing with WebGPU. */
export function gpuContext(canvas: OffscreenCanvas): GPUCanvasContext | null {
  const context = onGpu.has(canvas) ? onGpu.get(canvas) : canvas.getContext("webgpu");
  onGpu.set(canvas, context ?? null);
  return context ?? null;
}
