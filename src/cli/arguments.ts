/** The words of the command line, also where they are not UTF-8. */
import { readFileSync } from "node:fs";
import { decodeName } from "../base/native-path.js";

/** Node puts it in the place of bytes that are not UTF-8. */
const REPLACEMENT = "\ufffd";

/** The words after the script's name. Linux tells the bytes of those that Node could not decode. */
export function commandLine(): string[] {
  const words = process.argv.slice(2);
  if (process.platform !== "linux" || !words.some((word) => word.includes(REPLACEMENT))) return words;
  try {
    const all = wordsOf(readFileSync("/proc/self/cmdline"));
    return all.length > words.length ? all.slice(-words.length) : words;
  } catch {
    return words; // a system without /proc
  }
}

/** The words of /proc/self/cmdline, each ended by a zero. */
function wordsOf(bytes: Buffer): string[] {
  const words: string[] = [];
  let start = 0;
  for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, start)) {
    words.push(decodeName(bytes.subarray(start, end)));
    start = end + 1;
  }
  return words;
}
