/** Pictures as callers hand them over: from other realms, in buffers that are used again, grey, as files in memory. */
import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toRgba } from "../src/image/picture.js";
import { bufferSource } from "../src/weights/source.js";
import { decodePng, loadFcn, openSource, readPicture } from "../src/node.js";
import type { Fcn, NodePicture, Picture } from "../src/node.js";
import { expectError } from "./helpers/expect-error.js";
import { useDevice } from "./helpers/device.js";
import { stripedPicture } from "./helpers/small-networks.js";

const device = useDevice();
const VAL = "test/fixtures/val/15.png";
let fcn: Fcn<NodePicture>;
let expected: Uint8Array;

/** The value of an expression in a vm context, whose classes are not those of here. Jest runs tests in one. */
const foreign = <T>(expression: string, values: Readonly<Record<string, unknown>> = {}): T =>
  runInNewContext(expression, values) as T;

beforeAll(async () => {
  fcn = await loadFcn({ device: device(), variant: "fcn32s" });
  expected = (await fcn.segment(VAL)).labels;
});
afterAll(() => fcn.dispose());

describe("values of another realm", () => {
  it.each(["Uint8Array", "Uint8ClampedArray"])("pixels in a %s", async (name) => {
    const { width, height, data } = decodePng(readFileSync(VAL));
    const picture = foreign<Picture>(`({ width, height, data: new ${name}(data) })`, { width, height, data });
    expect(picture.data instanceof Uint8Array || picture.data instanceof Uint8ClampedArray).toBe(false);
    expect((await fcn.segment(picture)).labels).toEqual(expected);
  });

  it.each(["new Uint8Array(data)", "new Uint8Array(data).buffer"])("the bytes of a file: %s", async (expression) => {
    const bytes = foreign<Uint8Array>(expression, { data: readFileSync(VAL) });
    expect((await fcn.segment(bytes)).labels).toEqual(expected);
  });

  it("the bytes of a JPEG file, which sharp reads", async () => {
    const sharp = (await import("sharp")).default;
    const jpeg = await sharp(VAL).jpeg().toBuffer();
    const there = await readPicture(foreign<Uint8Array>("new Uint8Array(data)", { data: jpeg }));
    expect(there).toEqual(await readPicture(jpeg));
  });

  it("arrays of pictures", async () => {
    const pictures = foreign<NodePicture[]>("[path, path]", { path: VAL });
    expect(pictures instanceof Array).toBe(false);
    const results = await fcn.segmentBatch(pictures);
    expect(results.map(({ labels }) => labels)).toEqual([expected, expected]);
    for await (const { labels } of fcn.segmentAll(pictures)) expect(labels).toEqual(expected);
  });

  it("a URL", async () => {
    const url = Object.assign(Object.create(null) as URL, {
      href: new URL(`../${VAL}`, import.meta.url).href,
      toString: () => new URL(`../${VAL}`, import.meta.url).href,
      [Symbol.toStringTag]: "URL",
    });
    expect((await fcn.segment(url)).labels).toEqual(expected);
    expect((await openSource(url)).size).toBe(readFileSync(VAL).length);
  });

  it.each(["new Uint8Array(data)", "new Uint8Array(data).buffer"])("weights: %s", async (expression) => {
    const weights = foreign<Uint8Array>(expression, { data: Uint8Array.of(1, 2, 3, 4) });
    const source = await openSource(weights);
    expect(await source.read(1, 2)).toEqual(Uint8Array.of(2, 3));
    expect(await bufferSource(weights).read(3, 1)).toEqual(Uint8Array.of(4));
  });

  it("a Blob", async () => {
    const blob = new Proxy(new Blob([Uint8Array.of(1, 2, 3, 4)]), {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
      getPrototypeOf: () => null,
    });
    expect(blob instanceof Blob).toBe(false);
    expect(await (await openSource(blob)).read(1, 2)).toEqual(Uint8Array.of(2, 3));
  });

  it("options, names of classes and kernels", async () => {
    const options = foreign<object>(`({ variant: "fcn32s", kernels: { softmax: "naive" }, preprocessing: {
      mean: [0.5, 0.5, 0.5], std: [1, 1, 1] }, classNames: Array.from({ length: 21 }, (_, i) => "c" + i) })`);
    const other = await loadFcn({ ...options, device: device() });
    expect((await other.segment(VAL)).names[0]).toMatch(/^c\d+$/);
    other.dispose();
  });
});

describe("a file in memory", () => {
  const bytes = readFileSync(VAL);
  it.each<[string, () => NodePicture]>([
    ["a Blob", () => new Blob([bytes])],
    ["a File", () => new File([bytes], "photo.png")],
    ["an ArrayBuffer", () => Uint8Array.from(bytes).buffer],
    ["a view on a part of a buffer", () => new Uint8Array([7, ...bytes, 7]).subarray(1, bytes.length + 1)],
  ])("as %s is decoded", async (_, image) => expect((await fcn.segment(image())).labels).toEqual(expected));

  it("that is no picture says what it is", () =>
    expectError(() => fcn.segment(new Blob(["no picture"])), "bad-image", /^picture bytes: .*PNG/));
});

describe("grey pictures", () => {
  const grey = (): Uint8Array => Uint8Array.from({ length: 60 * 40 }, (_, i) => (i * 7) % 256);

  it.each([{}, { channels: 1 as const }])(
    "of one byte a pixel, with %o, give what the same RGB gives",
    async (more) => {
      const rgb = Uint8Array.from({ length: 60 * 40 * 3 }, (_, i) => grey()[Math.floor(i / 3)] as number);
      const { labels } = await fcn.segment({ width: 60, height: 40, data: grey(), ...more });
      expect(labels).toEqual((await fcn.segment({ width: 60, height: 40, data: rgb })).labels);
    },
  );

  it("become RGBA", () => {
    expect(toRgba({ width: 2, height: 1, data: Uint8Array.of(3, 200) }).data).toEqual(
      Uint8Array.of(3, 3, 3, 255, 200, 200, 200, 255),
    );
  });

  it("with alpha, of two bytes a pixel, are refused with the numbers", () =>
    expectError(
      () => fcn.segment({ width: 2, height: 2, data: new Uint8Array(8) }),
      "bad-image",
      "picture: 2 x 2 needs 4 (grey), 12 (RGB) or 16 (RGBA) bytes, got 8",
    ));

  it("of 2 channels are refused with the numbers", () =>
    expectError(
      () => fcn.segment({ width: 2, height: 2, data: new Uint8Array(8), channels: 2 as 3 }),
      "bad-image",
      "picture: 2 x 2 needs 4 (grey), 12 (RGB) or 16 (RGBA) bytes, got 8",
    ));
});

describe("a buffer that the caller uses again", () => {
  const size = 48;
  const frames = [stripedPicture(size, size), ...[40, 120, 200].map((value) => plain(value))];
  function plain(value: number): Picture {
    return { width: size, height: size, data: new Uint8Array(size * size * 4).fill(value) };
  }
  const logitsOf = async (picture: Picture): Promise<Float32Array> => (await fcn.logits(picture)).data;

  it("gives every call the pixels that it was handed", async () => {
    const alone: Float32Array[] = [];
    for (const frame of frames) alone.push(await logitsOf(frame));
    const buffer = new Uint8Array(size * size * 4);
    const calls = frames.map(({ data }) => {
      buffer.set(data);
      return logitsOf({ width: size, height: size, data: buffer });
    });
    buffer.fill(1);
    expect(await Promise.all(calls)).toEqual(alone);
  });

  it("gives batches, streams and files in memory the pixels that they were handed", async () => {
    const [first] = frames as [Picture];
    const { labels } = await fcn.segment(first);
    const buffer = new Uint8Array(first.data);
    const batch = fcn.segmentBatch([{ ...first, data: buffer }]);
    buffer.fill(1);
    expect((await batch)[0]?.labels).toEqual(labels);

    function* refilled(): Generator<Picture> {
      for (let i = 0; i < 4; i++) {
        buffer.set((frames[i % 2] as Picture).data);
        yield { ...first, data: buffer };
      }
    }
    const streamed: Uint8Array[] = [];
    for await (const result of fcn.segmentAll(refilled())) streamed.push(result.labels);
    const second = (await fcn.segment(frames[1] as Picture)).labels;
    expect(streamed).toEqual([labels, second, labels, second]);

    const file = Uint8Array.from(readFileSync(VAL));
    const call = fcn.segment(file);
    file.fill(0);
    expect((await call).labels).toEqual(expected);
  });
});
