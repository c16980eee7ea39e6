/** What one kernel call of a network took on the GPU. */
export interface LayerTime {
  /** As PyTorch names the layer, `backbone.layer3.5.conv2`; a conversion between layouts is `x as LAYOUT`. */
  readonly layer: string;
  /** The kernel's name, such as "conv2d". */
  readonly kernel: string;
  /** Which variant of it ran. */
  readonly variant: string;
  /** Shape [N, C, H, W] of the output. */
  readonly shape: readonly number[];
  /** Milliseconds on the GPU. */
  readonly ms: number;
  /** A multiply-add counts as two. */
  readonly flops: number;
  /** Bytes that must move at least, as the variant stores them. */
  readonly bytes: number;
}
