/** What a file that is not a checkpoint is, and what to do about it. Pages load this only for such a file. */
import { toHex } from "../../base/hex.js";
import { startsWith } from "../bytes.js";
import type { Bytes } from "../source.js";
import { OLD_PROTOCOL } from "./pickle.js";

const READABLE = "PyTorch checkpoints and safetensors can be read";
const WEB_PAGE = "it is a web page (HTML), not a checkpoint; the download went wrong";

/** First bytes, and the sentence. */
const MAGIC: readonly (readonly [first: readonly number[], sentence: string])[] = [
  [[0x1f, 0x8b], "it is compressed with gzip; unpack it first"],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], "it is compressed with xz; unpack it first"],
  [[0x42, 0x5a, 0x68], "it is compressed with bzip2; unpack it first"],
  [[0x28, 0xb5, 0x2f, 0xfd], "it is compressed with zstd; unpack it first"],
  [[0x89, 0x48, 0x44, 0x46], `it is an HDF5 (Keras) file; ${READABLE}`],
  [[0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59], `it is an array of NumPy (.npy); ${READABLE}`],
];

/** torch.save's magic number as protocols 0 and 1 write it. */
const MAGIC_IN_TEXT = "L119547037146038801333356L\n";

/** `head` are the first bytes of a file of `size` bytes, up to 512. */
export function describeFile(head: Bytes, size: number): string {
  const known = MAGIC.find(([first]) => startsWith(head, ...first))?.[1];
  if (known !== undefined) return known;
  if (startsWith(head, ...new TextEncoder().encode(MAGIC_IN_TEXT))) return OLD_PROTOCOL;
  const text = textOf(head);
  if (text !== undefined) return describeText(text, size);
  if (isOnnx(head)) return `it looks like an ONNX model; ${READABLE}, so save the PyTorch model's state dict`;
  const bytes = toHex(head.subarray(0, 8), " ");
  return `it is neither safetensors nor a PyTorch checkpoint (${size} bytes, which start with ${bytes})`;
}

function describeText(text: string, size: number): string {
  const markup = withoutComments(text);
  if (/^<(?:!doctype html|html|head|body)\b/i.test(markup)) return WEB_PAGE;
  if (/^<\?xml\b/i.test(markup)) {
    if (/<(?:!doctype )?html\b/i.test(markup)) return WEB_PAGE;
    return "it is an XML file, such as a server's message, not a checkpoint; the download went wrong";
  }
  if (text.startsWith("version https://git-lfs"))
    return 'it is a Git LFS pointer, not the file itself; run "git lfs pull"';
  if (/^\s*\{/.test(text) && /"(?:metadata|weight_map)"/.test(text)) {
    const cure = "give its path in Node, where the files beside it are read, or make one file of them";
    return `it is the index of a checkpoint in several safetensors files; ${cure}`;
  }
  return `it is a text file of ${size} bytes, not a checkpoint`;
}

/** Without the comments of HTML at the start. */
function withoutComments(text: string): string {
  let rest = text.trimStart();
  while (rest.startsWith("<!--")) {
    const end = rest.indexOf("-->");
    if (end < 0) return "<html>"; // a comment longer than the head
    rest = rest.slice(end + "-->".length).trimStart();
  }
  return rest;
}

/** UTF-8 without control characters; undefined for all else. A byte order mark is left out. */
function textOf(head: Bytes): string | undefined {
  try {
    // The head may end inside a character.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: true });
    const isControl = (code: number): boolean => (code < 0x20 && ![0x09, 0x0a, 0x0d].includes(code)) || code === 0x7f;
    return [...text].some((character) => isControl(character.charCodeAt(0))) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** ONNX is a protobuf message without a magic number: its version, 1 to 20, then the program that wrote it. */
function isOnnx(head: Bytes): boolean {
  const [versionTag, version = 0, producerTag, length = 0] = head;
  const name = head.subarray(4, 4 + length);
  const isName = length > 0 && name.length === length && name.every((byte) => byte >= 0x20 && byte < 0x7f);
  return versionTag === 0x08 && version > 0 && version <= 20 && producerTag === 0x12 && isName;
}
