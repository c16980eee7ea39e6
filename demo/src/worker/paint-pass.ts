/** The render pass that draws a picture with a label map over it, on any texture view. */
import type { Picture } from "fcn-webgpu";
import { SCREEN_PALETTE } from "../colours.js";
import type { Layering, Look } from "../messages.js";
import shader from "./paint.wgsl?raw";
import type { Layer } from "./painter.js";

/** Usage flags by value, from the WebGPU specification: the workers of some browsers lack the globals. */
const BUFFER = { COPY_DST: 0x8, UNIFORM: 0x40, STORAGE: 0x80 } as const;
const TEXTURE = { COPY_DST: 0x2, TEXTURE_BINDING: 0x4 } as const;

/** `struct Look` of paint.wgsl: six floats, then two integers. */
const LOOK_BYTES = 32;
const LOOK_INTEGERS_OFFSET = 24;
const WORD_BYTES = 4;
/** As in paint.wgsl. */
const FLAGS = { right: 1, left: 2, grey: 4, difference: 8 } as const;

export interface PaintTarget {
  readonly view: GPUTextureView;
  /** Width and height in pixels. */
  readonly size: readonly [number, number];
  /** Position among the targets of one submit. Each has uniforms of its own. */
  readonly index: number;
}

export class PaintPass {
  readonly #gpu: GPUDevice;
  readonly #pipeline: GPURenderPipeline;
  readonly #sampler: GPUSampler;
  readonly #palette: GPUBuffer;
  /** Label maps by variant, four labels a word. */
  readonly #labels = new Map<string, GPUBuffer>();
  readonly #uniforms: GPUBuffer[] = [];
  #picture: { readonly texture: GPUTexture; readonly width: number; readonly height: number } | undefined;

  constructor(gpu: GPUDevice, format: GPUTextureFormat) {
    this.#gpu = gpu;
    const module = gpu.createShaderModule({ label: "paint", code: shader });
    this.#pipeline = gpu.createRenderPipeline({
      label: "paint",
      layout: "auto",
      vertex: { module },
      fragment: { module, targets: [{ format }] },
    });
    this.#sampler = gpu.createSampler({ magFilter: "linear", minFilter: "linear" });
    const colours = packedPalette();
    this.#palette = this.#createBuffer("palette", colours.byteLength, BUFFER.STORAGE);
    gpu.queue.writeBuffer(this.#palette, 0, colours);
  }

  show(picture: Picture, layers: ReadonlyMap<string, Layer>): void {
    const { width, height, data } = picture;
    const texture = this.#textureFor(picture);
    this.#gpu.queue.writeTexture({ texture }, data, { bytesPerRow: width * 4 }, [width, height]);
    for (const variant of this.#labels.keys()) if (!layers.has(variant)) this.#dropLabels(variant);
    const bytes = Math.ceil((width * height) / WORD_BYTES) * WORD_BYTES;
    const encoder = this.#gpu.createCommandEncoder();
    for (const [variant, { labels, buffer: source }] of layers) {
      const copy = this.#labels.get(variant) ?? this.#createBuffer(`labels ${variant}`, bytes, BUFFER.STORAGE);
      this.#labels.set(variant, copy);
      if (source) encoder.copyBufferToBuffer(source.buffer, source.offset ?? 0, copy, 0, bytes);
      else this.#gpu.queue.writeBuffer(copy, 0, padded(labels, bytes));
    }
    this.#gpu.queue.submit([encoder.finish()]);
  }

  /** Adds the drawing of one target to `encoder`. Draws nothing before the first show(). */
  draw(encoder: GPUCommandEncoder, { view, size, index }: PaintTarget, layering: Layering, look: Look): void {
    if (!this.#picture) return;
    const { texture, width, height } = this.#picture;
    const { right, left, flags } = this.#mapsOf(layering);
    const uniforms = this.#uniforms[index] ?? this.#createBuffer("look", LOOK_BYTES, BUFFER.UNIFORM);
    this.#uniforms[index] = uniforms;
    const bytes = new ArrayBuffer(LOOK_BYTES);
    new Float32Array(bytes).set([width, height, ...size, look.opacity, look.split]);
    const grey = look.grey ? FLAGS.grey : 0;
    new Int32Array(bytes, LOOK_INTEGERS_OFFSET).set([look.highlight ?? -1, flags | grey]);
    this.#gpu.queue.writeBuffer(uniforms, 0, bytes);
    const resources = [
      { buffer: uniforms },
      texture.createView(),
      this.#sampler,
      { buffer: right ?? this.#palette }, // not read without labels, but a binding needs a buffer
      { buffer: left ?? this.#palette },
      { buffer: this.#palette },
    ];
    const entries = resources.map((resource, binding) => ({ binding, resource }));
    const pass = encoder.beginRenderPass({ colorAttachments: [{ view, loadOp: "clear", storeOp: "store" }] });
    pass.setPipeline(this.#pipeline);
    pass.setBindGroup(0, this.#gpu.createBindGroup({ layout: this.#pipeline.getBindGroupLayout(0), entries }));
    pass.draw(3);
    pass.end();
  }

  /** The label maps of a layering, and what the shader does with them. */
  #mapsOf({ variant, left: beside, against }: Layering) {
    const mapOf = (name: string | undefined) => (name === undefined ? undefined : this.#labels.get(name));
    const right = mapOf(variant);
    const other = mapOf(against);
    if (right && other) return { right, left: other, flags: FLAGS.right | FLAGS.left | FLAGS.difference };
    const left = mapOf(beside ? beside.variant : variant);
    return { right, left, flags: (right ? FLAGS.right : 0) | (left ? FLAGS.left : 0) };
  }

  dispose(): void {
    this.#picture?.texture.destroy();
    for (const buffer of [...this.#labels.values(), ...this.#uniforms, this.#palette]) buffer.destroy();
  }

  #createBuffer(label: string, size: number, usage: number): GPUBuffer {
    return this.#gpu.createBuffer({ label, size, usage: usage | BUFFER.COPY_DST });
  }

  /** The texture for a picture of this size. Another size drops the texture and labels of the last one. */
  #textureFor({ width, height }: Picture): GPUTexture {
    if (this.#picture?.width === width && this.#picture.height === height) return this.#picture.texture;
    this.#picture?.texture.destroy();
    for (const variant of this.#labels.keys()) this.#dropLabels(variant);
    const usage = TEXTURE.TEXTURE_BINDING | TEXTURE.COPY_DST;
    const texture = this.#gpu.createTexture({ label: "picture", size: [width, height], format: "rgba8unorm", usage });
    this.#picture = { texture, width, height };
    return texture;
  }

  #dropLabels(variant: string): void {
    this.#labels.get(variant)?.destroy();
    this.#labels.delete(variant);
  }
}

/** The colours of all 256 labels, R in the low byte. */
function packedPalette(): Uint32Array<ArrayBuffer> {
  const channel = (i: number): number => SCREEN_PALETTE[i] ?? 0;
  return Uint32Array.from(
    { length: 256 },
    (_, label) => channel(label * 3) | (channel(label * 3 + 1) << 8) | (channel(label * 3 + 2) << 16),
  );
}

function padded(labels: Uint8Array, bytes: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes);
  out.set(labels);
  return out;
}
