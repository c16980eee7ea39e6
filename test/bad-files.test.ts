/** Pictures and checkpoints that are damaged, of the wrong kind or too large: each gets its code and one sentence. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { decodePng, encodePng, loadFcn, requestDevice } from "../src/node.js";
import type { Fcn, NodeLoadOptions, NodePicture } from "../src/node.js";
import { edited } from "./helpers/checkpoints.js";
import { useDevice } from "./helpers/device.js";
import { expectError, sentenceOf } from "./helpers/expect-error.js";

const device = useDevice();
const PICTURE = { width: 9, height: 7, data: new Uint8Array(9 * 7 * 4).fill(128) };
const load = (options: NodeLoadOptions) => loadFcn({ device: device(), ...options });

describe("PNG files", () => {
  const png = encodePng(PICTURE);
  const huge = new Uint8Array(png);
  new DataView(huge.buffer).setUint32(16, 60_000);
  new DataView(huge.buffer).setUint32(20, 60_000);

  it.each([
    ["0 bytes", new Uint8Array(), "x.png: the file is empty (0 bytes)"],
    [
      "text",
      new TextEncoder().encode("hello, this is a text file of mine, nothing else"),
      /^x\.png: it is not a PNG \(it starts with 68 65/,
    ],
    ["JPEG", new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 0, 16, 74, 70, 73, 70]), /^x\.png: it is a JPEG/],
    ["cut off in the header", png.subarray(0, 20), "x.png: the PNG is cut off after 20 bytes, inside its header"],
    ["cut off in the data", png.subarray(0, png.length - 20), /^x\.png: the PNG is damaged or cut off \(\d+ bytes\): /],
    ["a flipped bit", png.map((v, i) => (i === 45 ? v ^ 1 : v)), /^x\.png: the PNG is damaged or cut off/],
    [
      "a header that claims too much",
      huge,
      /^x\.png: the PNG header claims 60000 x 60000, more than its \d+ bytes can hold/,
    ],
  ])("%s", (_, bytes, sentence) => expectError(() => decodePng(bytes, "x.png"), "bad-image", sentence));
});

describe("pictures given to a model", () => {
  let fcn: Fcn<NodePicture>;
  beforeAll(async () => {
    fcn = await load({ weights: "icons", variant: "fcn32s" });
  });
  afterAll(() => fcn.dispose());
  afterEach(async () => {
    expect((await fcn.segment(PICTURE)).labels, "the model goes on").toHaveLength(63);
  });

  it("whose size and data do not fit each other", async () => {
    await expectError(
      () => fcn.segment({ ...PICTURE, width: 10 }),
      "bad-image",
      "picture: 10 x 7 needs 70 (grey), 210 (RGB) or 280 (RGBA) bytes, got 252",
    );
    await expectError(
      () => fcn.segment({ ...PICTURE, width: 0 }),
      "bad-image",
      "picture: 0 x 7 is not a size of at least 1 x 1",
    );
    await expectError(
      () => fcn.segment(null as unknown as string),
      "bad-image",
      "picture: got null, needed { width, height, data }",
    );
  });

  it("as files that are missing or not pictures", async () => {
    await expectError(() => fcn.segment("nowhere.png"), "bad-image", "nowhere.png: there is no such file");
    await expectError(() => fcn.segment(new Uint8Array([1, 2, 3])), "bad-image", /not a PNG/);
  });

  it("as sizes to prepare for", async () => {
    await expectError(
      () => fcn.warmup(60_000, 60_000),
      "limit-too-small",
      sentenceOf(
        /^a picture of 60000 x 60000 is too large for this device: its pixels take 14400000000 bytes, /,
        /an array holds 4294967296; shrink or crop the picture; of this shape, \d+ x \d+ fits$/,
      ),
    );
    await expectError(() => fcn.warmup(0, 4), "bad-image", "warmup: 4 x 0 is not a size of at least 1 x 1");
  });

  it("that are larger than what the device binds even in bands; a batch is halved until it fits", async () => {
    const small = await requestDevice();
    Object.assign(small.limits, { maxStorageBufferBindingSize: 1e6 });
    const limited = await load({ weights: "icons", device: small, variant: "fcn32s" });
    await expectError(
      () => limited.warmup(30_000, 30_000),
      "limit-too-small",
      sentenceOf(
        /^a picture of 30000 x 30000 is too large for this device: in bands, tensor \S+ \[[\d,]+\] needs /,
        /maxStorageBufferBindingSize \d+, this adapter offers 1000000; make it smaller; /,
        /give loadFcn a smaller resize, such as 512 \(--resize\), or shrink or crop the picture; /,
        /of this shape, \d+ x \d+ fits$/,
      ),
    );
    // Features that stay on the GPU are of a whole picture: they need no smaller one where bands would do.
    await expectError(
      () =>
        limited.features({ width: 600, height: 600, data: new Uint8Array(600 * 600 * 4) }, ["layer4"], { on: "gpu" }),
      "limit-too-small",
      "a picture of 600 x 600 is too large for this device: tensor picture [1,4,600,600] needs " +
        "maxStorageBufferBindingSize 1440000, this adapter offers 1000000; make it smaller; " +
        "give loadFcn a smaller resize, such as 300 (--resize), or shrink or crop the picture",
    );
    const pictures = [1, 2, 3].map(() => ({ width: 400, height: 300, data: new Uint8Array(400 * 300 * 4) }));
    expect(await limited.segmentBatch(pictures), "two at a time").toHaveLength(3);
    limited.dispose();
    small.dispose();
  });
});

describe("checkpoints", () => {
  it("names the missing, the mis-shaped and the unexpected together", async () => {
    const weights = await edited((tensors) => [
      ...tensors
        .filter((t) => t.name !== "fcn8s.score16.bias")
        .map((t) => (t.name === "fcn8s.score8.weight" ? { ...t, shape: [21, 64, 2, 1] } : t)),
      { name: "fcn8s.extra", shape: [1], dtype: "f32", read: () => new Float32Array(1) },
    ]);
    await expectError(
      () => load({ weights, variant: "fcn8s" }),
      "bad-weights",
      sentenceOf(
        /1 missing \(fcn8s\.score16\.bias\); /,
        /1 mis-shaped \(fcn8s\.score8\.weight is \[21,64,2,1\], needed \[21,128,1,1\]\); /,
        /1 unexpected \(fcn8s\.extra\)/,
      ),
    );
  });

  it.each([
    ["bad-header-huge", /header/],
    ["bad-overlap", /overlap|gap|contiguous|starts/],
    ["bad-offsets", /./],
    ["bad-header-json", /header is wrong at character 6/],
    ["bad-shape", /./],
    ["bad-dtype", /Q7/],
    ["bad-negative", /-2/],
    ["bad-proto", /__proto__/],
  ])("%s.safetensors", async (name, sentence) => {
    await expectError(
      () => load({ weights: `test/fixtures/checkpoints/${name}.safetensors` }),
      "bad-weights",
      sentence,
    );
  });

  it("a header length of 2^60", async () => {
    const weights = new Uint8Array(64);
    new DataView(weights.buffer).setBigUint64(0, 1n << 60n, true);
    weights[8] = 0x7b;
    await expectError(
      () => load({ weights }),
      "bad-weights",
      /its safetensors header claims 1152921504606846976 bytes, more than the format's limit of 100000000$/,
    );
  });

  it("integers where numbers with a fraction belong", async () => {
    const weights = await edited((tensors) => tensors);
    const text = Buffer.from(weights.buffer, weights.byteOffset, weights.byteLength);
    const at = text.indexOf('"F16"', text.indexOf('"fcn8s.score32.weight"'), "latin1");
    text.write('"I16"', at, "latin1"); // of the same width, so that only the type is wrong
    await expectError(
      () => load({ weights, variant: "fcn8s" }),
      "bad-weights",
      /fcn8s\.score32\.weight holds i16, needed floating point/,
    );
  });

  it("a digest that differs, with both", async () => {
    const weights = "weights/fcn-resnet101-w16-icons-f16.safetensors";
    await expectError(
      () => load({ weights, sha256: "xyz" }),
      "bad-option",
      "sha256 needs 64 hexadecimal digits, got xyz",
    );
    await expectError(
      () => load({ weights, sha256: "0".repeat(64) }),
      "bad-weights",
      /sha256 is 8a974e39[0-9a-f]+, expected 0{64}; the file was changed/,
    );
  });

  it("a file that is not there", () =>
    expectError(() => load({ weights: "nowhere.safetensors" }), "bad-weights", /nowhere\.safetensors/));
});
