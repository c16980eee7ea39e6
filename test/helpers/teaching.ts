/** "Teach it" on the web page: what a person paints and presses there, and what is found. */
import { join } from "node:path";
import type { Page } from "playwright-core";
import { decodeLabelPng, decodePng } from "../../src/image/png.js";
import { toRgba } from "../../src/image/picture.js";
import { segmentedAfter } from "./demo.js";
import { fixture } from "./reference-maps.js";
import { root } from "./sources.js";

const TIMEOUT = 180_000;

export async function openTeaching(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Teach it" }).click();
  await page.locator(".teach-surface").waitFor();
}

export const closeTeaching = (page: Page): Promise<void> => page.getByRole("button", { name: "Close" }).click();

/** Opens a PNG of the repository as a person's picture. */
export const openPicture = (page: Page, path: string): Promise<void> =>
  segmentedAfter(page, () => page.setInputFiles("#open", join(root, path)));

/** Paints a stroke with the brush of this name. Positions are shares of the picture's width and height. */
export async function paint(page: Page, brush: string, ...positions: (readonly [number, number])[]): Promise<void> {
  await page.locator(".teach-brushes").getByRole("radio", { name: brush }).check();
  const surface = page.locator(".teach-surface");
  await surface.scrollIntoViewIfNeeded();
  const box = await surface.boundingBox();
  if (!box) throw new Error("no surface");
  const at = ([x, y]: readonly [number, number]) => [box.x + x * box.width, box.y + y * box.height] as const;
  const [first = [0, 0], ...others] = positions;
  await page.mouse.move(...at(first));
  await page.mouse.down();
  for (const position of others) await page.mouse.move(...at(position), { steps: 5 });
  await page.mouse.up();
}

/** Strokes of grass, and of sky and bird, on samples/bird.png. */
export async function paintGrass(page: Page): Promise<void> {
  await paint(page, "grass", [0.1, 0.85], [0.4, 0.9], [0.9, 0.8]);
  await paint(page, "Not this", [0.1, 0.1], [0.5, 0.2], [0.9, 0.1], [0.9, 0.6]);
  await paint(page, "Not this", [0.42, 0.45], [0.5, 0.6]);
}

export const statusOf = (page: Page) => page.locator(".teach-status");

/** Waits for a sentence of the training. */
export const untilSaid = (page: Page, text: RegExp): Promise<void> =>
  statusOf(page).filter({ hasText: text }).waitFor({ timeout: TIMEOUT });

export async function teach(page: Page): Promise<void> {
  await page.getByRole("button", { name: /^Teach( more)?$/ }).click();
  await untilSaid(page, /^Taught/);
}

export interface FoundMask {
  readonly width: number;
  readonly height: number;
  /** 1 where a class was found. */
  readonly mask: readonly number[];
}

/** The pixels in which a class was found, as they are drawn. */
export function foundMask(page: Page): Promise<FoundMask> {
  return page.evaluate(() => {
    const canvas = document.querySelector(".teach-result") as HTMLCanvasElement;
    const { width, height } = canvas;
    const { data } = (canvas.getContext("2d") as CanvasRenderingContext2D).getImageData(0, 0, width, height);
    return {
      width,
      height,
      mask: Array.from({ length: width * height }, (_, i) => Number((data[i * 4 + 3] ?? 0) > 0)),
    };
  });
}

/** Whether a pixel of samples/NAME.png is grass: it is green, and its label map says that it is no object. */
export function grassTruth(name: string): (x: number, y: number) => boolean {
  const picture = toRgba(decodePng(fixture(`samples/${name}.png`)));
  const { labels } = decodeLabelPng(fixture(`samples/${name}.label.png`), name);
  const { width, height, data } = picture;
  return (x, y) => {
    const pixel = Math.floor(y * height) * width + Math.floor(x * width);
    const [r = 0, g = 0, b = 0] = data.subarray(pixel * 4);
    return labels[pixel] === 0 && g > r && g > b + 20;
  };
}

/** Intersection over union of what was found with the truth. */
export function overlapOf({ width, height, mask }: FoundMask, isTrue: (x: number, y: number) => boolean): number {
  let [both, either] = [0, 0];
  mask.forEach((found, i) => {
    const truth = isTrue(((i % width) + 0.5) / width, (Math.floor(i / width) + 0.5) / height);
    both += Number(found === 1 && truth);
    either += Number(found === 1 || truth);
  });
  return both / either;
}
