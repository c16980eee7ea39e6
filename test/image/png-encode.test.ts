/** Pictures and grey values written as PNG, and read back. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeLabelPng, decodePng, encodeGreyPng, encodePng } from "../../src/image/png.js";

describe("encodePng", () => {
  it("keeps RGB and opaque RGBA, exactly", () => {
    const side = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(side, side, fc.constantFrom(3, 4), fc.nat(255), (width, height, channels, seed) => {
        const isAlpha = (i: number): boolean => channels === 4 && i % 4 === 3;
        const data = Uint8Array.from({ length: width * height * channels }, (_, i) =>
          isAlpha(i) ? 255 : (i * 37 + seed) & 255,
        );
        const back = decodePng(encodePng({ width, height, data }));
        expect([...back.data].filter((_v, i) => i % 4 < channels)).toEqual([...data]);
      }),
      { numRuns: 40 },
    );
  });

  it("writes transparency, which reading puts over white", () => {
    expect([...decodePng(encodePng({ width: 1, height: 1, data: Uint8Array.of(0, 100, 200, 51) })).data]).toEqual([
      204, 224, 244, 255,
    ]);
  });
});

describe("encodeGreyPng", () => {
  it("keeps its values, and says what does not fit", () => {
    const values = Uint8Array.from({ length: 300 }, (_, i) => (i * 7) & 255);
    const png = encodeGreyPng(values, 20, 15);
    expect([png[24], png[25]]).toEqual([8, 0]); // 8 bits, grey
    expect(decodeLabelPng(png).labels).toEqual(values);
    expect(() => encodeGreyPng(values, 20, 16)).toThrow("grey picture: 20 x 16 needs 320 values, got 300");
  });
});
