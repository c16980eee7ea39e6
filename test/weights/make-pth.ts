/** .pth files by hand, from a pickled object and the bytes of its storages. */

import { fixture } from "./fixtures.js";
import { concat, fields } from "./make-bytes.js";
import { P } from "./make-pickle.js";
import { makeZip } from "./make-zip.js";
import type { ZipOptions } from "./make-zip.js";

/** The zip of torch.save; `more` is added beside data.pkl. */
export function makePth(
  object: Uint8Array,
  storages: Record<string, Uint8Array> = {},
  options: ZipOptions = {},
  more: Record<string, Uint8Array> = {},
): Uint8Array {
  const members: [string, Uint8Array][] = [["archive/data.pkl", P.program(object)]];
  for (const [key, data] of Object.entries(storages)) members.push([`archive/data/${key}`, data]);
  for (const [key, data] of Object.entries(more)) members.push([`archive/${key}`, data]);
  return makeZip(members, options);
}

/** Bytes of magic, protocol and sys_info in legacy.pth. */
export const LEGACY_HEAD_BYTES = 137;

/** The legacy stream: the head of a real one, then object, keys and [count, data] each. */
export function makeLegacy(object: Uint8Array, storages: Record<string, readonly [number, Uint8Array]>): Uint8Array {
  const head = fixture("legacy.pth").slice(0, LEGACY_HEAD_BYTES);
  const data = Object.values(storages).flatMap(([count, bytes]) => [fields([count, 8]), bytes]);
  return concat(head, P.program(object), P.program(P.list(...Object.keys(storages).map(P.str))), ...data);
}
