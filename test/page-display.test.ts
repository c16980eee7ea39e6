/** Who draws the page's canvases: the GPU, and the CPU once the GPU has failed at it. Painters are stand-ins. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Display } from "../demo/src/worker/display.js";
import type { CanvasSlot } from "../demo/src/worker/painter.js";

const made = vi.hoisted(() => {
  /** Lists what it is asked to do. */
  class StandIn {
    static all: StandIn[] = [];
    readonly did: string[] = [];
    /** What paint() throws. */
    error: Error | undefined;
    constructor(readonly kind: string) {
      StandIn.all.push(this);
    }
    show(): void {
      this.did.push("show");
    }
    paint(slots: readonly CanvasSlot[]): void {
      if (this.error) throw this.error;
      this.did.push(`paint ${slots.length}`);
    }
    dispose(): void {
      this.did.push("dispose");
    }
  }
  const of = (kind: string) =>
    class extends StandIn {
      constructor() {
        super(kind);
      }
    };
  return { StandIn, Gpu: of("gpu"), Cpu: of("cpu") };
});
vi.mock("../demo/src/worker/gpu-painter.js", () => ({ GpuPainter: made.Gpu }));
vi.mock("../demo/src/worker/cpu-painter.js", () => ({ CpuPainter: made.Cpu }));
vi.mock("../demo/src/worker/loupe.js", () => ({ drawLoupes: () => undefined }));

const painters = () => made.StandIn.all;
const kinds = (): string[] => painters().map(({ kind }) => kind);
/** A device; `found` is what the check of the painter's pipelines finds. */
const deviceOf = (found: Promise<unknown> = Promise.resolve(null)) =>
  ({ pushErrorScope: () => undefined, popErrorScope: () => found }) as unknown as GPUDevice;
const picture = { width: 1, height: 1, data: new Uint8Array(4), channels: 4 } as const;
const canvas = {} as OffscreenCanvas;

const fellBack = vi.fn();
let display: Display;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  painters().length = 0;
  fellBack.mockReset();
  display = new Display(fellBack);
});
afterEach(() => vi.useRealTimers());

/** The GPU draws a picture on two canvases. */
function begin(device = deviceOf()) {
  display.start(device);
  for (const slot of [0, 1]) display.setCanvas(slot, canvas, canvas);
  display.show(picture, new Map());
  const [painter] = painters();
  if (!painter) throw new Error("nothing draws");
  expect([display.drawing, painter.did.at(-1)]).toEqual(["gpu", "paint 2"]);
  return painter;
}

describe("a page that draws on the GPU", () => {
  it("is drawn by the CPU from when drawing fails, on canvases of its own, and on every later device", () => {
    const painter = begin();
    painter.error = new Error("this browser cannot draw on a canvas with WebGPU");
    display.setSize(0, 10, 10);
    expect([kinds(), display.drawing, fellBack.mock.calls.length]).toEqual([["gpu", "cpu"], "cpu", 1]);
    expect([painter.did.at(-1), painters()[1]?.did]).toEqual(["dispose", ["show"]]);
    display.setCanvas(0, canvas, canvas);
    expect(painters()[1]?.did.at(-1), "the GPU's canvases are not used again").toBe("paint 1");
    display.start(deviceOf());
    expect([kinds(), fellBack.mock.calls.length]).toEqual([["gpu", "cpu", "cpu"], 1]);
  });

  it("is drawn by the CPU from when its pipelines are found to be wrong", async () => {
    begin(deviceOf(Promise.resolve(new Error("no such format"))));
    await Promise.resolve();
    expect([kinds(), painters()[1]?.did, fellBack.mock.calls.length]).toEqual([["gpu", "cpu"], ["show"], 1]);
  });

  it("is not taken from a painter by what is found about the one before it, or by a lost device's check", async () => {
    begin(deviceOf(Promise.resolve(new Error("no such format"))));
    display.start(deviceOf(Promise.reject(new Error("lost"))));
    await Promise.resolve();
    expect([kinds(), display.drawing, fellBack.mock.calls.length]).toEqual([["gpu", "gpu"], "gpu", 0]);
  });

  /** A device is lost so many milliseconds after the page began, and another one comes. */
  function lostAfter(ms: number): void {
    begin();
    vi.advanceTimersByTime(ms);
    display.lose();
    expect(painters()[0]?.did.at(-1)).toBe("dispose");
    display.setSize(0, 10, 10); // nothing draws meanwhile
    display.start(deviceOf());
    display.show(picture, new Map());
  }

  it("is drawn by the CPU after a device that was lost as soon as it drew, on canvases of its own", () => {
    lostAfter(19_000);
    expect([kinds(), painters()[1]?.did]).toEqual([
      ["gpu", "cpu"],
      ["show", "paint 0"],
    ]);
  });

  it("stays with the GPU after a device that was lost later, on the same canvases", () => {
    lostAfter(21_000);
    expect([kinds(), painters()[1]?.did]).toEqual([
      ["gpu", "gpu"],
      ["show", "paint 2"],
    ]);
  });
});

describe("a page that draws on the CPU", () => {
  it("reports what fails there", () => {
    display.start(undefined);
    const [painter] = painters();
    Object.assign(painter ?? {}, { error: new Error("no memory") });
    expect(() => display.show(picture, new Map())).toThrow("no memory");
    expect([kinds(), fellBack.mock.calls.length]).toEqual([["cpu"], 0]);
  });
});
