/** Fuzzers of PNG: every form against a reference from the specification, and files with random damage. Fixed seeds. */
import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { isFcnError } from "../../src/base/errors.js";
import { seeded } from "../../src/base/random.js";
import { decodeLabelPng, decodePng } from "../../src/image/png.js";
import { CHANNELS, SIGNATURE, chunk, header, pngFile, rawRows } from "../helpers/png-bytes.js";
import type { Form, Sample } from "../helpers/png-bytes.js";
import { referencePixels } from "../helpers/png-reference.js";

/** FCN_FUZZ=10 tries ten times as many files. */
const TIMES = Number(process.env.FCN_FUZZ ?? 1);

/** Colour types and their depths. */
const KINDS = [
  ...[1, 2, 4, 8, 16].map((depth) => [0, depth] as const),
  ...[8, 16].map((depth) => [2, depth] as const),
  ...[1, 2, 4, 8].map((depth) => [3, depth] as const),
  ...[8, 16].map((depth) => [4, depth] as const),
  ...[8, 16].map((depth) => [6, depth] as const),
];
const FORMS = KINDS.flatMap(([colourType, depth]) =>
  [0, 1].flatMap((interlace) => [false, true].map((hasTrns) => ({ colourType, depth, interlace, hasTrns }))),
);

interface Random {
  /** A whole number from 0 to limit - 1. */
  below(limit: number): number;
}

function randomOf(seed: number): Random {
  const next = seeded(seed);
  return { below: (limit) => Math.min(limit - 1, Math.floor(next() * limit)) };
}

interface RandomPng {
  readonly form: Form;
  readonly bytes: Buffer;
  readonly sample: Sample;
  readonly palette: readonly number[][];
  /** The values of the tRNS chunk. */
  readonly transparent: readonly number[] | undefined;
}

/** A sound file of a form. Its samples repeat, so that the transparent colour occurs. */
function randomPng({ hasTrns, ...kind }: (typeof FORMS)[number], random: Random): RandomPng {
  const form = { ...kind, width: 1 + random.below(21), height: 1 + random.below(19) };
  const { colourType, depth, width } = form;
  const channels = CHANNELS[colourType] as number;
  const levels = 2 ** depth;
  const pool = Array.from({ length: 5 }, () => Array.from({ length: channels }, () => random.below(levels)));
  const choices = Array.from({ length: width * form.height }, () => random.below(pool.length));
  const sample: Sample = (x, y, c) => (pool[choices[y * width + x] as number] as number[])[c] as number;
  const palette = Array.from({ length: Math.min(256, levels) }, () => [0, 1, 2].map(() => random.below(256)));
  const isIndexed = colourType === 3;
  const hasColour = hasTrns && (colourType === 0 || colourType === 2);
  let transparent: number[] | undefined;
  // Bits above the depth mean nothing.
  if (hasColour) transparent = (pool[0] as number[]).map((v) => (v + levels * random.below(65536 / levels)) & 0xffff);
  if (hasTrns && isIndexed)
    transparent = Array.from({ length: 1 + random.below(palette.length) }, () => random.below(256));
  const values = isIndexed ? transparent : transparent?.flatMap((value) => [value >> 8, value & 255]);
  const extra = [...(isIndexed ? [chunk("PLTE", palette.flat())] : []), ...(values ? [chunk("tRNS", values)] : [])];
  return { form, bytes: pngFile(form, rawRows(form, sample), extra), sample, palette, transparent };
}

describe("a PNG of any form", () => {
  it.each(FORMS)(
    "is read exactly: colour type $colourType, $depth bits, interlace $interlace, tRNS $hasTrns",
    (kind) => {
      const random = randomOf(kind.colourType * 1000 + kind.depth * 10 + kind.interlace * 2 + Number(kind.hasTrns));
      for (let i = 0; i < 20 * TIMES; i++) {
        const { form, bytes, sample, palette, transparent } = randomPng(kind, random);
        const channels = CHANNELS[form.colourType] as number;
        const got = decodePng(bytes);
        expect([got.width, got.height]).toEqual([form.width, form.height]);
        expect([...got.data]).toEqual(referencePixels(form, channels, sample, { palette, transparent }));
        if (form.colourType === 3 || (channels <= 2 && form.depth <= 8)) {
          const values = Array.from({ length: form.width * form.height }, (_, p) =>
            sample(p % form.width, Math.floor(p / form.width), 0),
          );
          expect([...decodeLabelPng(bytes).labels]).toEqual(values);
        }
      }
    },
  );
});

type Mutation = (bytes: Buffer, random: Random) => Buffer;

/** A chunk of any type and contents, with a right checksum. */
function anyChunk(random: Random): Buffer {
  const types = ["IHDR", "PLTE", "tRNS", "IDAT", "IEND", "eXIf", "tEXt", "abCd", "ABCD"];
  const type = types[random.below(types.length)] as string;
  const contents: Readonly<Record<string, () => Buffer>> = {
    IHDR: () =>
      header({ width: 1 + random.below(40000), height: 1 + random.below(40000), depth: 8, colourType: 6 }).subarray(
        8,
        21,
      ),
    IDAT: () => deflateSync(Buffer.alloc(random.below(100_000))),
  };
  return chunk(type, contents[type]?.() ?? Array.from({ length: random.below(40) }, () => random.below(256)));
}

/** Bytes where chunks of a sound file start. */
function chunkStarts(bytes: Buffer): number[] {
  const starts = [];
  for (let at = SIGNATURE.length; at < bytes.length; at += 12 + bytes.readUInt32BE(at)) starts.push(at);
  return starts;
}

const MUTATIONS: readonly Mutation[] = [
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    const at = random.below(bytes.length);
    copy[at] = (copy[at] as number) ^ (1 << random.below(8));
    return copy;
  },
  (bytes, random) => bytes.subarray(0, random.below(bytes.length)),
  (bytes, random) => {
    const at = chunkStarts(bytes)[random.below(chunkStarts(bytes).length)] as number;
    return Buffer.concat([bytes.subarray(0, at), anyChunk(random), bytes.subarray(at)]);
  },
  (bytes, random) => {
    const starts = chunkStarts(bytes);
    const at = starts[random.below(starts.length)] as number;
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 12 + bytes.readUInt32BE(at))]);
  },
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    const starts = chunkStarts(bytes);
    copy.writeUInt32BE(random.below(2 ** 32), starts[random.below(starts.length)]); // a chunk's length
    return copy;
  },
  (bytes, random) => {
    const copy = Buffer.from(bytes.subarray(0, 33)); // a header of other sizes and forms, with a right checksum
    copy[16 + random.below(13)] = random.below(256);
    return Buffer.concat([copy.subarray(0, 8), chunk("IHDR", copy.subarray(16, 29)), bytes.subarray(33)]);
  },
];

it("a PNG with random damage gives pixels of its size or a typed error, and memory stays bounded", () => {
  const random = randomOf(20261128);
  const outcomes = { read: 0, refused: 0 };
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 5000 * TIMES; i++) {
    const { bytes } = randomPng(FORMS[random.below(FORMS.length)] as (typeof FORMS)[number], random);
    let damaged: Buffer = bytes;
    damaged = (MUTATIONS[random.below(MUTATIONS.length)] as Mutation)(damaged, random);
    for (const decode of [decodePng, decodeLabelPng]) {
      try {
        const got = decode(damaged, "x.png");
        const length = "data" in got ? got.data.length / 4 : got.labels.length;
        expect(length).toBe(got.width * got.height);
        outcomes.read++;
      } catch (error) {
        if (!isFcnError(error, "bad-image")) throw error;
        expect(error.message).toMatch(/^x\.png: [^\n]+$/);
        outcomes.refused++;
      }
    }
  }
  expect(Math.min(outcomes.read, outcomes.refused)).toBeGreaterThan(500);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e9);
});
