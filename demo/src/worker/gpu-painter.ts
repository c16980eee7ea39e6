/**
 * Draws label maps over pictures with the GPU that made them: the labels go from the network's output to the canvas without
 * leaving it. Keeps copies of its own, so that it can draw again (another opacity, another size) while a network runs.
 */
import { vocPalette } from "fcn-webgpu";
import type { Picture } from "fcn-webgpu";
import type { Look } from "../messages.js";
import shader from "./paint.wgsl?raw";
import type { Layer, Painter, Slot } from "./painter.js";

/** Usage flags of the WebGPU specification, by value: workers of some browsers lack the globals. */
const BUFFER = { COPY_DST: 0x8, UNIFORM: 0x40, STORAGE: 0x80 } as const;
const TEXTURE = { COPY_DST: 0x2, TEXTURE_BINDING: 0x4 } as const;
const LOOK_BYTES = 32;

/** The pass itself, on any texture view. */
export class PaintPass {
  readonly #pipeline: GPURenderPipeline;
  readonly #sampler: GPUSampler;
  readonly #palette: GPUBuffer;
  readonly #labels = new Map<string, GPUBuffer>();
  readonly #looks: GPUBuffer[] = [];
  #picture: { readonly texture: GPUTexture; readonly width: number; readonly height: number } | undefined;

  constructor(
    private readonly gpu: GPUDevice,
    format: GPUTextureFormat,
  ) {
    const module = gpu.createShaderModule({ label: "paint", code: shader });
    this.#pipeline = gpu.createRenderPipeline({
      label: "paint",
      layout: "auto",
      vertex: { module },
      fragment: { module, targets: [{ format }] },
    });
    this.#sampler = gpu.createSampler({ magFilter: "linear", minFilter: "linear" });
    this.#palette = gpu.createBuffer({ label: "palette", size: 1024, usage: BUFFER.STORAGE | BUFFER.COPY_DST });
    const colours = vocPalette();
    gpu.queue.writeBuffer(
      this.#palette,
      0,
      Uint32Array.from(
        { length: 256 },
        (_, i) => (colours[i * 3] ?? 0) | ((colours[i * 3 + 1] ?? 0) << 8) | ((colours[i * 3 + 2] ?? 0) << 16),
      ),
    );
  }

  show({ width, height, data }: Picture, layers: ReadonlyMap<string, Layer>): void {
    const { gpu } = this;
    const bytes = Math.ceil((width * height) / 4) * 4;
    if (this.#picture?.width !== width || this.#picture.height !== height) {
      this.#picture?.texture.destroy();
      for (const buffer of this.#labels.values()) buffer.destroy();
      this.#labels.clear();
      const usage = TEXTURE.TEXTURE_BINDING | TEXTURE.COPY_DST;
      this.#picture = {
        texture: gpu.createTexture({ label: "picture", size: [width, height], format: "rgba8unorm", usage }),
        width,
        height,
      };
    }
    gpu.queue.writeTexture({ texture: this.#picture.texture }, data, { bytesPerRow: width * 4 }, [width, height]);
    for (const variant of [...this.#labels.keys()].filter((name) => !layers.has(name))) {
      this.#labels.get(variant)?.destroy();
      this.#labels.delete(variant);
    }
    const encoder = gpu.createCommandEncoder();
    for (const [variant, { labels, buffer: source }] of layers) {
      const kept =
        this.#labels.get(variant) ??
        gpu.createBuffer({ label: `labels ${variant}`, size: bytes, usage: BUFFER.STORAGE | BUFFER.COPY_DST });
      this.#labels.set(variant, kept);
      if (source) encoder.copyBufferToBuffer(source.buffer, source.offset ?? 0, kept, 0, bytes);
      else gpu.queue.writeBuffer(kept, 0, padded(labels, bytes));
    }
    gpu.queue.submit([encoder.finish()]);
  }

  /** Adds one canvas to `encoder`. `index` tells apart the canvases of one submit. */
  draw(
    encoder: GPUCommandEncoder,
    view: GPUTextureView,
    [width, height]: readonly [number, number],
    index: number,
    variant: string | undefined,
    look: Look,
  ): void {
    if (!this.#picture) return;
    const labels = variant === undefined ? undefined : this.#labels.get(variant);
    const uniforms = (this.#looks[index] ??= this.gpu.createBuffer({
      label: "look",
      size: LOOK_BYTES,
      usage: BUFFER.UNIFORM | BUFFER.COPY_DST,
    }));
    const bytes = new ArrayBuffer(LOOK_BYTES);
    new Float32Array(bytes).set([this.#picture.width, this.#picture.height, width, height, look.opacity, look.split]);
    new Int32Array(bytes, 24).set([look.highlight ?? -1, labels ? 1 : 0]);
    this.gpu.queue.writeBuffer(uniforms, 0, bytes);
    const resources = [
      { buffer: uniforms },
      this.#picture.texture.createView(),
      this.#sampler,
      { buffer: labels ?? this.#palette },
      { buffer: this.#palette },
    ];
    const entries = resources.map((resource, binding) => ({ binding, resource }));
    const pass = encoder.beginRenderPass({ colorAttachments: [{ view, loadOp: "clear", storeOp: "store" }] });
    pass.setPipeline(this.#pipeline);
    pass.setBindGroup(0, this.gpu.createBindGroup({ layout: this.#pipeline.getBindGroupLayout(0), entries }));
    pass.draw(3);
    pass.end();
  }

  dispose(): void {
    this.#picture?.texture.destroy();
    for (const buffer of [...this.#labels.values(), ...this.#looks, this.#palette]) buffer.destroy();
  }
}

function padded(labels: Uint8Array, bytes: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes);
  out.set(labels);
  return out;
}

export class GpuPainter implements Painter {
  readonly #pass: PaintPass;
  readonly #format = navigator.gpu.getPreferredCanvasFormat();
  readonly #configured = new WeakSet<OffscreenCanvas>();

  constructor(private readonly gpu: GPUDevice) {
    this.#pass = new PaintPass(gpu, this.#format);
  }

  show(picture: Picture, layers: ReadonlyMap<string, Layer>): void {
    this.#pass.show(picture, layers);
  }

  paint(slots: readonly Slot[], look: Look): void {
    const encoder = this.gpu.createCommandEncoder();
    slots.forEach(({ canvas, size, variant }, index) => {
      const context = canvas.getContext("webgpu");
      if (!context || !size?.width || !size.height) return; // not on the page
      if (canvas.width !== size.width || canvas.height !== size.height) Object.assign(canvas, size);
      if (!this.#configured.has(canvas))
        context.configure({ device: this.gpu, format: this.#format, alphaMode: "opaque" });
      this.#configured.add(canvas);
      this.#pass.draw(
        encoder,
        context.getCurrentTexture().createView(),
        [size.width, size.height],
        index,
        variant,
        look,
      );
    });
    this.gpu.queue.submit([encoder.finish()]);
  }

  dispose(): void {
    this.#pass.dispose();
  }
}
