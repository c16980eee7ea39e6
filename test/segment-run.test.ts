/** The loop of `fcn segment`, with pictures and networks that stand in: memory, order, and an early end. */
import { afterEach, describe, expect, it, vi } from "vitest";
import type { DecodedPicture } from "../src/image/decode.js";
import type { Fcn, NodePicture } from "../src/node.js";
import { FcnError } from "../src/base/errors.js";
import { ReadAhead } from "../src/cli/read-ahead.js";
import { segmentAll } from "../src/cli/segment-run.js";
import type { SegmentInput, SegmentJob } from "../src/cli/segment-run.js";
import { nextTurn } from "./helpers/promises.js";

const MIB = 2 ** 20;
const CLASSES = 21;

/** A picture of this size; the memory is only said to be there. */
const picture = (bytes: number, size: Partial<DecodedPicture> = {}): DecodedPicture => ({
  ...{ width: 1, height: 1, channels: 4 },
  data: { length: bytes } as Uint8Array,
  ...size,
});

const inputsOf = (count: number): SegmentInput[] =>
  Array.from({ length: count }, (_, i) => ({ image: `${i}`, name: `${i}`, stdin: false }));

interface Stage {
  readonly read?: (image: string) => DecodedPicture | Promise<DecodedPicture>;
  readonly compute?: (count: number, picture: DecodedPicture | undefined) => Promise<void>;
  readonly job?: Partial<SegmentJob>;
}

interface Ran {
  readonly failed: number;
  readonly events: readonly string[];
  /** Most pictures that were read and not yet written, and most that were being read. */
  readonly mostHeld: number;
  readonly mostReading: number;
}

afterEach(() => vi.restoreAllMocks());

/** Runs the loop, and notes what happens in order. */
async function run(count: number, { read = () => picture(4), compute, job = {} }: Stage): Promise<Ran> {
  const events: string[] = [];
  const seen = { held: 0, mostHeld: 0, reading: 0, mostReading: 0, computed: 0 };
  vi.spyOn(process.stderr, "write").mockImplementation((text) => events.push(String(text).trim()) > 0);
  const fcn = {
    ...{ resize: "none", variant: "fcn8s", classNames: Array.from({ length: CLASSES }, (_, i) => `${i}`) },
    async *segmentAll([first]: DecodedPicture[]) {
      await compute?.(seen.computed++, first);
      yield { labels: new Uint8Array(1), timings: {} };
    },
    probabilities: async () => ({ data: new Float32Array(1), shape: [1, CLASSES, 1, 1] }),
  } as unknown as Fcn<NodePicture>;
  const failed = await segmentAll(inputsOf(count), {
    fcns: [fcn],
    work: {
      threads: 4,
      async read({ image }) {
        seen.held++;
        seen.reading++;
        seen.mostHeld = Math.max(seen.mostHeld, seen.held);
        seen.mostReading = Math.max(seen.mostReading, seen.reading);
        await nextTurn();
        seen.reading--;
        return await read(image);
      },
      encode: async () => ({ found: [], files: [] }),
      close: async () => undefined,
    },
    chosen: undefined,
    wanted: { formats: ["labels"], probabilities: false, logits: false },
    async sink({ image }) {
      await nextTurn();
      seen.held--;
      return { files: [], report: () => events.push(`done ${image}`) };
    },
    onDone: async () => undefined,
    onFailure: async ({ image }) => void events.push(`failed ${image}`),
    stopped: () => false,
    ...job,
  });
  return { failed, events, mostHeld: seen.mostHeld, mostReading: seen.mostReading };
}

const allDone = (count: number): string[] => Array.from({ length: count }, (_, i) => `done ${i}`);

describe("memory of pictures that are read ahead", () => {
  it("counts the scores that are made of a picture: 12 MP with 21 probabilities take 1 GiB", async () => {
    const read = () => picture(48 * MIB, { width: 4000, height: 3000 });
    const scores = { formats: ["labels"], probabilities: true, logits: false } as const;
    const withScores = await run(12, { read, job: { wanted: scores } });
    expect([withScores.mostHeld, withScores.events]).toEqual([1, allDone(12)]);
    const without = await run(12, { read });
    expect(without.mostHeld).toBeGreaterThan(4);
  });

  it("is looked at before each read, not after: 400 MB each are two at a time", async () => {
    const { mostHeld, events } = await run(12, { read: () => picture(400 * MIB) });
    expect([mostHeld, events]).toEqual([2, allDone(12)]);
  });

  it("counts what goes to the GPU beside the picture", async () => {
    const shrunk = picture(300 * MIB);
    expect((await run(8, { read: () => picture(100 * MIB, { shrunk }) })).mostHeld).toBe(2);
  });

  it("lets a picture through that has more than all memory, and small ones before and after", async () => {
    const read = (image: string) => picture((Number(image) % 3 === 1 ? 3000 : 1) * MIB);
    expect((await run(9, { read })).events).toEqual(allDone(9));
  });

  it("is free again after pictures that fail", async () => {
    const read = (image: string) =>
      image === "3" ? picture(900 * MIB) : Promise.reject(new FcnError("bad-image", `${image}: it is torn`));
    const { failed, events } = await run(6, { read });
    expect(failed).toBe(5);
    expect(events).toEqual(["failed 0", "failed 1", "failed 2", "done 3", "failed 4", "failed 5"]);
  });

  it("reads no more at once than threads can, and one", async () => {
    expect((await run(30, {})).mostReading).toBe(5);
  });

  it("is not waited for when the work ends early", async () => {
    const ahead = new ReadAhead<number>(3, (value) => value, 10);
    let isStopped = false;
    const first = await ahead.read(
      async () => 12,
      () => false,
    );
    const second = ahead.read(async () => 1, () => isStopped); // prettier-ignore
    isStopped = true;
    if (first) ahead.free(first);
    expect([first, await second]).toEqual([{ value: 12, bytes: 12 }, undefined]);
  });
});

describe("an early end", () => {
  it("finishes the pictures that the device computes, and none of those read ahead", async () => {
    let isStopped = false;
    const ends: (() => void)[] = [];
    const compute = async (): Promise<void> => {
      if (!isStopped) await new Promise<void>((resolve) => ends.push(resolve));
    };
    let reads = 0;
    const read = (): DecodedPicture => {
      reads++;
      return picture(4);
    };
    const ran = run(40, { read, compute, job: { stopped: () => isStopped } });
    await vi.waitFor(() => expect(ends).toHaveLength(2));
    await vi.waitFor(() => expect(reads).toBeGreaterThan(4)); // others are read meanwhile
    isStopped = true;
    for (const end of ends) end();
    expect(await ran).toMatchObject({ failed: 0, events: ["done 0", "done 1"] });
  });

  it("leaves a picture that was being read untried", async () => {
    let isStopped = false;
    const read = (): DecodedPicture => {
      isStopped = true;
      return picture(4);
    };
    expect(await run(3, { read, job: { stopped: () => isStopped } })).toMatchObject({ failed: 0, events: [] });
  });
});

it("a note about a picture comes in its turn, also where the picture fails", async () => {
  const shrunkFrom = { width: 20000, height: 20000 };
  const shrunk: Readonly<Record<string, DecodedPicture>> = {
    2: picture(4, { shrunkFrom }),
    4: picture(4, { shrunkFrom }),
  };
  const read = (image: string) => shrunk[image] ?? picture(4);
  // Pictures may get to the device in another order: their files are looked at side by side.
  const compute = (_: number, taken: DecodedPicture | undefined) =>
    taken === shrunk[4]
      ? Promise.reject(new FcnError("gpu-error", "no"))
      : new Promise<void>((end) => setTimeout(end, 5));
  const { events } = await run(6, { read, compute });
  const note = (image: string) =>
    `fcn: ${image}: 20000 x 20000 was shrunk to 1 x 1 while decoding; its results have that size`;
  expect(events).toEqual(["done 0", "done 1", note("2"), "done 2", "done 3", note("4"), "failed 4", "done 5"]);
});
