/** Where measured choices are kept between sessions. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { browserTuningStore } from "../src/tuning/browser-store.js";
import { fileTuningStore } from "../src/tuning/file-store.js";

describe("stores", () => {
  it("of Node keep a file that is replaced as a whole", async () => {
    const folder = mkdtempSync(join(tmpdir(), "fcn-webgpu-"));
    const store = fileTuningStore(join(folder, "new"));
    expect(await store.read()).toBeUndefined();
    await store.write('{"a":{}}');
    await store.write('{"b":{}}');
    expect(await store.read()).toBe('{"b":{}}');
    expect(readdirSync(join(folder, "new"))).toEqual(["tuning.json"]);
  });

  it("of Node ignore a file of 5 MB, and a folder that cannot be made costs nothing", async () => {
    const folder = mkdtempSync(join(tmpdir(), "fcn-webgpu-"));
    writeFileSync(join(folder, "tuning.json"), "x".repeat(5 * 1024 * 1024));
    expect(await fileTuningStore(folder).read()).toBeUndefined();
    const blocked = fileTuningStore(join(folder, "tuning.json", "below a file"));
    await blocked.write("{}");
    expect(await blocked.read()).toBeUndefined();
  });

  it("of Node do not wait for a pipe in the file's place", async () => {
    const folder = mkdtempSync(join(tmpdir(), "fcn-webgpu-"));
    execFileSync("mkfifo", [join(folder, "tuning.json")]);
    expect(await fileTuningStore(folder).read()).toBeUndefined();
  });

  it("of browsers keep an entry of the Cache API, and do without it", async () => {
    const entries = new Map<string, Response>();
    const cache: Pick<Cache, "match" | "put"> = {
      match: (key) => Promise.resolve(entries.get(key as string)?.clone()),
      put: (key, response) => Promise.resolve(void entries.set(key as string, response)),
    };
    const store = browserTuningStore(() => Promise.resolve(cache));
    expect(await store.read()).toBeUndefined();
    await store.write("{}");
    expect(await store.read()).toBe("{}");
    const forbidden = browserTuningStore(() => Promise.reject(new Error("insecure")));
    await forbidden.write("{}");
    expect(await forbidden.read()).toBeUndefined();
    expect(await browserTuningStore().read()).toBeUndefined(); // Node has no Cache API
  });
});
