/**
 * Writes one state dict of float32 tensors in all four containers at once, tensor by tensor, so that full-size
 * checkpoints can be made without holding them in memory. The layouts are torch.save's: see src/weights/pth/.
 */
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { HashedTensor } from "../../bench/hashed-weights.js";
import { alignUp, elements } from "../../src/kernel/shape.js";
import { fixturePath } from "../weights/fixtures.js";
import { concat, fields, utf8 } from "../weights/make-bytes.js";
import type { Field } from "../weights/make-bytes.js";
import { P } from "../weights/make-pickle.js";
import { LEGACY_HEAD_BYTES } from "../weights/make-pth.js";
import { directoryEntry, endRecord, localHeader } from "../weights/make-zip.js";

export type Values = (spec: HashedTensor) => Float32Array;

export const BIG_FILES = {
  safetensors: "full.safetensors",
  "pth-zip": "full-zip.pth",
  "pth-legacy": "full-legacy.pth",
  "pth-tar": "full-tar.pth",
} as const;

const countOf = (spec: HashedTensor): number => elements(spec.shape);
const stridesOf = (shape: readonly number[]): number[] => shape.map((_, i) => elements(shape.slice(i + 1)));
const paddingOf = (position: number, alignment: number): number => alignUp(position, alignment) - position;

/** A file that knows how many bytes it has. */
class Out {
  readonly #file: number;
  position = 0;

  constructor(path: string) {
    this.#file = openSync(path, "w");
  }

  write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) done += writeSync(this.#file, bytes, done);
    this.position += bytes.length;
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Writes a container: its maker writes the head, then come each tensor's bytes in turn, then the tail. */
interface Writer {
  tensor(spec: HashedTensor, bytes: Uint8Array, index: number): void;
  end(): void;
}

/** The state dict's pickle; `tail` is what persistent ids of this container end with. */
function stateDict(specs: readonly HashedTensor[], ...tail: Uint8Array[]): Uint8Array {
  const pairs = specs.map((spec, i) => [
    spec.name,
    P.tensor(P.storage("FloatStorage", String(i), countOf(spec), ...tail), 0, [...spec.shape], stridesOf(spec.shape)),
  ]);
  return P.program(P.dict(Object.fromEntries(pairs) as Record<string, Uint8Array>));
}

function safetensors(out: Out, specs: readonly HashedTensor[]): Writer {
  let offset = 0;
  const entries = specs.map((spec) => {
    const begin = offset;
    offset += 4 * countOf(spec);
    return [spec.name, { dtype: "F32", shape: spec.shape, data_offsets: [begin, offset] }];
  });
  const header = utf8(JSON.stringify(Object.fromEntries(entries)));
  out.write(fields([header.length, 8]));
  out.write(header);
  return { tensor: (_, bytes) => out.write(bytes), end: () => undefined };
}

function zip(out: Out, specs: readonly HashedTensor[]): Writer {
  const entries: Uint8Array[] = [];
  const member = (name: string, data: Uint8Array): void => {
    const header = { name, crc: crc32(data), packedSize: data.length, size: data.length };
    const start = out.position;
    // PyTorch aligns storages to 64 bytes with an extra field "FB".
    const padding = paddingOf(start + localHeader(header).length + 4, 64);
    const extra = concat(fields([0x4246, 2], [padding, 2]), new Uint8Array(padding).fill(0x5a));
    entries.push(directoryEntry(header, start));
    out.write(localHeader({ ...header, extra }));
    out.write(data);
  };
  member("full/data.pkl", stateDict(specs));
  member("full/byteorder", utf8("little"));
  return {
    tensor: (_, bytes, index) => member(`full/data/${index}`, bytes),
    end() {
      member("full/version", utf8("3\n"));
      const directory = concat(...entries);
      const offset = out.position;
      out.write(directory);
      out.write(endRecord({ count: entries.length, size: directory.length, offset }));
    },
  };
}

function legacy(out: Out, specs: readonly HashedTensor[]): Writer {
  const head = new Uint8Array(LEGACY_HEAD_BYTES);
  const real = openSync(fixturePath("legacy.pth"), "r");
  readSync(real, head);
  closeSync(real);
  out.write(head);
  out.write(stateDict(specs, P.none));
  out.write(P.program(P.list(...specs.map((_, i) => P.str(String(i))))));
  return {
    tensor(spec, bytes) {
      out.write(fields([countOf(spec), 8]));
      out.write(bytes);
    },
    end: () => undefined,
  };
}

function tarHeader(name: string, size: number): Uint8Array {
  const block = new Uint8Array(512);
  const octal = (value: number, width: number): Uint8Array => utf8(`${value.toString(8).padStart(width - 1, "0")}\0`);
  block.set(utf8(name), 0);
  block.set(octal(0o644, 8), 100); // mode
  block.set(octal(size, 12), 124);
  block.set(utf8("        "), 148); // the checksum counts itself as spaces
  block[156] = 0x30; // a regular file
  block.set(utf8("ustar  "), 257);
  const checksum = block.reduce((a, b) => a + b, 0);
  block.set(octal(checksum, 7), 148);
  return block;
}

/** Tensor i has the key 2i + 1 and views the storage 2i. */
function tar(out: Out, specs: readonly HashedTensor[]): Writer {
  const pad = (size: number): void => out.write(new Uint8Array(paddingOf(size, 512)));
  const member = (name: string, data: Uint8Array): void => {
    out.write(tarHeader(name, data.length));
    out.write(data);
    pad(data.length);
  };
  const tuple = (...items: Uint8Array[]): Uint8Array => P.program(P.tuple(...items));
  const storageHead = (i: number): Uint8Array => tuple(P.int(2 * i), P.str("cpu"), P.global("torch", "FloatStorage"));
  const described = specs.map(({ shape }, i) => {
    const view = [...shape, ...stridesOf(shape), 0].map((value): Field => [value, 8]);
    return concat(
      tuple(P.int(2 * i + 1), P.int(2 * i), P.global("torch", "FloatTensor")),
      fields([shape.length, 4], [0, 4], ...view),
    );
  });
  const pairs = specs.map((spec, i) => [spec.name, P.persistent(P.str(String(2 * i + 1)))]);
  member("sys_info", P.program(P.dict({ protocol_version: P.int(1000), little_endian: P.raw(0x88) })));
  member("pickle", P.program(P.dict(Object.fromEntries(pairs) as Record<string, Uint8Array>)));
  const count = P.program(P.int(specs.length));
  member("tensors", concat(count, ...described));
  const views = P.program(P.list());
  const storageSizes = specs.map((spec, i) => storageHead(i).length + 8 + 4 * countOf(spec));
  const size = storageSizes.reduce((a, b) => a + b, count.length + views.length);
  out.write(tarHeader("storages", size));
  out.write(count);
  return {
    tensor(spec, bytes, index) {
      out.write(concat(storageHead(index), fields([countOf(spec), 8])));
      out.write(bytes);
    },
    end() {
      out.write(views);
      pad(size);
      out.write(new Uint8Array(1024)); // the end mark
    },
  };
}

/** Writes BIG_FILES into `folder`; `values` is called once a tensor. */
export function writeBigCheckpoints(folder: string, specs: readonly HashedTensor[], values: Values): void {
  const makers = { safetensors, "pth-zip": zip, "pth-legacy": legacy, "pth-tar": tar } as const;
  const outs = (Object.keys(makers) as (keyof typeof makers)[]).map((container) => {
    const out = new Out(join(folder, BIG_FILES[container]));
    return { out, writer: makers[container](out, specs) };
  });
  specs.forEach((spec, index) => {
    const { buffer, byteOffset, byteLength } = values(spec);
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    for (const { writer } of outs) writer.tensor(spec, bytes, index);
  });
  for (const { out, writer } of outs) {
    writer.end();
    out.close();
  }
}
