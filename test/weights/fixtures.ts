/** The checkpoint files of test/fixtures/checkpoints and what PyTorch says is in them. */

import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { FcnError } from "../../src/base/errors.js";
import { openCheckpoint } from "../../src/weights/open.js";
import { bufferSource } from "../../src/weights/source.js";

export interface ExpectedTensor {
  readonly shape: number[];
  readonly dtype: string;
  readonly values: number[];
}

const FOLDER = new URL("../fixtures/checkpoints/", import.meta.url);

export function fixturePath(name: string): string {
  return new URL(name, FOLDER).pathname;
}

export function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(fixturePath(name)));
}

export const expected = JSON.parse(readFileSync(fixturePath("expected.json"), "utf8")) as Record<
  string,
  Record<string, ExpectedTensor>
>;

/** Fails unless opening `bytes` and reading every tensor ends in a `bad-weights` error; gives its message. */
export async function refusal(bytes: Uint8Array, name: string): Promise<string> {
  try {
    const checkpoint = await openCheckpoint(bufferSource(bytes, name));
    for (const tensor of checkpoint.tensors.keys()) await checkpoint.read(tensor);
  } catch (error) {
    expect(error).toBeInstanceOf(FcnError);
    if (!(error instanceof FcnError)) throw error;
    expect(error.code).toBe("bad-weights");
    expect(error.message.startsWith(`${name}: `)).toBe(true);
    expect(error.message).not.toContain("\n");
    return error.message;
  }
  throw new Error(`${name} was read without an error`);
}

/** A safetensors file from its header text and data. */
export function safetensorsBytes(header: string | Uint8Array, dataLength: number): Uint8Array {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const out = new Uint8Array(8 + text.length + dataLength);
  new DataView(out.buffer).setBigUint64(0, BigInt(text.length), true);
  out.set(text, 8);
  for (let i = 0; i < dataLength; i++) out[8 + text.length + i] = (i * 37 + 5) & 0x3f;
  return out;
}
