/** PASCAL VOC's class names and its palette of 256 colours. http://host.robots.ox.ac.uk/pascal/VOC/voc2012/ */

export const VOC_CLASSES: readonly string[] = [
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
];

/** What classes are called where nobody names them: VOC's names where there are as many, else "class 0" and on. */
export const defaultNames = (classes: number): readonly string[] =>
  classes === VOC_CLASSES.length ? VOC_CLASSES : Array.from({ length: classes }, (_, i) => `class ${i}`);

/** Label of pixels that annotators left undecided (the borders of objects). */
export const VOID_LABEL = 255;

/**
 * 256 colours, R G B each: the bits of the index are dealt to the channels in turn, each channel filled from its top bit (the
 * development kit's VOClabelcolormap). No two entries are the same.
 */
export function vocPalette(): Uint8Array {
  const palette = new Uint8Array(256 * 3);
  for (let index = 0; index < 256; index++) {
    for (let bit = 0, rest = index; bit < 8; bit++, rest >>= 3) {
      for (let channel = 0; channel < 3; channel++) {
        const at = index * 3 + channel;
        palette[at] = (palette[at] as number) | (((rest >> channel) & 1) << (7 - bit));
      }
    }
  }
  return palette;
}

/** `#rrggbb` of a class. */
export function classColour(index: number, palette = vocPalette()): string {
  return `#${Array.from(palette.subarray(index * 3, index * 3 + 3), (v) => v.toString(16).padStart(2, "0")).join("")}`;
}
