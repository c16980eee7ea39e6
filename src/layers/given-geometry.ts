/** The decoder's geometry for callers outside, whose arguments are checked first. Networks use geometry.ts itself. */
import { badOption } from "../base/errors.js";
import { checkOneOf, checkOptions, typeName } from "../base/options.js";
import type { Kinds } from "../base/options.js";
import { decoderGeometry } from "./geometry.js";
import type { Alignment, DecoderGeometry, EncoderLayer } from "./geometry.js";

const LAYER: Kinds<EncoderLayer> = {
  kernel: "a number",
  stride: "a number",
  padding: "a number",
  dilation: "a number",
  ceilMode: "a boolean",
};
const ALIGNMENTS: readonly Alignment[] = ["pad", "aligned", "crop-skips"];

/**
 * Stride, centres and upsampling steps for an encoder, which is given as its chain of layers. Layers that keep size and
 * centres (stride 1, padding d(k-1)/2) may be left out where the receptive field does not matter. Skips are taken after
 * the last layers of half and of a quarter of the total stride.
 * @throws bad-shape when the chain has no such strides or cannot cover every picture; bad-option for other arguments
 * @example
 * import { decoderGeometry } from "fcn-webgpu";
 *
 * const half = { kernel: 3, stride: 2, padding: 1, dilation: 1 };
 * const { stride, receptiveField, fcn32s } = decoderGeometry([half, half, half, half, half]);
 * console.log(stride, receptiveField, fcn32s[0]?.kernel); // prints 32 63 64
 */
export function givenDecoderGeometry(
  encoder: readonly EncoderLayer[],
  options: { readonly alignment?: Alignment } = {},
): DecoderGeometry {
  if (!Array.isArray(encoder)) {
    throw badOption(`decoderGeometry: the encoder is an array of layers, got ${typeName(encoder)}`);
  }
  for (const layer of encoder) {
    checkOptions("decoderGeometry([{ kernel, stride, padding, dilation }])", layer, LAYER);
  }
  checkOptions("decoderGeometry(encoder, { alignment: ... })", options, { alignment: "a string" });
  checkOneOf("alignment", options.alignment, ALIGNMENTS);
  return decoderGeometry(encoder, options);
}
