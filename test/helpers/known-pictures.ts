/** A picture for each of the checkpoints that ship, with the label maps that PyTorch gives it. */
import { decodeLabelPng, decodePng } from "../../src/image/png.js";
import type { Picture } from "../../src/image/picture.js";
import { fixture, referencePictures } from "./reference-maps.js";

export interface KnownPicture {
  /** From the repository's root. */
  readonly path: string;
  readonly picture: Picture;
  /** At the picture's own size: `resize: "none"`. */
  readonly torch: (variant: string) => Uint8Array;
}

const drawing = referencePictures("test/fixtures/val").find(({ name }) => name.endsWith("/15"));
if (!drawing) throw new Error("no picture 15");

/** For the weights "icons", and for the same as a .pth file. */
export const DRAWING: KnownPicture = drawing;

const CAT = "samples/photographs/chelsea.png";
/** For the default weights. */
export const PHOTOGRAPH: KnownPicture = {
  path: CAT,
  picture: decodePng(fixture(CAT)),
  torch: (variant) => decodeLabelPng(fixture(`test/fixtures/photos/chelsea.${variant}.png`)).labels,
};
