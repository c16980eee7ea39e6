/** Label maps written with the platform's CompressionStream, read back by png.ts. */
import { describe, expect, it } from "vitest";
import { labelPng } from "../../src/image/label-png.js";
import { decodeLabelPng, encodeLabelPng } from "../../src/image/png.js";

describe("labelPng", () => {
  it("keeps every label, void among them", async () => {
    const labels = Uint8Array.from({ length: 37 * 11 }, (_, i) => i % 256);
    expect(decodeLabelPng(await labelPng(labels, 37, 11))).toEqual({ width: 37, height: 11, labels });
  });

  it("differs from Node's in nothing but the compression", async () => {
    const labels = Uint8Array.from({ length: 64 * 48 }, (_, i) => (i >> 8) % 21);
    const head = (png: Uint8Array): Uint8Array => png.slice(0, 8 + 25 + 12 + 768); // signature, IHDR, PLTE
    expect(head(await labelPng(labels, 64, 48))).toEqual(Uint8Array.from(head(encodeLabelPng(labels, 64, 48))));
  });

  it("refuses sizes that do not fit", async () => {
    await expect(labelPng(new Uint8Array(5), 2, 3)).rejects.toMatchObject({
      code: "bad-image",
      message: "label map: 2 x 3 needs 6 labels, got 5",
    });
    await expect(labelPng(new Uint8Array(0), 0, 3)).rejects.toMatchObject({
      code: "bad-image",
      message: "label map: 0 x 3 is not a size of at least 1 x 1",
    });
  });
});
