/**
 * Seeded damage that keeps a file's outer form intact, so that it reaches the readers inside: opcodes of a pickle whose
 * zip is made anew, and fields of a safetensors header whose length is made to fit.
 */

import { concat, fields, utf8 } from "./make-bytes.js";
import { P } from "./make-pickle.js";
import { makeZip, unzip } from "./make-zip.js";
import type { Pick } from "./mutate.js";

/** Opcodes without operands, and short ones with them. */
const SNIPPETS: readonly Uint8Array[] = [
  ...[..."0(1N)]}.QRbast\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94"].map((c) => P.raw(c.charCodeAt(0))),
  ...[0, 1, 2, 3, 5, 8].flatMap((i) => [P.raw(0x68, i), P.raw(0x71, i)]),
  ...[0, 1, -1, 2 ** 31 - 1].map(P.int),
  ...[0n, -1n, 2n ** 62n].map(P.long),
  P.str("w"),
  P.str("model"),
  P.str("__proto__"),
  ...["OrderedDict", "defaultdict", "Counter", "deque"].map((name) => P.global("collections", name)),
  ...["set", "complex", "bytearray"].map((name) => P.global("builtins", name)),
  ...["_rebuild_tensor_v2", "_rebuild_parameter", "_rebuild_sparse_tensor"].map((n) => P.global("torch._utils", n)),
  P.global("torch._tensor", "_rebuild_from_type_v2"),
  P.global("torch", "Size"),
  P.global("torch.optim.lr_scheduler", "OneCycleLR"),
  P.storage("FloatStorage", "0", 4),
  P.storage("ComplexFloatStorage", "0", 2),
  P.tensor(P.storage("FloatStorage", "0", 4), 0, [2, 2], [2, 1]),
];

const choose = <T>(list: readonly T[], pick: Pick): T => list[pick(list.length)] as T;

/** Where opcodes are likely to begin: behind a tuple, a call, a put or an int. */
function opcodePlaces(pickle: Uint8Array): number[] {
  const places: number[] = [];
  pickle.forEach((byte, i) => {
    if ([0x74, 0x52, 0x51, 0x85, 0x86, 0x87, 0x89, 0x7d, 0x5d, 0x29, 0x28].includes(byte)) places.push(i + 1);
  });
  return places;
}

/** Puts in, repeats, moves and leaves out opcodes. */
export function mutatePickle(pickle: Uint8Array, pick: Pick): Uint8Array {
  let bytes = pickle;
  for (let edits = 1 + pick(2); edits > 0; edits--) {
    const places = opcodePlaces(bytes);
    if (places.length === 0) return bytes;
    const at = choose(places, pick);
    const other = choose(places, pick);
    const [from, to] = [Math.min(at, other), Math.max(at, other)];
    const put = (...parts: Uint8Array[]): Uint8Array => concat(bytes.subarray(0, at), ...parts, bytes.subarray(at));
    const snippets = [choose(SNIPPETS, pick), choose(SNIPPETS, pick), choose(SNIPPETS, pick)];
    const edited = [
      () => put(...snippets.slice(pick(3))),
      () => put(snippets[0] as Uint8Array, P.raw(0x30)), // and popped again: what follows fits the stack
      () => put(P.raw(0x28), ...snippets, P.raw(0x31)), // between a mark and POP_MARK
      () => put(...Array.from({ length: 1 + pick(300) }, () => snippets[0] as Uint8Array)),
      () => put(bytes.subarray(from, Math.min(to, from + 500))),
      () => concat(bytes.subarray(0, from), bytes.subarray(Math.min(to, from + 60))),
      () => concat(bytes.subarray(0, at), snippets[0] as Uint8Array, bytes.subarray(at + 1)),
    ];
    bytes = choose(edited, pick)();
  }
  return bytes;
}

/** A zip of torch.save with a damaged pickle or a storage of another length. */
export function mutateZip(file: Uint8Array, pick: Pick): Uint8Array {
  const damaged = pick(8);
  const members = [...unzip(file)].map(([name, data]): [string, Uint8Array] => {
    if (name.endsWith("data.pkl")) return [name, mutatePickle(data, pick)];
    return [name, damaged === 0 && pick(2) === 0 ? data.subarray(0, pick(data.length + 1)) : data];
  });
  return makeZip(members, { deflate: pick(3) === 0 });
}

const NUMBERS = ["0", "1", "3", "-1", "1.5", "4294967296", "9007199254740991", "18446744073709551615", "1e9", '"4"'];
const WORDS = ["F32", "F16", "U32", "F4", "C64", "F8_E4M3", "BOOL", "Q9", "__proto__", "__metadata__", "dtype", "a"];

/** A safetensors file with other numbers, names and dtypes in its header, whose length fits. */
export function mutateSafetensors(file: Uint8Array, pick: Pick): Uint8Array {
  const length = new DataView(file.buffer, file.byteOffset).getUint32(0, true);
  let text = new TextDecoder().decode(file.subarray(8, 8 + length));
  for (let edits = 1 + pick(3); edits > 0; edits--) {
    const tokens = [...text.matchAll(/\d+|"[^"]*"|[[\]{},:]/g)];
    const token = choose(tokens, pick);
    const start = token.index;
    const isNumber = /^\d/.test(token[0]);
    const word = token[0].startsWith('"') ? `"${choose(WORDS, pick)}"` : choose(tokens, pick)[0];
    const replacement = isNumber ? choose(NUMBERS, pick) : word;
    text = text.slice(0, start) + replacement + text.slice(start + token[0].length);
  }
  const header = utf8(text);
  return concat(fields([header.length, 8]), header, file.subarray(8 + length));
}
