/** Files written aside and renamed: whole or not at all, whatever is in the way. */
import { execFile } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { nativePath } from "../src/base/native-path.js";
import { whyNotWritten, writeWhole } from "../src/base/write-whole.js";

const root = mkdtempSync(join(tmpdir(), "fcn-write-"));
afterAll(() => rmSync(root, { recursive: true }));
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(root, "test-"));
});

async function* parts(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text));
}

describe("a file", () => {
  it("is written from a text, bytes or parts, with nothing left beside it", async () => {
    const path = join(folder, "a.txt");
    await writeWhole(path, "text");
    expect(readFileSync(path, "utf8")).toBe("text");
    await writeWhole(path, Buffer.from("bytes"));
    expect(readFileSync(path, "utf8")).toBe("bytes");
    const seen: number[] = [];
    await writeWhole(path, parts("one", "", "three"), { flush: true, onBytes: (n) => seen.push(n) });
    expect(readFileSync(path, "utf8")).toBe("onethree");
    expect(seen).toEqual([3, 3, 8]);
    expect(readdirSync(folder)).toEqual(["a.txt"]);
  });

  it.each([1, 5, 6, 20, 255])("may have a name of %i bytes; the temporary name is no longer", async (length) => {
    const path = join(folder, "x".repeat(length));
    let temporary = "";
    async function* content(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.from("x"));
      temporary = readdirSync(folder).join();
    }
    await writeWhole(path, content());
    expect(readdirSync(folder)).toEqual(["x".repeat(length)]);
    expect(temporary).toMatch(/^\.[0-9a-f]+$/);
    expect(temporary.length).toBeLessThanOrEqual(Math.max(6, length));
  });

  it("may have a name that is not UTF-8", async () => {
    const path = join(folder, "caf\udce9");
    await writeWhole(path, "x");
    expect(readdirSync(folder, { encoding: "buffer" })).toEqual([Buffer.from("caf\xe9", "latin1")]);
    expect(readFileSync(nativePath(path), "utf8")).toBe("x");
  });

  it("replaces a link and leaves what it points to", async () => {
    writeFileSync(join(folder, "target"), "precious");
    symlinkSync(join(folder, "target"), join(folder, "link"));
    await writeWhole(join(folder, "link"), "new");
    expect(lstatSync(join(folder, "link")).isFile()).toBe(true);
    expect(readFileSync(join(folder, "target"), "utf8")).toBe("precious");
  });

  it("that is replaced is there, whole, until the new one is", async () => {
    const path = join(folder, "a");
    writeFileSync(path, "old");
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.from("half"));
      expect(readFileSync(path, "utf8")).toBe("old");
      throw new RangeError("cannot be read");
    }
    await expect(writeWhole(path, failing())).rejects.toThrow(RangeError);
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["a"]);
  });
});

describe("what cannot be written is a sentence with the name", () => {
  it.each([
    ["no/such/folder", "its folder does not exist; make it first"],
    ["folder", "it is a folder; choose another name"],
    ["file/below", "a part of its path is a file, not a folder; choose another place"],
    ["x".repeat(256), "its name is too long for the file system; choose a shorter one"],
  ])("%s", async (name, why) => {
    mkdirSync(join(folder, "folder"));
    writeFileSync(join(folder, "file"), "");
    const path = join(folder, name);
    const message = `${path} cannot be written: ${why}`;
    await expect(writeWhole(path, "x")).rejects.toMatchObject({ code: "bad-option", message });
    expect(readdirSync(folder).sort()).toEqual(["file", "folder"]);
  });

  it("a full disk; a device stays a device", async () => {
    const message = "/dev/full cannot be written: the disk is full; free space, or write to another disk";
    await expect(writeWhole("/dev/full", "x")).rejects.toMatchObject({ code: "bad-option", message });
    expect(lstatSync("/dev/full").isCharacterDevice()).toBe(true);
    await writeWhole("/dev/null", "x");
    expect(lstatSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  it("a pipe gets the bytes", async () => {
    const pipe = join(folder, "pipe");
    await promisify(execFile)("mkfifo", [pipe]);
    const reader = promisify(execFile)("cat", [pipe]);
    await writeWhole(pipe, parts("one", "two"));
    expect((await reader).stdout).toBe("onetwo");
    expect(lstatSync(pipe).isFIFO()).toBe(true);
  });

  it.each([
    ["stdout", "/proc/self/fd/1", ">", 1, "before\ntext"],
    ["stdout, appended", "/proc/self/fd/1", ">>", 1, "old\nbefore\ntext"],
    ["stderr", "/dev/stderr", "2>", 2, "text"],
    ["a file that the shell opened", "/dev/fd/7", "7>>", 7, "old\ntext"],
  ])("a link to %s stays, and what is open gets the bytes", async (_, leadsTo, redirection, descriptor, expected) => {
    const [link, file] = [join(folder, "link"), join(folder, "file")];
    symlinkSync(leadsTo, join(folder, "inner"));
    symlinkSync("inner", link);
    writeFileSync(file, "old\n");
    const module = JSON.stringify(new URL("../dist/src/base/write-whole.js", import.meta.url).href);
    const code = `import(${module}).then(async ({ writeWhole }) => {
      if (${descriptor} === 1) console.log("before");
      await writeWhole(${JSON.stringify(link)}, "text");
    })`;
    await promisify(execFile)("bash", ["-c", `"$0" -e "$1" ${redirection} "$2"`, process.execPath, code, file]);
    expect(readFileSync(file, "utf8")).toBe(expected);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(["file", "inner", "link"]);
  });

  it.each([
    ["EACCES", "permission is denied; choose another place"],
    ["EDQUOT", "the disk quota is used up; free space, or write to another disk"],
    ["EROFS", "the file system is read-only; choose another place"],
    ["EPIPE", "its reader is gone; start the reader again"],
    ["EIO", "EIO: from the system"],
  ])("%s", (code, why) => {
    expect(whyNotWritten(Object.assign(new Error(`${code}: from the system`), { code }))).toBe(why);
  });
});
