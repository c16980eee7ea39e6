/** The parts of `fcn segment`: regions, classes, confidence, NumPy's files, and the loop that overlaps its work. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeNpy } from "../src/cli/npy.js";
import { overlapped } from "../src/cli/overlap.js";
import { chosenClasses, chosenParts, confidenceOf } from "../src/cli/segment-output.js";
import { VOC_CLASSES } from "../src/image/palette.js";
import { classAreas } from "../src/image/regions.js";

interface Area {
  readonly pixels: number;
  readonly box: readonly number[];
}

/** Number of these pixels and the box around them. */
function areaOf(pixels: readonly number[], width: number): Area {
  const [xs, ys] = [pixels.map((i) => i % width), pixels.map((i) => Math.floor(i / width))];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { pixels: pixels.length, box: [x, y, Math.max(...xs) - x + 1, Math.max(...ys) - y + 1] };
}

/** A number for each pixel, the same within a connected region (8 neighbours). Numbers spread until nothing changes. */
function connectedGroups(labels: Uint8Array, width: number): number[] {
  const group = [...labels.keys()];
  const isNeighbour = (i: number, j: number): boolean =>
    Math.abs((i % width) - (j % width)) <= 1 && Math.abs(Math.floor(i / width) - Math.floor(j / width)) <= 1;
  for (let changed = true; changed;) {
    changed = false;
    for (const i of group.keys()) {
      for (const j of group.keys()) {
        if (!isNeighbour(i, j) || labels[i] !== labels[j] || (group[j] ?? 0) >= (group[i] ?? 0)) continue;
        group[i] = group[j] ?? 0;
        changed = true;
      }
    }
  }
  return group;
}

describe("regions", () => {
  it("are connected, complete and boxed tightly", () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }));
    fc.assert(
      fc.property(sizes, fc.infiniteStream(fc.nat(2)), ([width, height], stream) => {
        const labels = Uint8Array.from({ length: width * height }, () => stream.next().value as number);
        const group = connectedGroups(labels, width);
        const pixelsWhere = (test: (i: number) => boolean): number[] => [...labels.keys()].filter(test);
        const expected = [...new Set(labels)].sort().map((label) => {
          const own = pixelsWhere((i) => labels[i] === label);
          const groups = label === 0 ? [] : [...new Set(own.map((i) => group[i] ?? 0))];
          const regions = groups.map((g) =>
            areaOf(
              pixelsWhere((i) => group[i] === g),
              width,
            ),
          );
          return { label, ...areaOf(own, width), regions: regions.sort((a, b) => b.pixels - a.pixels) };
        });
        expect(classAreas(labels, width, height)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
    expect(classAreas(Uint8Array.of(1, 0, 1, 1), 4, 1, 2)[1]?.regions).toEqual([{ pixels: 2, box: [2, 0, 2, 1] }]);
    expect(() => classAreas(new Uint8Array(5), 2, 3)).toThrow("2 x 3 needs 6 labels, got 5");
  });
});

describe("classes", () => {
  it("are found by name in any case or by number; those left out count as background", () => {
    expect([...chosenClasses("Person, dog,3", VOC_CLASSES)]).toEqual([15, 12, 3]);
    for (const wrong of ["21", "", "-1", "person;dog"])
      expect(() => chosenClasses(wrong, VOC_CLASSES)).toThrow("is not one of background, aeroplane");
    const { labels, mask, areas } = chosenParts(Uint8Array.of(0, 1, 2, 2), { width: 4, height: 1 }, new Set([2]));
    expect([...labels]).toEqual([0, 0, 2, 2]);
    expect([...mask]).toEqual([0, 0, 255, 255]);
    expect(areas.map((a) => a.pixels)).toEqual([2, 2]);
    const probabilities = {
      shape: [1, 3, 1, 2] as const,
      data: Float32Array.of(0.5, 0.125, 0.25, 0.125, 0.25, 0.75),
      timings: { queued: 0, decode: 0, compile: 0, upload: 0, encode: 0, gpu: 0, readback: 0, total: 0 },
    };
    expect([...confidenceOf(probabilities, Uint8Array.of(0, 2), new Set([2]))]).toEqual([0.75, 0.75]);
    expect([...confidenceOf(probabilities, Uint8Array.of(0, 2), undefined)]).toEqual([0.5, 0.75]);
  });
});

it("an array of one dimension is a tuple of one in NumPy's header", () => {
  expect(Buffer.from(encodeNpy(Float32Array.of(1), [1])).toString("latin1", 0, 128)).toContain("'shape': (1,), }");
});

describe("overlapped work", () => {
  it("is done in order: the next item loads and the last one finishes while one runs", async () => {
    const seen: string[] = [];
    let running = 0;
    await overlapped([0, 1, 2, 3, 4, 5], {
      load: async (i) => {
        seen.push(`load ${i}`);
        if (i === 1) throw new Error("load");
        return i;
      },
      run: async (i) => {
        running++;
        expect(running).toBe(1);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running--;
        seen.push(`run ${i}`);
        if (i === 3) throw new Error("run");
        return i * 10;
      },
      finish: async (i, _, result) => {
        seen.push(`finish ${i} ${result}`);
        if (i === 4) throw new Error("finish");
      },
      fail: async (i, error) => void seen.push(`fail ${i} ${String(error)}`),
    });
    expect(seen.filter((s) => /^f/.test(s))).toEqual([
      "finish 0 0",
      "fail 1 Error: load",
      "finish 2 20",
      "fail 3 Error: run",
      "finish 4 40",
      "fail 4 Error: finish",
      "finish 5 50",
    ]);
    expect(seen.indexOf("load 4")).toBeLessThan(seen.indexOf("run 2"));
    expect(seen.indexOf("finish 4 40")).toBeLessThan(seen.indexOf("run 5"));
  });

  it("ends early when it is stopped, and when failing fails", async () => {
    const work = { load: async (i: number) => i, run: async (i: number) => i, finish: async () => undefined };
    const stopped = overlapped([1, 2], { ...work, fail: async () => undefined, stopped: () => true });
    await expect(stopped).resolves.toBeUndefined();
    const fatal = overlapped([1, 2], {
      ...work,
      run: async () => Promise.reject(new Error("lost")),
      fail: async (_, error) => Promise.reject(error as Error),
    });
    await expect(fatal).rejects.toThrow("lost");
  });
});
