/**
 * Writes one state dict of float32 tensors in all four containers at once, tensor by tensor, so that full-size checkpoints
 * can be made without holding them in memory. The layouts are those of torch.save: see src/weights/pth/.
 */
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { HashedTensor } from "../../bench/hashed-weights.js";
import { elements } from "../../src/kernel/shape.js";
import { fixturePath } from "../weights/fixtures.js";
import { P, concat, fields } from "../weights/make-files.js";

export type Values = (spec: HashedTensor) => Float32Array;

export const BIG_FILES = {
  safetensors: "full.safetensors",
  "pth-zip": "full-zip.pth",
  "pth-legacy": "full-legacy.pth",
  "pth-tar": "full-tar.pth",
} as const;

const countOf = (spec: HashedTensor): number => elements(spec.shape);
const stridesOf = (shape: readonly number[]): number[] => shape.map((_, i) => elements(shape.slice(i + 1)));
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A file that knows how many bytes it has. */
class Out {
  readonly #file: number;
  at = 0;

  constructor(path: string) {
    this.#file = openSync(path, "w");
  }

  write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) done += writeSync(this.#file, bytes, done);
    this.at += bytes.length;
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** What a container writes: a head, each tensor's bytes in turn, a tail. */
interface Form {
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

function safetensors(out: Out, specs: readonly HashedTensor[]): Form {
  let offset = 0;
  const parts = specs.map((spec) => {
    const begin = offset;
    offset += 4 * countOf(spec);
    return `${JSON.stringify(spec.name)}:{"dtype":"F32","shape":[${spec.shape.join(",")}],"data_offsets":[${begin},${offset}]}`;
  });
  const header = utf8(`{${parts.join(",")}}`);
  out.write(fields([header.length, 8]));
  out.write(header);
  return { tensor: (_, bytes) => out.write(bytes), end: () => undefined };
}

function zip(out: Out, specs: readonly HashedTensor[]): Form {
  const central: Uint8Array[] = [];
  const member = (path: string, data: Uint8Array): void => {
    const name = utf8(path);
    const padding = (64 - ((out.at + 30 + name.length + 4) % 64)) % 64; // PyTorch aligns storages to 64 bytes
    const extra = concat(fields([0x4246, 2], [padding, 2]), new Uint8Array(padding).fill(0x5a));
    const common = fields(
      [45, 2],
      [0, 2],
      [0, 2],
      [0, 4],
      [crc32(data), 4],
      [data.length, 4],
      [data.length, 4],
      [name.length, 2],
    );
    central.push(
      concat(
        fields([0x02014b50, 4], [45, 2]),
        common,
        fields([0, 2], [0, 2], [0, 2], [0, 2], [0, 4], [out.at, 4]),
        name,
      ),
    );
    out.write(concat(fields([0x04034b50, 4]), common, fields([extra.length, 2]), name, extra));
    out.write(data);
  };
  member("full/data.pkl", stateDict(specs));
  member("full/byteorder", utf8("little"));
  return {
    tensor: (_, bytes, index) => member(`full/data/${index}`, bytes),
    end() {
      member("full/version", utf8("3\n"));
      const directory = concat(...central);
      const at = out.at;
      out.write(directory);
      out.write(
        fields(
          [0x06054b50, 4],
          [0, 4],
          [central.length, 2],
          [central.length, 2],
          [directory.length, 4],
          [at, 4],
          [0, 2],
        ),
      );
    },
  };
}

function legacy(out: Out, specs: readonly HashedTensor[]): Form {
  const head = new Uint8Array(137); // magic, protocol and sys_info of a real file
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
  block.set(octal(0o644, 8), 100);
  block.set(octal(size, 12), 124);
  block.set(utf8("        "), 148);
  block[156] = 0x30;
  block.set(utf8("ustar  "), 257);
  block.set(
    octal(
      block.reduce((a, b) => a + b, 0),
      7,
    ),
    148,
  );
  return block;
}

function tar(out: Out, specs: readonly HashedTensor[]): Form {
  const pad = (size: number): void => out.write(new Uint8Array((512 - (size % 512)) % 512));
  const member = (name: string, data: Uint8Array): void => {
    out.write(tarHeader(name, data.length));
    out.write(data);
    pad(data.length);
  };
  const tuple = (...items: Uint8Array[]): Uint8Array => P.program(P.tuple(...items));
  const storageHead = (i: number): Uint8Array => tuple(P.int(2 * i), P.str("cpu"), P.global("torch", "FloatStorage"));
  const described = specs.map((spec, i) =>
    concat(
      tuple(P.int(2 * i + 1), P.int(2 * i), P.global("torch", "FloatTensor")),
      fields(
        [spec.shape.length, 4],
        [0, 4],
        ...[...spec.shape, ...stridesOf(spec.shape), 0].map((value): [number, 8] => [value, 8]),
      ),
    ),
  );
  const pairs = specs.map((spec, i) => [spec.name, concat(P.str(String(2 * i + 1)), [0x51])]);
  member("sys_info", P.program(P.dict({ protocol_version: P.int(1000), little_endian: P.raw(0x88) })));
  member("pickle", P.program(P.dict(Object.fromEntries(pairs) as Record<string, Uint8Array>)));
  member("tensors", concat(P.program(P.int(specs.length)), ...described));
  const count = P.program(P.int(specs.length));
  const views = P.program(P.list());
  const size = specs.reduce(
    (sum, spec, i) => sum + storageHead(i).length + 8 + 4 * countOf(spec),
    count.length + views.length,
  );
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
    return { out, form: makers[container](out, specs) };
  });
  specs.forEach((spec, index) => {
    const { buffer, byteOffset, byteLength } = values(spec);
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    for (const { form } of outs) form.tensor(spec, bytes, index);
  });
  for (const { out, form } of outs) {
    form.end();
    out.close();
  }
}
