import type { KernelCase } from "../../src/kernel/registry.js";

type Fill = NonNullable<KernelCase["fill"]>;
const byte: Fill[string] = (_, random) => Math.floor(random() * 256);
/** A third background, the rest any class of VOC or the void label 255. */
const classes: Fill[string] = (_, random) => {
  const r = random();
  if (r < 0.33) return 0;
  return r < 0.4 ? 255 : Math.floor(random() * 21);
};
const fill: Fill = { labels: classes, image: byte, palette: byte };
const alone = (n: number, h: number, w: number): KernelCase["shapes"] => ({ labels: [n, 1, h, w], palette: [256, 3] });
const over = (n: number, h: number, w: number): KernelCase["shapes"] => ({ ...alone(n, h, w), image: [n, 4, h, w] });

export const colorizeCases: readonly KernelCase[] = [
  { name: "one pixel, no picture", shapes: alone(1, 1, 1), fill },
  { name: "one pixel over a picture", shapes: over(1, 1, 1), fill },
  { name: "no picture, 7x11", shapes: alone(1, 7, 11), fill },
  { name: "every label, no picture, batch 2", shapes: alone(2, 13, 17), fill: { ...fill, labels: (i) => i % 256 } },
  { name: "over a picture, 7x11", shapes: over(1, 7, 11), fill },
  { name: "over a picture, batch 3 of 5x3: labels across word borders", shapes: over(3, 5, 3), fill },
  { name: "background coloured too", shapes: over(2, 7, 5), attrs: { keep_background: false }, fill },
  ...[0, 1, 0.5, 1 / 3, 0.998].map((opacity) => ({
    name: `opacity ${opacity.toFixed(3)}`,
    shapes: over(1, 29, 31),
    attrs: { opacity },
    fill,
  })),
  {
    name: "white over white and black over black stay",
    shapes: over(1, 3, 5),
    fill: { ...fill, image: () => 255, palette: () => 255 },
  },
  { name: "over a picture, 500x375", shapes: over(1, 375, 500), fill, bench: true },
];
