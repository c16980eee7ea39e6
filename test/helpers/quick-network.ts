/**
 * The built-in network for tests of the page in which its input's size does not matter. The built-in file has pictures
 * enlarged to a shorter side of 384 pixels; this one has 128, so that a software adapter runs it several times faster.
 */
import type { Page } from "playwright-core";
import { droppedFile, segmentedAfter } from "./demo.js";
import { fixture } from "./reference-maps.js";

const SHORTER_SIDE = "128";
export const QUICK_NAME = "quick.safetensors";

/** The file that ships, with another size in its metadata. */
function quickFile(): Buffer {
  const shipped = fixture("weights/fcn-mobilenet-v2-photos-f16.safetensors");
  const start = 8 + Number(shipped.readBigUInt64LE());
  const header = JSON.parse(shipped.toString("utf8", 8, start)) as { __metadata__: { resize: string } };
  header.__metadata__.resize = SHORTER_SIDE;
  const text = JSON.stringify(header);
  const padded = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded, shipped.subarray(start)]);
}

/** Drops it on the page as a person's own weights, and waits until the picture on show is segmented with it. */
export async function useQuickNetwork(page: Page): Promise<void> {
  await segmentedAfter(page, () => droppedFile(page, QUICK_NAME, quickFile()));
  await page.locator("#network-name", { hasText: QUICK_NAME }).waitFor();
}
