/** Files of the cache whose hash is known are checked when they are opened, once per change of size or time. */
import { readFileSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { useDownloadFolder } from "./helpers/download-folder.js";
import { DATA, OTHER, SHORT, ranged, sha256, useFileServer } from "./helpers/file-server.js";

const server = useFileServer();
const folder = useDownloadFolder(server);
const NAMES = ["/w.safetensors", `/w-${SHORT}.safetensors`];
const record = (): string => join(folder.path, "checked", `${folder.completeFiles()[0]}.json`);

/** The same size and time, one other byte. */
function damageUnseen(path: string): void {
  const { atime, mtime } = statSync(path);
  const bytes = readFileSync(path);
  bytes[700_000] = (bytes[700_000] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  utimesSync(path, atime, mtime);
}

for (const name of NAMES) {
  test(`${name}: damage is found and repaired by a new download`, async () => {
    server.answer = ranged();
    const damages: ((path: string) => void)[] = [
      (path) => truncateSync(path, 900_000),
      (path) => writeFileSync(path, OTHER),
      (path) => {
        damageUnseen(path);
        utimesSync(path, 1e9, 1e9);
      },
    ];
    for (const damage of damages) {
      damage(await folder.download(name));
      server.log = [];
      expect(sha256(readFileSync(await folder.download(name)))).toBe(sha256(DATA));
      expect(server.log).toEqual(["all"]);
    }
  });

  test(`${name}: a file that only got another time is read once and kept`, async () => {
    server.answer = ranged();
    const path = await folder.download(name);
    utimesSync(path, 1e9, 1e9);
    expect(await folder.download(name)).toBe(path);
    expect(JSON.parse(readFileSync(record(), "utf8"))).toEqual({
      size: DATA.length,
      mtimeMs: 1e12,
      sha256: sha256(DATA),
    });
    damageUnseen(path); // shows that the next call does not read it again
    await folder.download(name);
    expect(server.log).toEqual(["all"]);
  });
}

test("where the new download fails, the sentence says what is wrong with the file", async () => {
  server.answer = ranged();
  const path = await folder.download("/w.safetensors");
  truncateSync(path, 900_000);
  server.answer = (_, response) => void response.writeHead(503, "Busy").end();
  await expect(folder.download("/w.safetensors")).rejects.toMatchObject({
    code: "bad-weights",
    message: expect.stringMatching(
      /is damaged \(its 900000 bytes have the sha256 \w{64}, not \w{64}\), and its new download failed: .*503 Busy/,
    ) as string,
  });
});

test("a file of an older cache: its name's hash is checked, and one without a hash is taken as it is", async () => {
  server.answer = ranged();
  for (const name of NAMES) {
    const path = await folder.download(name);
    rmSync(join(folder.path, "checked"), { recursive: true });
    writeFileSync(path, OTHER);
    server.log = [];
    const again = sha256(readFileSync(await folder.download(name)));
    expect([again, server.log]).toEqual(name === NAMES[0] ? [sha256(OTHER), []] : [sha256(DATA), ["all"]]);
    rmSync(path);
  }
});

test("a damaged record is no record", async () => {
  server.answer = ranged();
  const path = await folder.download(`/w-${SHORT}.safetensors`);
  for (const text of ["", "null", '{"sha256":5}', '{"size":1,"mtimeMs":1,"sha256":"zz"}', "[1"]) {
    writeFileSync(record(), text);
    expect(await folder.download(`/w-${SHORT}.safetensors`)).toBe(path);
  }
  expect(server.log).toEqual(["all"]);
});
