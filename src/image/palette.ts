/** PASCAL VOC's class names and its palette of 256 colours. http://host.robots.ox.ac.uk/pascal/VOC/voc2012/ */

/** Red, green and blue of a colour; each from 0 to 255. */
export type Colour = readonly [number, number, number];

/** The names of PASCAL VOC's 21 classes by label: "background" is 0, "person" 15. Frozen: all models share it. */
export const VOC_CLASSES: readonly string[] = /* @__PURE__ */ Object.freeze([
  "background",
  "aeroplane",
  "bicycle",
  "bird",
  "boat",
  "bottle",
  "bus",
  "car",
  "cat",
  "chair",
  "cow",
  "diningtable",
  "dog",
  "horse",
  "motorbike",
  "person",
  "pottedplant",
  "sheep",
  "sofa",
  "train",
  "tvmonitor",
]);

/** "class 0", "class 1" and so on. */
export const numberedNames = (classes: number): readonly string[] =>
  Object.freeze(Array.from({ length: classes }, (_, i) => `class ${i}`));

/** Class names of a network that comes without: VOC's for 21 classes, numbers for any other number. */
export const defaultNames = (classes: number): readonly string[] =>
  classes === VOC_CLASSES.length ? VOC_CLASSES : numberedNames(classes);

/** Label of the background class. */
export const BACKGROUND_LABEL = 0;

/** Label of pixels that annotators left undecided (the borders of objects). */
export const VOID_LABEL = 255;

/**
 * PASCAL VOC's palette: 256 colours, three bytes (R, G, B) each, by label. The bits of the index go to red, green and
 * blue in turn, and fill each channel from its top bit (VOClabelcolormap of the development kit). All entries differ.
 * Each call returns a copy of its own.
 *
 * @example
 * import { vocPalette } from "fcn-webgpu/image";
 *
 * const palette = vocPalette();
 * console.log(palette.length, palette.subarray(15 * 3, 16 * 3).join()); // prints 768 192,128,128
 */
export function vocPalette(): Uint8Array<ArrayBuffer> {
  const palette = new Uint8Array(256 * 3);
  for (let index = 0; index < 256; index++) {
    for (let bit = 0; bit < 8; bit++) {
      const group = index >> (3 * bit); // its three lowest bits: red, green, blue
      for (let channel = 0; channel < 3; channel++) {
        const at = index * 3 + channel;
        palette[at] = (palette[at] as number) | (((group >> channel) & 1) << (7 - bit));
      }
    }
  }
  return palette;
}

/** The colour of a class. `palette` holds R G B for each index. */
export function colourOf(palette: Uint8Array, index: number): Colour {
  const at = index * 3;
  return [palette[at] as number, palette[at + 1] as number, palette[at + 2] as number];
}
