/** `fcn list`: a list of pictures, made once, so that many runs need not search folders. */
import { stat } from "node:fs/promises";
import { nativePath } from "../base/native-path.js";
import { shown } from "../base/printable.js";
import { whyUnreadable } from "../image/read-file.js";
import { QUIET_OPTION, UsageError, parse } from "./command.js";
import type { Command } from "./command.js";
import { listPictures } from "./datasets.js";
import { print, printBytes, printError } from "./output.js";
import { hashOfFile, listLine } from "./picture-list.js";
import type { ListedPicture } from "./picture-list.js";

const USAGE = `fcn list INPUT... [options] > pictures.txt

Prints the pictures that INPUTs name, one a line, each once, sorted by name.
INPUT is a picture, a folder, or a quoted pattern with *, **, ?, [ab] or {a,b}.
Names are as given, so relative ones begin in the working directory, for --list
too.

  --size       after a tab, the size of the file in bytes
  --hash       after a tab, the SHA-256 of the file; --list then refuses a
               picture whose size or SHA-256 is another
  -q, --quiet  no notes or warnings on stderr; errors remain

A name with a newline or a tab is written with a backslash before it and with
\\n, \\t and \\\\ within, as sha256sum does.

Exit code 1 when a file could not be read (its line is left out), 2 when called
wrongly.`;

const OPTIONS = {
  size: { type: "boolean", default: false },
  hash: { type: "boolean", default: false },
  ...QUIET_OPTION,
} as const;

/** Lines are printed in pieces of this many bytes. */
const PIECE = 2 ** 16;

interface Columns {
  readonly size: boolean;
  readonly hash: boolean;
}

/** @throws the error of node:fs */
async function described(path: string, { size, hash }: Columns): Promise<ListedPicture> {
  const bytes = size ? { bytes: (await stat(nativePath(path))).size } : {};
  return { path, ...bytes, ...(hash ? { sha256: await hashOfFile(path) } : {}) };
}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse("list", args, OPTIONS);
  if (!positionals.length) throw new UsageError("list: name a picture, a folder or a pattern, as in fcn list photos");
  let failed = 0;
  let lines: Buffer[] = [];
  let length = 0;
  const flush = async (): Promise<void> => {
    const bytes = Buffer.concat(lines);
    // A terminal obeys control characters; a file or a pipe gets the names as they are.
    if (process.stdout.isTTY) print(bytes.toString("utf8").trimEnd());
    else await printBytes(bytes);
    [lines, length] = [[], 0];
  };
  for (const { picture } of await listPictures("list", positionals)) {
    try {
      const line = listLine(await described(picture, values));
      lines.push(line);
      length += line.length;
    } catch (error) {
      failed++;
      printError(`fcn: list: ${shown(picture)} is left out: ${whyUnreadable(error)}`);
    }
    if (length >= PIECE) await flush();
  }
  await flush();
  return failed ? 1 : 0;
}

export const list: Command = {
  name: "list",
  usage: USAGE,
  options: OPTIONS,
  run,
};
