/** What the page's worker does with pictures, weights and a device that come, fail and go in any order. No GPU. */
import { FcnError } from "fcn-webgpu";
import type { FcnErrorCode, Picture } from "fcn-webgpu";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Reply } from "../demo/src/messages.js";
import { Engine } from "../demo/src/worker/engine.js";
import { gate, pause } from "./helpers/promises.js";

const stage = vi.hoisted(() => ({
  /** By name of a picture: what its decoding waits for. */
  decoding: new Map<string, Promise<void>>(),
  device: { label: "one", software: true },
  settled: Promise.resolve(),
  /** What a download waits for. */
  download: Promise.resolve(),
  openModel: vi.fn<(device: unknown) => Promise<unknown>>(),
  explained: [] as AbortSignal[],
}));

vi.mock("../demo/src/worker/pictures.js", () => ({
  decode: async (_source: unknown, name: string) => {
    await stage.decoding.get(name);
    if (name.startsWith("bad")) throw new Error(`${name} is not a picture`);
    const picture = { width: 2, height: 2, data: new Uint8Array(16), channels: 4, name };
    return { picture, full: [2, 2], readable: [2, 2] };
  },
}));
vi.mock("../demo/src/worker/display.js", () => ({
  Display: class {
    readonly drawing = "cpu";
    start(): void {}
    show(): void {}
  },
}));
vi.mock("../demo/src/worker/device-keeper.js", () => ({
  DeviceKeeper: class {
    get device() {
      return stage.device;
    }
    open = async () => stage.device;
    settled = () => stage.settled;
  },
}));
vi.mock("../demo/src/worker/weights-shelf.js", () => ({
  WeightsShelf: class {
    async take() {
      await stage.download;
      return { open: () => undefined, direct: "" };
    }
  },
}));
vi.mock("../demo/src/worker/open-model.js", () => ({ openModel: stage.openModel, compiling: () => undefined }));
vi.mock("../demo/src/worker/explain-door.js", () => ({
  explained: ({ signal }: { signal: AbortSignal }) => {
    stage.explained.push(signal);
    return new Promise(() => undefined);
  },
}));

/** A model whose runs end when the test says so. `fails`: every run fails. */
function modelOf(fails?: string, code: FcnErrorCode = "out-of-memory") {
  const runs: { readonly name: string; readonly finish: () => void }[] = [];
  const run = (picture: Picture & { name?: string }, signal: AbortSignal) =>
    new Promise((resolve, reject) => {
      const result = { labels: { fcn8s: new Uint8Array(4) }, buffers: {}, times: [], probabilities: undefined };
      runs.push({ name: picture.name ?? "", finish: () => resolve(result) });
      signal.addEventListener("abort", () => reject(signal.reason as Error));
      if (fails) void pause().then(() => reject(new FcnError(code, fails)));
    });
  const words = { variants: ["fcn8s"], classNames: ["background"], description: "", notice: undefined };
  return { ...words, precision: "f32", checkpoint: undefined, run, runs, recover: vi.fn(), dispose: vi.fn() };
}

let replies: Reply[] = [];
let engine: Engine;
let nextId = 0;
const failures = (): string[] => replies.flatMap((reply) => (reply.type === "failed" ? [reply.message] : []));
const kindsOf = (type: Reply["type"]): Reply[] => replies.filter((reply) => reply.type === type);
const segment = (name: string, picture = new Blob()): void =>
  engine.segment({ type: "segment", id: ++nextId, picture, name, side: "auto" });
const load = (model: unknown): void => {
  stage.openModel.mockImplementationOnce(async () => {
    if (model instanceof Error) throw model;
    return model;
  });
  engine.load({ type: "load", weights: { kind: "address", address: "x" }, precision: "auto", drawing: "auto" });
};
/** Long enough for all that goes on without a timer. */
const quiet = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await pause();
};

beforeEach(() => {
  vi.stubGlobal("ImageBitmap", class {});
  stage.openModel.mockReset();
  stage.decoding.clear();
  Object.assign(stage, { device: { label: "one", software: true } });
  Object.assign(stage, { settled: Promise.resolve(), download: Promise.resolve(), explained: [] });
  replies = [];
  engine = new Engine((reply) => void replies.push(reply));
});
afterEach(() => vi.unstubAllGlobals());

/** A network with a picture on show. */
async function begun() {
  const model = modelOf();
  load(model);
  segment("first");
  await quiet();
  model.runs[0]?.finish();
  await quiet();
  expect(kindsOf("segmented")).toHaveLength(1);
  return model;
}

/** Sends a picture whose decoding lasts until the function is called. */
async function decodingOf(name: string): Promise<() => void> {
  const { closed, open } = gate();
  stage.decoding.set(name, closed);
  segment(name);
  await quiet();
  return open;
}

describe("a run", () => {
  it("that fails with the weights it was stopped for is reported once, and not run again", async () => {
    const model = await begun();
    segment("second");
    await quiet();
    expect(model.runs).toHaveLength(2);
    const large = modelOf("no memory");
    load(large);
    await quiet();
    expect([failures(), large.runs.length]).toEqual([["no memory"], 1]);
  });

  it("does not begin for a picture that another one has replaced", async () => {
    const model = await begun();
    const open = await decodingOf("second");
    segment("third");
    open();
    await quiet();
    expect(model.runs.map(({ name }) => name)).toEqual(["first", "third"]);
  });

  it("does not begin with weights that others replace, and begins again where those are refused", async () => {
    const model = await begun();
    const open = await decodingOf("second");
    const next = modelOf();
    load(next);
    open();
    await quiet();
    expect([model.runs.length, next.runs.map(({ name }) => name)]).toEqual([1, ["second"]]);
    load(new FcnError("bad-weights", "no checkpoint"));
    await quiet();
    expect([failures(), next.runs.map(({ name }) => name)]).toEqual([["no checkpoint"], ["second", "second"]]);
  });

  it("that was stopped for a picture begins again where that picture cannot be decoded", async () => {
    const model = await begun();
    segment("second");
    await quiet();
    expect(model.runs).toHaveLength(2);
    segment("bad.png");
    await quiet();
    expect(failures()).toEqual(["bad.png is not a picture"]);
    expect(model.runs.map(({ name }) => name)).toEqual(["first", "second", "second"]);
  });

  it("ends the explanation; a picture or weights that fail do not", async () => {
    await begun();
    engine.explain();
    segment("bad.png");
    load(new FcnError("bad-weights", "no checkpoint"));
    await quiet();
    expect(stage.explained.map(({ aborted }) => aborted)).toEqual([false]);
    segment("second");
    await quiet();
    expect(stage.explained.map(({ aborted }) => aborted)).toEqual([true]);
  });
});

describe("weights that cannot be had", () => {
  it("end the page where they are the built-in ones, and none were there before", async () => {
    load(new FcnError("bad-weights", "no checkpoint"));
    await quiet();
    expect([failures(), kindsOf("fatal")]).toEqual([["no checkpoint"], []]);
    stage.openModel.mockRejectedValueOnce(new FcnError("bad-weights", "no download"));
    engine.load({ type: "load", weights: { kind: "built-in" }, precision: "auto", drawing: "auto" });
    await quiet();
    expect(kindsOf("fatal")).toEqual([{ type: "fatal", code: "bad-weights", message: "no download" }]);
  });
});

describe("a device", () => {
  const second = { label: "two", software: true };

  it("that is replaced during a download is not used for the network", async () => {
    await begun();
    const { closed, open } = gate();
    stage.download = closed;
    load(modelOf());
    await quiet();
    stage.device = second;
    open();
    await quiet();
    expect(stage.openModel.mock.calls.map(([device]) => device)).toEqual([expect.anything(), second]);
    expect(kindsOf("ready")).toHaveLength(2);
  });

  it("that is replaced while a network is made gets the network", async () => {
    await begun();
    const next = modelOf();
    stage.openModel.mockImplementationOnce(async () => {
      stage.device = second;
      return next;
    });
    engine.load({ type: "load", weights: { kind: "built-in" }, precision: "auto", drawing: "auto" });
    await quiet();
    expect(next.recover.mock.calls).toEqual([[second]]);
    expect(kindsOf("ready")).toHaveLength(2);
  });

  it("that is lost while a network is made: the network is made once more", async () => {
    await begun();
    const next = modelOf();
    load(new FcnError("device-lost", "gone"));
    stage.openModel.mockImplementationOnce(async () => next);
    await quiet();
    expect([failures(), next.runs.length]).toEqual([[], 1]);
  });

  it("that is lost in the first run of a network: the recovery runs it, and it is not made again", async () => {
    await begun();
    const next = modelOf("gone", "device-lost");
    load(next);
    await quiet();
    expect([failures(), next.runs.length, stage.openModel.mock.calls.length]).toEqual([[], 1, 2]);
  });

  it("is missing: a camera's frame is closed", async () => {
    Object.assign(stage, { device: undefined });
    const close = vi.fn();
    const frame = Object.assign(new ImageBitmap(), { close });
    engine.segment({ type: "segment", id: 1, picture: frame, name: "camera.png", side: "auto" });
    await quiet();
    expect(close).toHaveBeenCalledOnce();
  });
});
