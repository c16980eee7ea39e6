/** One cache folder for several processes, containers and machines: who writes into which partial download. */
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DownloadClaim } from "../src/weights/download-claim.js";
import { useChild } from "./helpers/child.js";
import { useDownloadFolder } from "./helpers/download-folder.js";
import { DATA, HALF, SHORT, ranged, sha256, useFileServer } from "./helpers/file-server.js";

const server = useFileServer();
const folder = useDownloadFolder(server);
const run = useChild();

/** What a download of half of DATA leaves when its process is killed. */
function killedDownload(target: string, name: string, url = `${server.base}/w.safetensors`): string {
  const path = `${target}.part-${name}`;
  mkdirSync(path);
  writeFileSync(join(path, "origin.json"), JSON.stringify({ url, validator: '"v1"', total: DATA.length }));
  writeFileSync(join(path, "data"), DATA.subarray(0, HALF));
  writeFileSync(join(path, "beat"), "last");
  return path;
}

/** The path that /w.safetensors has in the cache. */
async function targetPath(): Promise<string> {
  server.answer = ranged();
  const path = await folder.download("/w.safetensors");
  rmSync(path);
  rmSync(join(folder.path, "checked"), { recursive: true });
  server.log = [];
  return path;
}

describe("a folder whose writer is silent", () => {
  test("is copied, so that a writer that was only suspended writes into nothing that counts", async () => {
    const target = await targetPath();
    const killed = killedDownload(target, "1-1");
    const suspended = openSync(join(killed, "data"), "a");
    const path = await folder.download("/w.safetensors", {
      stillMs: 300,
      onProgress: () => void writeSync(suspended, DATA.subarray(0, 1000)), // it wakes up and goes on
    });
    closeSync(suspended);
    expect(sha256(readFileSync(path))).toBe(sha256(DATA));
    expect(server.log).toEqual([`bytes=${HALF}- if "v1"`]);
    expect(folder.partialDownloads()).toEqual([]);
  });

  test("no clock is asked: a beat from the future or the past that goes on is a sign of life", async () => {
    const target = await targetPath();
    const alive = killedDownload(target, "alive");
    let count = 0;
    const timer = setInterval(() => {
      count++;
      writeFileSync(join(alive, "beat"), String(count));
      utimesSync(join(alive, "beat"), 4e9, 4e9);
    }, 20);
    const path = await folder.download("/w.safetensors", { stillMs: 1000 });
    clearInterval(timer);
    expect(sha256(readFileSync(path))).toBe(sha256(DATA));
    expect(server.log).toEqual(["all"]); // its own download
    expect(readFileSync(join(alive, "data")).length).toBe(HALF);
  });

  test("process ids say nothing: the id of a living process, and one that never was", async () => {
    const target = await targetPath();
    killedDownload(target, `${process.pid}-1`);
    const alive = killedDownload(target, "4194304-1");
    const timer = setInterval(() => appendFileSync(join(alive, "beat"), "."), 20);
    await folder.download("/w.safetensors", { stillMs: 500 });
    clearInterval(timer);
    expect(server.log).toEqual([`bytes=${HALF}- if "v1"`]); // resumed from the first
    expect(existsSync(alive)).toBe(true);
  });

  test("one that was begun for another file, or has no bytes, is removed and not resumed", async () => {
    const target = await targetPath();
    for (const [name, url] of [
      ["other", `${server.base}/other.safetensors`],
      ["none", `${server.base}/w.safetensors`],
    ] as const) {
      const path = killedDownload(target, name, url);
      utimesSync(join(path, "beat"), 1e9, 1e9);
      if (name === "none") rmSync(join(path, "data"));
    }
    expect(sha256(readFileSync(await folder.download("/w.safetensors")))).toBe(sha256(DATA));
    expect(server.log).toEqual(["all"]);
    expect(folder.partialDownloads()).toEqual([]);
  });

  test("an abort ends the wait for a sign of life", async () => {
    const target = await targetPath();
    killedDownload(target, "1-1");
    const signal = AbortSignal.timeout(100);
    await expect(folder.download("/w.safetensors", { signal })).rejects.toThrow(/timeout/);
    expect(server.log).toEqual([]);
  });
});

test("a process that was ended with kill -9 in the middle of its download: the next one resumes", async () => {
  server.answer = (_, response) => {
    response.writeHead(200, { "content-length": DATA.length, etag: '"v1"' }).write(DATA.subarray(0, HALF));
  };
  const source = `
    import { openSource } from "./src/node.js";
    const onProgress = ({ loaded }) => loaded === ${HALF} && setTimeout(() => process.kill(process.pid, "SIGKILL"), 50);
    await openSource("${server.base}/w.safetensors", { onProgress });`;
  const { code } = await run(source, { env: { FCN_WEBGPU_CACHE: folder.path } });
  expect(code).toBeUndefined();
  expect(folder.partialDownloads()).toHaveLength(1);
  server.answer = ranged();
  const path = await folder.download("/w.safetensors", { stillMs: 500 });
  expect(sha256(readFileSync(path))).toBe(sha256(DATA));
  expect(server.log).toEqual(["all", `bytes=${HALF}- if "v1"`]);
  expect(folder.partialDownloads()).toEqual([]);
});

describe("claims", () => {
  test("two at once have two folders", async () => {
    const target = join(folder.path, "file");
    const [a, b] = await Promise.all([DownloadClaim.take(target), DownloadClaim.take(target)]);
    expect(a.partial.path).not.toBe(b.partial.path);
    await b.partial.begin({ url: "u", validator: undefined, total: 3 });
    await b.partial.append(new Uint8Array([1, 2, 3]));
    await b.finish();
    expect(readFileSync(target)).toEqual(Buffer.from([1, 2, 3]));
    await a.release();
    expect(folder.partialDownloads()).toEqual([]);
  });

  test("a process that lost its folder says so, or takes the file that the other one made", async () => {
    const target = await targetPath();
    const lose = ({ loaded }: { loaded: number }): void => {
      if (loaded === 0) return;
      for (const name of folder.partialDownloads()) rmSync(join(folder.path, name), { recursive: true });
    };
    for (const path of ["/w.safetensors", `/w-${SHORT}.safetensors`])
      await folder.expectRefusal(
        path,
        /another process has taken over its download, because this one stood still; run/,
        {
          onProgress: lose,
        },
      );
    const onProgress = (progress: { loaded: number }): void => {
      lose(progress);
      writeFileSync(target, DATA);
    };
    expect(await folder.download("/w.safetensors", { onProgress })).toBe(target);
    expect(folder.partialDownloads()).toEqual([]);
  });

  test("a download that failed is claimed by one of many", async () => {
    const target = join(folder.path, "file");
    const first = await DownloadClaim.take(target);
    await first.partial.begin({ url: "u", validator: '"v"', total: 9 });
    await first.partial.append(new Uint8Array(4));
    await first.release();
    const claims = await Promise.all(Array.from({ length: 6 }, () => DownloadClaim.take(target)));
    expect(claims.map(({ partial }) => partial.size).sort()).toEqual([0, 0, 0, 0, 0, 4]);
    for (const claim of claims) await claim.release();
    expect(folder.partialDownloads()).toEqual(["file.part"]);
  });
});

test("six processes with one cache at the same time, twice: one whole file, nothing left over", async () => {
  for (const name of ["a", "b"]) {
    server.answer = (request, response) => void setTimeout(() => ranged()(request, response), 100);
    const source = `
      import { openSource } from "./src/node.js";
      const source = await openSource("${server.base}/${name}.safetensors");
      console.log(source.size);
      await source.close();`;
    const env = { FCN_WEBGPU_CACHE: folder.path };
    const ended = await Promise.all(Array.from({ length: 6 }, () => run(source, { env })));
    for (const { code, out } of ended) expect([code, out]).toEqual([0, `${DATA.length}\n`]);
  }
  for (const name of folder.completeFiles()) expect(sha256(readFileSync(join(folder.path, name)))).toBe(sha256(DATA));
  expect(readdirSync(folder.path)).toHaveLength(3); // two files and their hashes
});
