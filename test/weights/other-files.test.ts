/** Files that are no checkpoints: each is named, with what to do about it. */
import { expect, test } from "vitest";
import { refusal } from "./fixtures.js";
import { concat, utf8 } from "./make-bytes.js";

const page = /it is a web page \(HTML\), not a checkpoint; the download went wrong$/;
const cases: Record<string, [Uint8Array, RegExp]> = {
  "a web page": [utf8("<!DOCTYPE html><p>Not found"), page],
  "a web page with a byte order mark": [utf8("\ufeff<html><body>"), page],
  "a web page behind comments": [utf8(" <!-- a --><!-- b -->\n<HTML>"), page],
  "a web page behind a comment longer than the head": [utf8(`<!-- ${"x".repeat(2000)}`), page],
  XHTML: [utf8('<?xml version="1.0"?><!DOCTYPE html><html>'), page],
  XML: [utf8('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'), /it is an XML file, such as a server's/],
  "a pickle of protocol 0": [utf8("L119547037146038801333356L\n.I1001\n."), /has protocol 0 or 1, .*pickle_protocol=2/],
  "UTF-8 text": [utf8("café ".repeat(200)), /it is a text file of 1200 bytes/],
  "bytes above 0x7f": [new Uint8Array(100).fill(0xe9), /neither safetensors .*\(100 bytes, which start with e9 e9/],
  DEL: [new Uint8Array(100).fill(0x7f), /neither safetensors/],
  gzip: [concat([0x1f, 0x8b, 8, 0], utf8("packed bytes")), /compressed with gzip; unpack it first/],
  xz: [concat([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], utf8("packed bytes")), /compressed with xz; unpack it first/],
  bzip2: [utf8("BZh91AY"), /compressed with bzip2; unpack it first/],
  zstd: [Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd), /compressed with zstd; unpack it first/],
  NumPy: [concat([0x93], utf8("NUMPY"), [1, 0], utf8("numbers")), /an array of NumPy \(\.npy\); PyTorch checkpoints/],
  ONNX: [concat([8, 7, 0x12, 7], utf8("pytorch"), [0x1a, 3]), /it looks like an ONNX model; PyTorch checkpoints/],
};

test.each(Object.entries(cases))("%s", async (_, [bytes, sentence]) => {
  expect(await refusal(bytes, "x")).toMatch(sentence);
});
