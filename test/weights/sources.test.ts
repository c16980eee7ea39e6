/**
 * Byte sources: every kind gives the same ranges and the same errors. URLs that misbehave are in url-source.test.ts.
 */

import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { openSource } from "../../src/node.js";
import { fileSource } from "../../src/weights/file-source.js";
import { openGivenCheckpoint } from "../../src/weights/given.js";
import { openCheckpoint } from "../../src/weights/open.js";
import { blobSource, bufferSource, localSource } from "../../src/weights/source.js";
import type { ByteSource } from "../../src/weights/source.js";
import { urlSource } from "../../src/weights/url-source.js";
import { DATA, useRangeServer } from "./range-server.js";

const server = useRangeServer();
const folder = mkdtempSync(join(tmpdir(), "fcn-sources-"));
const path = join(folder, "data.bin");
writeFileSync(path, DATA);
afterAll(() => rmSync(folder, { recursive: true }));

describe("every source gives the same ranges and the same errors", () => {
  const sources: Record<string, () => Promise<ByteSource>> = {
    buffer: async () => bufferSource(DATA),
    "a view inside a larger buffer": async () => bufferSource(new Uint8Array([9, ...DATA, 9]).subarray(1, -1)),
    ArrayBuffer: async () => bufferSource(DATA.buffer),
    Blob: async () => blobSource(new Blob([DATA])),
    File: () => localSource(new File([DATA], "named.pth")),
    "blob: URL": () => localSource(URL.createObjectURL(new Blob([DATA]))),
    "data: URL": () => localSource(`data:application/octet-stream;base64,${Buffer.from(DATA).toString("base64")}`),
    path: () => fileSource(path),
    "URL with ranges": () => urlSource(`${server.base}/ranges`),
    "URL without ranges": () => urlSource(new URL(`${server.base}/whole`)),
    "URL of unknown length": () => urlSource(`${server.base}/chunked`),
    "URL with an unreadable Content-Range": () => urlSource(`${server.base}/range-odd`),
    "URL whose Content-Range is hidden (CORS)": () => urlSource(`${server.base}/range-hidden`),
  };
  for (const [name, open] of Object.entries(sources)) {
    test(name, async () => {
      const source = await open();
      expect(source.size).toBe(DATA.length);
      for (const [offset, length] of [
        [0, 0],
        [0, 1],
        [7, 13],
        [262_140, 10],
        [262_144, 5],
        [999_999, 4],
        [1_000_003, 0],
        [100_000, 700_000],
        [0, 1_000_003],
      ] as const) {
        const bytes = await source.read(offset, length);
        expect(Buffer.compare(bytes, DATA.subarray(offset, offset + length))).toBe(0);
        expect([bytes.byteOffset, bytes.buffer.byteLength]).toEqual([0, length]);
        bytes.fill(0); // fresh memory: the next read must not see this
      }
      for (const [offset, length] of [
        [0, 1_000_004],
        [1_000_003, 1],
        [-1, 2],
        [0, -1],
        [0.5, 1],
        [0, 2 ** 53],
        [NaN, 1],
      ] as const) {
        const reading = source.read(offset, length);
        await expect(reading).rejects.toMatchObject({ code: "bad-weights" });
        await expect(reading).rejects.toThrow(
          `${length} bytes at offset ${offset} are asked for, but it has 1000003 bytes`,
        );
      }
      await source.close();
      await source.close();
      await expect(source.read(0, 1)).rejects.toMatchObject({ code: "disposed" });
    });
  }
});

describe("paths", () => {
  test("missing, a folder, and one that shrinks", async () => {
    await expect(fileSource(join(folder, "none"))).rejects.toThrow(/none: there is no such file/);
    await expect(fileSource(folder)).rejects.toThrow(/this is a directory or a device/);
    const shrinking = join(folder, "shrinks");
    writeFileSync(shrinking, DATA);
    const source = await fileSource(shrinking);
    truncateSync(shrinking, 1000);
    await expect(source.read(0, 5000)).rejects.toThrow(/had 1000003 bytes when opened and now ends at 1000/);
    await source.close();
  });
  test("a file: URL, as a URL and as text", async () => {
    const path = join(folder, "by url");
    writeFileSync(path, DATA);
    for (const url of [pathToFileURL(path), pathToFileURL(path).href]) {
      const source = await openSource(url);
      expect(source.size).toBe(DATA.length);
      await source.close();
    }
  });
  test("a file: URL for fileSource: errors call it by its text", async () => {
    const path = join(folder, "by url.safetensors");
    writeFileSync(path, DATA);
    const source = await fileSource(pathToFileURL(path));
    expect(source.name).toBe(pathToFileURL(path).href);
    await expect(openGivenCheckpoint(source)).rejects.toMatchObject({ code: "bad-weights" });
    await expect(fileSource(new URL("file:///no/such"))).rejects.toThrow("file:///no/such: there is no such file");
  });
  test("a buffer that was transferred, or has another size, gives no zeros", async () => {
    const fixed = new Uint8Array(DATA);
    const growing = [DATA.length, { maxByteLength: 2 * DATA.length }]; // newer than the types
    const resized = Reflect.construct(ArrayBuffer, growing) as ArrayBuffer & { resize: (length: number) => void };
    const sources = [fixed, resized, new Uint8Array(resized, 0, DATA.length)].map((bytes) => bufferSource(bytes));
    structuredClone(fixed, { transfer: [fixed.buffer] });
    resized.resize(100);
    for (const source of sources)
      await expect(source.read(50, 1000)).rejects.toMatchObject({
        code: "bad-weights",
        message: "weights in memory: its buffer of 1000003 bytes was transferred or resized; give a copy",
      });
  });
  test("a path where only URLs work", async () =>
    expect(localSource("weights/x.pth")).rejects.toThrow(/"weights\/x.pth": this is not a URL/));
  test("a blob: URL that was revoked", async () => {
    const url = URL.createObjectURL(new Blob([DATA]));
    URL.revokeObjectURL(url);
    await expect(localSource(url)).rejects.toMatchObject({
      code: "bad-weights",
      message: expect.stringMatching(/^"blob:.*": it could not be fetched \(/) as string,
    });
  });
  test.each(["tar.pth", "legacy.pth", "state_dict.pth"])("of one's own may give Buffers: %s", async (file) => {
    const bytes = readFileSync(`test/fixtures/checkpoints/${file}`);
    const kept = Buffer.from(bytes);
    const opened = async (read: (offset: number, length: number) => Uint8Array<ArrayBuffer>) => {
      const source = { name: file, size: bytes.length, read: async (...at: [number, number]) => read(...at) };
      const checkpoint = await openGivenCheckpoint({ ...source, close: () => Promise.resolve() });
      const { container, tensors } = checkpoint;
      return [container, ...(await Promise.all([...tensors.keys()].map((name) => checkpoint.read(name))))];
    };
    const wanted = await opened((offset, length) => new Uint8Array(bytes.subarray(offset, offset + length)));
    expect(await opened((offset, length) => Buffer.from(bytes.subarray(offset, offset + length)))).toEqual(wanted);
    expect(await opened((offset, length) => kept.subarray(offset, offset + length))).toEqual(wanted);
    expect(kept.equals(bytes)).toBe(true); // reading changed nothing
  });
  test("a failed open closes the source", async () => {
    let closed = 0;
    const source = { ...bufferSource(new Uint8Array(3)), close: async () => void closed++ };
    await expect(openCheckpoint(source)).rejects.toMatchObject({ code: "bad-weights" });
    expect(closed).toBe(1);
  });
});
