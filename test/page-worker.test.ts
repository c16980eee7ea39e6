/** Parts of the page's worker that need no GPU: the shelf of weights and the explanation. */
import type * as Library from "fcn-webgpu";
import type { Device, HostFeatures } from "fcn-webgpu";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { explain } from "../demo/src/worker/explain.js";
import type { Model, ModelResult } from "../demo/src/worker/model.js";
import { WeightsShelf } from "../demo/src/worker/weights-shelf.js";

const library = vi.hoisted(() => ({
  openSource: vi.fn<(weights: unknown, options?: unknown) => Promise<unknown>>(),
  loadFcn: vi.fn<() => Promise<unknown>>(),
}));
vi.mock("fcn-webgpu", async (importOriginal) => ({ ...(await importOriginal<typeof Library>()), ...library }));

beforeEach(() => {
  vi.resetAllMocks();
});

describe("the shelf of weights", () => {
  const close = vi.fn(() => Promise.resolve());
  const read = (_from: number, size: number) => Promise.resolve(new Uint8Array(size));
  const { signal } = new AbortController();
  beforeEach(() => library.openSource.mockImplementation(async () => ({ size: 7, read, close })));

  it("lets the library download and check those that ship, each of them once, under whichever name", async () => {
    const shelf = new WeightsShelf();
    const taken = [
      await shelf.take({ kind: "built-in", blob: new Blob(["half of it"]) }, { signal }),
      await shelf.take({ kind: "address", address: "photos" }, { signal }),
      await shelf.take({ kind: "address", address: "icons" }, { signal }),
      await shelf.take({ kind: "address", address: "icons" }, { signal }),
    ];
    const asked = library.openSource.mock.calls;
    expect(asked).toEqual([
      ["photos", { signal }],
      ["icons", { signal }],
    ]);
    expect(taken.map(({ direct }) => direct instanceof Blob && direct.size)).toEqual([7, 7, 7, 7]);
    expect([taken[0]?.direct === taken[1]?.direct, taken[2]?.direct === taken[3]?.direct]).toEqual([true, true]);
  });

  it("opens others as they are given, and tries again what could not be downloaded", async () => {
    const shelf = new WeightsShelf();
    const file = new File(["x"], "x.pth");
    expect((await shelf.take({ kind: "file", file }, { signal })).direct).toBe(file);
    expect((await shelf.take({ kind: "address", address: "a/net.pth" }, { signal })).direct).toBe("a/net.pth");
    expect(library.openSource).not.toHaveBeenCalled();
    library.openSource.mockRejectedValueOnce(new Error("no network"));
    await expect(shelf.take({ kind: "built-in" }, { signal })).rejects.toThrow("no network");
    await shelf.take({ kind: "built-in" }, { signal });
    expect(library.openSource).toHaveBeenCalledTimes(2);
  });
});

describe("weights by address, where the browser keeps nothing for the page", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("are downloaded into memory, and used", async () => {
    vi.stubGlobal("caches", { open: () => Promise.reject(new DOMException("blocked", "SecurityError")) });
    const { signal } = new AbortController();
    const read = (_from: number, size: number) => Promise.resolve(new Uint8Array(size));
    library.openSource.mockImplementation(async () => ({ size: 7, read, close: () => Promise.resolve() }));
    const { direct } = await new WeightsShelf().take({ kind: "address", address: "https://a.org/net.pth" }, { signal });
    expect(library.openSource.mock.calls).toEqual([["https://a.org/net.pth", { signal, cache: false }]]);
    expect(direct).toMatchObject({ size: 7, name: "https://a.org/net.pth" });
  });
});

describe("an explanation", () => {
  /** A picture whose network of stride 8 has this many cells in a row, as it is explained. */
  function explanationOf(columns: number, rows: number, signal: AbortSignal) {
    const [width, height] = [columns * 8, rows * 8];
    const features: HostFeatures = { shape: [1, 1, rows, columns], data: new Float32Array(columns * rows).fill(2) };
    features.data[5] = 3;
    library.loadFcn.mockImplementation(async () => ({
      stages: [{ stride: 8, name: "deep" }],
      features: async () => ({ deep: features }),
      dispose: () => undefined,
    }));
    const probabilities = vi.fn(async () => Float32Array.of(0.25, 0.75));
    const labels = { fcn32s: new Uint8Array(0), fcn8s: new Uint8Array(width * height).fill(1) };
    const result = { labels, probabilities } as unknown as ModelResult;
    const model = { variants: ["fcn32s", "fcn8s"] } as unknown as Model;
    const picture = { width, height, data: new Uint8Array(0), channels: 4 } as const;
    const weights = { open: () => Promise.reject(new Error("not opened")), direct: "" };
    return { device: {} as Device, model, weights, picture, result, signal, probabilities };
  }

  it("is made of a picture with hundreds of thousands of cells", async () => {
    const [columns, rows] = [500, 400];
    const { strides, label } = await explain(explanationOf(columns, rows, new AbortController().signal));
    expect(label).toBe(1);
    expect(strides.map(({ variant, features }) => [variant, features.columns, features.rows])).toEqual([
      ["fcn32s", 125, 100],
      ["fcn8s", columns, rows],
    ]);
    expect(strides[1]?.features.values.slice(0, 8)).toEqual(Uint8Array.of(0, 0, 0, 0, 0, 255, 0, 0));
  });

  it("lets other requests have their turn, and ends when it is not wanted any more", async () => {
    const ending = new AbortController();
    const explanation = explanationOf(64, 64, ending.signal);
    const explained = explain(explanation);
    setTimeout(() => ending.abort());
    await expect(explained).rejects.toMatchObject({ name: "AbortError" });
    expect(explanation.probabilities.mock.calls.length).toBeLessThan(64 * 64);
  });
});
