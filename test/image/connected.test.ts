/** Connected regions, found row by row, against a flood that starts at each pixel. */
import { describe, expect, it } from "vitest";
import { seeded } from "../../src/base/random.js";
import { classAreas } from "../../src/image/index.js";
import type { Region } from "../../src/image/index.js";

/** The pixels connected to `start`, which it sets to background. */
function flood(map: Uint8Array, width: number, start: number): number[] {
  const label = map[start];
  const found = [start];
  map[start] = 0;
  for (const at of found) {
    for (const [dy, dx] of [-1, 0, 1].flatMap((y) => [-1, 0, 1].map((x) => [y, x] as const))) {
      const next = at + dy * width + dx;
      const column = (at % width) + dx;
      if (column < 0 || column >= width || map[next] !== label) continue;
      map[next] = 0;
      found.push(next);
    }
  }
  return found;
}

function regionOf(pixels: readonly number[], width: number): Region {
  const columns = pixels.map((at) => at % width);
  const rows = pixels.map((at) => Math.floor(at / width));
  const [left, top] = [Math.min(...columns), Math.min(...rows)];
  return { pixels: pixels.length, box: [left, top, Math.max(...columns) - left + 1, Math.max(...rows) - top + 1] };
}

function expectedRegions(labels: Uint8Array, width: number, label: number): Region[] {
  const map = labels.map((own) => (own === label ? own : 0));
  const regions: Region[] = [];
  map.forEach((_, at) => {
    if (map[at] !== 0) regions.push(regionOf(flood(map, width, at), width));
  });
  return regions.sort((a, b) => b.pixels - a.pixels);
}

describe("connected regions", () => {
  it("are those of a flood, on 500 maps of chance", () => {
    const random = seeded(7);
    for (let k = 0; k < 500; k++) {
      const [width, height] = [1 + Math.floor(random() * 16), 1 + Math.floor(random() * 16)];
      const labels = Uint8Array.from({ length: width * height }, () => Math.floor(random() * 3));
      const areas = classAreas(labels, width, height);
      for (const label of [1, 2]) {
        const regions = areas.find((area) => area.label === label)?.regions ?? [];
        expect(regions, `${width} x ${height}: ${labels.join()}`).toEqual(expectedRegions(labels, width, label));
      }
    }
  });

  it("are as many as the teeth of a comb, and one with its back", () => {
    const [width, height] = [40_001, 4];
    const comb = Uint8Array.from({ length: width * height }, (_, at) => Number((at % width) % 2 === 0));
    expect(classAreas(comb, width, height)[1]?.regions).toHaveLength(20_001);
    comb.fill(1, width * (height - 1));
    const [region, ...others] = classAreas(comb, width, height)[1]?.regions ?? [];
    expect(others).toEqual([]);
    expect(region).toEqual({ pixels: 3 * 20_001 + width, box: [0, 0, width, height] });
  });

  it("are grouped by label in one pass, also where each pixel is a region of its own", () => {
    const side = 1024;
    // Blocks of 2 x 2 labels, and other labels in the next block: no two neighbours are alike.
    const labels = Uint8Array.from({ length: side * side }, (_, at) => {
      const [x, y] = [at % side, Math.floor(at / side)];
      return 1 + (x % 2) + 2 * (y % 2) + 4 * ((x >> 1) % 60);
    });
    const areas = classAreas(labels, side, side);
    expect(areas).toHaveLength(240);
    for (const { pixels, regions } of areas) expect(regions).toHaveLength(pixels);
  });

  it("are one a cup, where cups are nested", () => {
    const [width, height] = [401, 200];
    const depth = (at: number): number =>
      Math.min(at % width, width - 1 - (at % width), height - 1 - Math.floor(at / width));
    const cups = Uint8Array.from({ length: width * height }, (_, at) => Number(depth(at) % 2 === 0));
    const regions = classAreas(cups, width, height)[1]?.regions ?? [];
    expect(regions).toHaveLength(100);
    expect(regions[0]).toEqual({ pixels: width + 2 * (height - 1), box: [0, 0, width, height] });
  });
});
