/** What a teacher said, as it is kept: small, asked for once, and the same whatever is forgotten. */
import { describe, expect, it } from "vitest";
import { deflated, inflatedUpTo } from "../../src/base/deflate-streams.js";
import { layouts } from "../../src/kernel/layout.js";
import { MemoryFeatures } from "../../src/train/index.js";
import type { FeatureStore } from "../../src/train/index.js";
import { roundedTargets, unpackedTargets } from "../../src/train/soft-targets.js";
import { Teaching } from "../../src/train/teacher.js";
import { expectError } from "../helpers/expect-error.js";
import { seeded } from "../helpers/random.js";

const CLASSES = 5;
const [HEIGHT, WIDTH] = [6, 7];
const PIXELS = HEIGHT * WIDTH;

/** Probabilities that add up to 1, most of a pixel's in one class. */
function probabilities(seed: number): Float32Array {
  const random = seeded(seed);
  const data = new Float32Array(CLASSES * PIXELS);
  for (let i = 0; i < PIXELS; i++) {
    const shares = Array.from({ length: CLASSES }, () => random() ** 8);
    const sum = shares.reduce((a, b) => a + b, 0);
    for (const [k, share] of shares.entries()) data[k * PIXELS + i] = share / sum;
  }
  return data;
}

describe("rounded targets", () => {
  it("differ by less than 1/255, and the classes of a pixel still add up to 1", () => {
    const data = probabilities(1);
    const rounded = roundedTargets(data, CLASSES);
    const wrong = data.findIndex((value, i) => Math.abs(value - (rounded[i] as number) / 255) > 1 / 255);
    expect(wrong).toBe(-1);
    for (let i = 0; i < PIXELS; i++) {
      const own = Array.from({ length: CLASSES }, (_, k) => rounded[k * PIXELS + i] as number);
      expect(own.reduce((a, b) => a + b, 0)).toBe(255);
    }
  });

  it("keep 0 and 1, and pixels that count less", () => {
    const data = Float32Array.of(1, 0, 0.5, 0, 1.001, 0, 0, 0, 0.25);
    expect([...roundedTargets(data, 3)]).toEqual([255, 0, 128, 0, 255, 0, 0, 0, 63]);
  });

  it("are floats in layout nhwc4, also after they were kept", async () => {
    const rounded = roundedTargets(probabilities(2), CLASSES);
    const { bytes: kept } = await inflatedUpTo([await deflated(rounded, "deflate-raw")], rounded.length, "deflate-raw");
    expect(kept).toEqual(rounded);
    const bytes = unpackedTargets("a#0", kept, { classes: CLASSES, size: [HEIGHT, WIDTH] });
    const back = layouts.nhwc4.unpack(new Uint8Array(bytes).buffer, [1, CLASSES, HEIGHT, WIDTH]);
    expect(back).toEqual(Float32Array.from(rounded, (value) => value / 255));
  });
});

const picture = { width: WIDTH, height: HEIGHT, data: new Uint8Array(4 * PIXELS), channels: 4 } as const;

/** A teacher that counts, and what asks it. */
function teachingWith(store: FeatureStore) {
  const asked: string[] = [];
  const teacher = (): Promise<Float32Array> => Promise.resolve(probabilities(3));
  const teaching = new Teaching({ teacher, classes: CLASSES, store });
  const ask = (key: string): Promise<Uint8Array> =>
    teaching.targetsOf(key, [HEIGHT, WIDTH], () => {
      asked.push(key);
      return picture;
    });
  return { asked, ask };
}

const FORGETFUL: FeatureStore = { get: () => undefined, set: () => undefined, clear: () => undefined };

describe("a teacher", () => {
  it("is asked once about each picture where the store keeps it, by whoever teaches with that store", async () => {
    const store = new MemoryFeatures(1e6);
    const first = teachingWith(store);
    const values = [await first.ask("a#0"), await first.ask("a#1"), await first.ask("a#0")];
    const second = teachingWith(store);
    expect(await second.ask("a#0")).toEqual(values[0]);
    expect([first.asked, second.asked]).toEqual([["a#0", "a#1"], []]);
    expect(store.bytes).toBeLessThan(2 * CLASSES * PIXELS);
    const forgetful = teachingWith(FORGETFUL);
    expect([await forgetful.ask("a#0"), await forgetful.ask("a#0")]).toEqual([values[0], values[0]]);
    expect(forgetful.asked).toEqual(["a#0", "a#0"]);
  });

  it("that was asked about another picture of the same name is an error with the numbers", async () => {
    const store = new MemoryFeatures(1e6);
    await teachingWith(store).ask("a#0");
    const other = new Teaching({ teacher: () => Promise.resolve(new Float32Array()), classes: CLASSES, store });
    await expectError(
      () => other.targetsOf("a#0", [3, 4], () => picture),
      "bad-shape",
      "a#0: 5 classes of 4 x 3 pixels need 60 targets, 210 are kept; give each picture a name of its own",
    );
  });
});

describe("MemoryFeatures", () => {
  const map = (bytes: number) => new Map([[1, new Uint8Array(bytes)]]);

  it("forgets what was not used for the longest time, or keeps nothing new", () => {
    const [oldest, newest] = [new MemoryFeatures(250), new MemoryFeatures(250, { givesWay: "new" })];
    for (const store of [oldest, newest]) for (const key of ["a", "b", "c"]) store.set(key, map(100));
    const found = (store: MemoryFeatures) => ["a", "b", "c"].filter((key) => store.get(key));
    expect([found(oldest), found(newest)]).toEqual([
      ["b", "c"],
      ["a", "b"],
    ]);
    newest.set("a", map(150)); // in place of itself
    expect([newest.get("a")?.get(1)?.length, newest.bytes]).toEqual([150, 250]);
  });

  it("refuses options that it does not know", async () => {
    await expectError(
      () => Promise.resolve(new MemoryFeatures(1, { givesWay: "least" as "new" })),
      "bad-option",
      'givesWay "least" is not one of oldest, new',
    );
  });
});
