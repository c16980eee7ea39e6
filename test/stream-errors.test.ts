/** fcn.segmentAll past pictures that fail: onError, and which picture a result is of. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FcnError, loadFcn, requestDevice } from "../src/node.js";
import type { FailedPicture, Fcn, NodePicture, StreamedSegmentation } from "../src/node.js";
import { useDevice } from "./helpers/device.js";
import { expectError } from "./helpers/expect-error.js";
import { noisePicture } from "./helpers/pictures.js";
import { STREAM, endOf } from "./helpers/streams.js";

const device = useDevice();
const [FIRST, SECOND] = STREAM as [NodePicture, NodePicture];
const MIXED: readonly NodePicture[] = [FIRST, "no-such-file.png", new Uint8Array([1, 2]), SECOND, new Blob(["no"])];

let fcn: Fcn<NodePicture>;
beforeAll(async () => {
  fcn = await loadFcn({ device: device(), variant: "fcn32s" });
});
afterAll(() => fcn.dispose());

type Result = StreamedSegmentation<unknown> | FailedPicture<unknown>;

/** A line for each result, and how the stream ended. */
async function linesOf(results: AsyncIterable<Result>): Promise<string[]> {
  const lines: string[] = [];
  try {
    for await (const result of results)
      lines.push(`${result.index} ${result.error ? result.error.code : `${result.width} x ${result.height}`}`);
    return [...lines, "all"];
  } catch (error) {
    return [...lines, endOf(error)];
  }
}

describe("onError", () => {
  const THROUGH = ["0 64 x 48", "1 bad-image", "2 bad-image", "3 64 x 48", "4 bad-image", "all"];

  it.each([1, 2, 5])("continue: failures come in their place, with %i in flight", async (inFlight) => {
    expect(await linesOf(fcn.segmentAll(MIXED, { onError: "continue", inFlight }))).toEqual(THROUGH);
  });

  it("throw is what happens by default", async () => {
    const ended = ["0 64 x 48", "bad-image: no-such-file.png: there is no such file"];
    expect(await linesOf(fcn.segmentAll(MIXED))).toEqual(ended);
    expect(await linesOf(fcn.segmentAll(MIXED, { onError: "throw" }))).toEqual(ended);
  });

  it("a function gets failures in their place, and the results are without them", async () => {
    const seen: string[] = [];
    const onError = async ({ index, picture, error }: FailedPicture<NodePicture>): Promise<void> => {
      await Promise.resolve();
      seen.push(`${index} ${String(MIXED.indexOf(picture))} ${error.code}`);
    };
    for await (const { index, labels } of fcn.segmentAll(MIXED, { onError })) seen.push(`${index} ${labels.length}`);
    expect(seen).toEqual(["0 3072", "1 1 bad-image", "2 2 bad-image", "3 3072", "4 4 bad-image"]);
  });

  it("a function that throws ends the stream with its error", async () => {
    const onError = ({ error }: FailedPicture<NodePicture>): void => {
      throw new Error("mine", { cause: error });
    };
    expect(await linesOf(fcn.segmentAll(MIXED, { onError }))).toEqual(["0 64 x 48", "Error: mine"]);
  });

  it("a picture too large for the device is one that fails", async () => {
    const limited = await loadFcn({ weights: "icons", variant: "fcn32s", resize: 520 });
    const long = { width: 40_000, height: 600, data: new Uint8Array(40_000 * 600 * 4) };
    const lines = await linesOf(limited.segmentAll([long, FIRST], { onError: "continue" }));
    expect(lines).toEqual(["0 limit-too-small", "1 64 x 48", "all"]);
    limited.dispose();
  });

  it("takes no other value", async () => {
    for (const onError of ["skip", "", 1, null] as unknown as "throw"[])
      await expectError(async () => fcn.segmentAll([], { onError }), "bad-option", /onError/);
  });
});

describe("each result", () => {
  it("has its place and the picture that was given, the same object", async () => {
    const seen: unknown[] = [];
    for await (const { index, picture, error } of fcn.segmentAll(MIXED, { onError: "continue" }))
      seen.push(picture === MIXED[index], error instanceof FcnError);
    expect(seen).toEqual([true, false, true, true, true, true, true, false, true, true]);
  });
});

describe("goes on past no other error", () => {
  it("of the source, though it has the code of a picture's", async () => {
    function* source(): Generator<NodePicture> {
      yield "no-such-file.png";
      yield FIRST;
      throw new FcnError("bad-image", "of the source");
    }
    const lines = await linesOf(fcn.segmentAll(source(), { onError: "continue" }));
    expect(lines).toEqual(["0 bad-image", "1 64 x 48", "bad-image: of the source"]);
  });

  it("of a promise in it", async () => {
    const pictures = [FIRST, Promise.reject(new FcnError("bad-image", "of a promise")), SECOND];
    const lines = await linesOf(fcn.segmentAll(pictures as NodePicture[], { onError: "continue" }));
    expect(lines).toEqual(["0 64 x 48", "bad-image: of a promise"]);
  });

  it("of the signal, though its reason has the code of a picture's", async () => {
    const abort = new AbortController();
    const results = fcn.segmentAll([FIRST, SECOND, FIRST], { onError: "continue", signal: abort.signal });
    await results.next();
    abort.abort(new FcnError("bad-image", "enough"));
    expect(await linesOf(results)).toEqual(["bad-image: enough"]);
  });

  it("of a signal while a function waits", async () => {
    const abort = new AbortController();
    const onError = (): Promise<void> => {
      abort.abort(new Error("enough"));
      return new Promise(() => undefined);
    };
    const results = fcn.segmentAll(MIXED, { onError, signal: abort.signal });
    expect(await linesOf(results)).toEqual(["0 64 x 48", "Error: enough"]);
  });

  it("of a device that was lost, or a model that was disposed of", async () => {
    const own = await requestDevice();
    const lost = await loadFcn({ device: own, variant: "fcn32s" });
    const results = lost.segmentAll(STREAM, { onError: "continue" });
    await results.next();
    own.gpu.destroy();
    expect((await linesOf(results)).at(-1)).toMatch(/^device-lost: /);
    lost.dispose();
    expect((await linesOf(lost.segmentAll(STREAM, { onError: "continue" }))).at(-1)).toMatch(/^disposed: /);
  });
});

it("failures that nobody took hold back the source, as results do", async () => {
  let read = 0;
  function* bad(): Generator<NodePicture> {
    for (;;) {
      read++;
      yield new Uint8Array(1);
    }
  }
  const results = fcn.segmentAll(bad(), { onError: "continue", inFlight: 2 });
  for (let i = 0; i < 5; i++) expect((await results.next()).value).toMatchObject({ index: i });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(read).toBeLessThanOrEqual(7);
  await results.return();
  expect((await fcn.segment(noisePicture(20, 30))).width).toBe(30);
});
