/**
 * The colours of classes on the screen. VOC's palette, which saved files have, is dark and has look-alikes. These
 * colours differ in hue by the golden angle, and are about equally bright, so that they show on a grey picture.
 * https://bottosson.github.io/posts/oklab/
 */

const GOLDEN_ANGLE = 137.508;
/** Lightness and chroma of OKLCH, for odd and even labels. */
const ODD = [0.65, 0.21] as const;
const EVEN = [0.56, 0.22] as const;

function screenPalette(): Uint8Array<ArrayBuffer> {
  const palette = new Uint8Array(256 * 3);
  for (let label = 1; label < 256; label++) {
    const [lightness, chroma] = label % 2 === 1 ? ODD : EVEN;
    palette.set(rgbOf(lightness, chroma, ((label * GOLDEN_ANGLE) % 360) * (Math.PI / 180)), label * 3);
  }
  return palette;
}

/** 256 colours of three bytes, by label. The background has none: it is never drawn. */
export const SCREEN_PALETTE = screenPalette();

export const screenColour = (label: number): string =>
  `rgb(${SCREEN_PALETTE.slice(label * 3, label * 3 + 3).join(" ")})`;

/** OKLCH to sRGB bytes. Chroma shrinks until the colour is one that sRGB has. */
function rgbOf(lightness: number, chroma: number, hue: number): number[] {
  const linear = linearOf(lightness, chroma * Math.cos(hue), chroma * Math.sin(hue));
  if (chroma > 0 && linear.some((value) => value < 0 || value > 1)) return rgbOf(lightness, chroma - 0.01, hue);
  return linear.map((value) => Math.round(255 * gamma(Math.min(1, Math.max(0, value)))));
}

function linearOf(lightness: number, a: number, b: number): number[] {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

function gamma(value: number): number {
  return value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;
}
