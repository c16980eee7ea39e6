/** The loop of a training: devices that are lost, what resumes from what, and features that are made once. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { DatasetItem } from "../src/cli/datasets.js";
import { DiskFeatures } from "../src/cli/disk-features.js";
import { SampleReader } from "../src/cli/train-samples.js";
import { requestDevice } from "../src/node.js";
import type { Device } from "../src/node.js";
import { MemoryFeatures } from "../src/train/feature-cache.js";
import type { FeatureBytes, FeatureStore } from "../src/train/feature-cache.js";
import { destroyAtSubmit } from "./helpers/destroy-device.js";
import { runJob } from "./helpers/training-job.js";

const root = mkdtempSync(join(tmpdir(), "fcn-train-run-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const run = (name: string, parts: Parameters<typeof runJob>[1]) => runJob(join(root, name), parts);

const FILES = ["best.safetensors", "last.safetensors", "state-fcn8s.safetensors", "log.jsonl"];

describe("a lost device", () => {
  it("is said, and the training goes on from the last state to the same bytes", async () => {
    const whole = await run("whole", {});
    expect([whole.isDone, whole.warnings, whole.steps]).toEqual([true, [], [1, 2, 3, 4, 5, 6]]);
    let current: Device | undefined;
    let losses = 0;
    const lost = await run("lost", {
      openDevice: async () => (current = await requestDevice()),
      onStep: (step) => {
        // In the step after this one, once before the first state is written and once after.
        if (losses > 1 || (step !== 1 && step !== 4)) return;
        losses += 1;
        if (current) destroyAtSubmit(current.gpu, "after");
      },
    });
    expect(lost.isDone).toBe(true);
    expect(lost.warnings).toHaveLength(2);
    expect(lost.warnings[0]).toMatch(/device.*lost.*; goes on from the last state on a new device/i);
    for (const name of FILES) expect(lost.file(name) === whole.file(name), name).toBe(true);
  });

  it("again and again without a state in between ends the training with its code", async () => {
    const openDevice = async (): Promise<Device> => {
      const device = await requestDevice();
      destroyAtSubmit(device.gpu, "before");
      return device;
    };
    await expect(run("hopeless", { openDevice })).rejects.toMatchObject({ code: "device-lost" });
    expect(existsSync(join(root, "hopeless/last.safetensors"))).toBe(false);
  });
});

/** Counts what is asked for and what is made. */
function counting(store: FeatureStore): FeatureStore & { readonly made: string[]; readonly asked: string[] } {
  const made: string[] = [];
  const asked: string[] = [];
  return {
    made,
    asked,
    get(key) {
      asked.push(key);
      return store.get(key);
    },
    set(key, features) {
      made.push(key);
      return store.set(key, features);
    },
    clear: () => store.clear(),
  };
}

describe("features", () => {
  it("are made once for each view of a picture, also over the stages", async () => {
    const features = counting(new MemoryFeatures(1e9));
    await run("stages", { features, args: ["--stages", "--variant", "fcn8s"] });
    expect([...features.made].sort()).toEqual(["00#0", "12#0", "13#0", "14#0", "15#0"]);
    expect(features.asked.length).toBeGreaterThan(3 * 3 * 5);
  });

  it("on disk are found by a second training, and made anew where a file is damaged", async () => {
    const folder = join(root, "cache");
    const first = counting(await DiskFeatures.open(folder, "scope", 1e9));
    const one = await run("disk1", { features: first });
    const second = counting(await DiskFeatures.open(folder, "scope", 1e9));
    const two = await run("disk2", { features: second });
    expect([first.made.length, second.made.length]).toEqual([5, 0]);
    for (const name of FILES) expect(two.file(name) === one.file(name), name).toBe(true);
    const memory = await run("memory", {});
    for (const name of FILES) expect(memory.file(name) === one.file(name), name).toBe(true);
  });
});

describe("a teacher", () => {
  it("is asked once about each view and each held-out picture, also over the stages", async () => {
    const features = counting(new MemoryFeatures(1e9));
    const args = ["--stages", "--variant", "fcn16s", "--variations", "2"];
    const { warnings } = await run("taught", { features, args, teacher: "icons" });
    const said = features.made.flatMap((key) => /\S+ (\S+ (?:targets|labels))$/.exec(key)?.[1] ?? []);
    const views = ["00", "12", "13", "14"].flatMap((name) => [`${name}#0 targets`, `${name}#1 targets`]);
    expect([said.sort(), warnings]).toEqual([[...views, "15 labels"].sort(), []]);
  });

  it("comes back with a new device, and the training ends in the same bytes", async () => {
    const whole = await run("taught whole", { teacher: "icons" });
    let current: Device | undefined;
    let losses = 0;
    const lost = await run("taught lost", {
      teacher: "icons",
      // Nothing is kept: the teacher is asked in every step.
      features: { get: () => undefined, set: () => undefined, clear: () => undefined },
      openDevice: async () => (current = await requestDevice()),
      onStep: (step) => {
        if (losses > 0 || step !== 3) return;
        losses += 1;
        if (current) destroyAtSubmit(current.gpu, "after");
      },
    });
    expect([lost.isDone, losses]).toEqual([true, 1]);
    expect(lost.warnings).toEqual([
      expect.stringMatching(/^the teacher is asked again about \d\d, because --cache has no room/),
      expect.stringMatching(/lost.*; goes on from the last state on a new device/i),
    ]);
    for (const name of FILES) expect(lost.file(name) === whole.file(name), name).toBe(true);
  });
});

describe("DiskFeatures", () => {
  const map = (value: number, bytes = 1000): FeatureBytes =>
    new Map([
      [8, new Uint8Array(bytes).fill(value)],
      [32, Uint8Array.of(value)],
    ]);

  it("gives back what it was given, by scope and key", async () => {
    const folder = join(root, "plain");
    const store = await DiskFeatures.open(folder, "a", 1e6);
    await store.set("x#0", map(7));
    expect(await store.get("x#0")).toEqual(map(7));
    expect(await store.get("x#1")).toBeUndefined();
    expect(await (await DiskFeatures.open(folder, "b", 1e6)).get("x#0")).toBeUndefined();
    expect(await (await DiskFeatures.open(folder, "a", 1e6)).get("x#0")).toEqual(map(7));
  });

  it("keeps to its bound, forgets the least recently used, and never a file that does not fit", async () => {
    const store = await DiskFeatures.open(join(root, "bound"), "a", 3500);
    for (const [i, key] of ["a", "b", "c"].entries()) await store.set(key, map(i));
    await store.get("a");
    await store.set("d", map(3));
    expect(store.bytes).toBeLessThanOrEqual(3500);
    expect(await store.get("b")).toBeUndefined();
    expect(await store.get("a")).toEqual(map(0));
    await store.set("large", map(1, 4000));
    expect(await store.get("large")).toBeUndefined();
    await store.clear();
    expect([store.bytes, await store.get("a")]).toEqual([0, undefined]);
  });

  it("leaves folders alone that have the name of its files", async () => {
    const folder = join(root, "folders");
    const name = `${"0".repeat(64)}.features`;
    mkdirSync(join(folder, name), { recursive: true });
    const store = await DiskFeatures.open(folder, "a", 1100);
    expect(store.bytes).toBe(0);
    for (const key of ["x", "y"]) await store.set(key, map(7));
    expect(await store.get("y")).toEqual(map(7));
    await store.clear();
    expect(readdirSync(folder)).toEqual([name]);
  });

  it("says what it cannot remove", async () => {
    const folder = join(root, "stuck");
    const store = await DiskFeatures.open(folder, "a", 1e6);
    await store.set("x", map(7));
    const [name = ""] = readdirSync(folder);
    rmSync(join(folder, name));
    mkdirSync(join(folder, name));
    const sentence = `cannot write ${join(folder, name)}: it is a folder (ERR_FS_EISDIR); the last state`;
    await expect(store.clear()).rejects.toThrow(`train: ${sentence} of the training is kept`);
  });

  it("takes no damaged file", async () => {
    const folder = join(root, "damaged");
    const store = await DiskFeatures.open(folder, "a", 1e6);
    await store.set("x", map(7));
    const [name = ""] = readdirSync(folder);
    const bytes = readFileSync(join(folder, name));
    for (const damaged of [bytes.subarray(0, 500), Buffer.alloc(3), Buffer.from(bytes).fill(1, 600, 601)]) {
      writeFileSync(join(folder, name), damaged);
      expect(await store.get("x")).toBeUndefined();
    }
    writeFileSync(join(folder, name), bytes);
    expect(await store.get("x")).toEqual(map(7));
  });

  it.each([
    ["nothing", []],
    ["more maps than it has bytes", [2 ** 31]],
    ["a map longer than the file", [1, 8, 1e9]],
  ])("takes no file whose checksum fits and which holds %s", async (_, words) => {
    const folder = join(root, `wrong ${words.join()}`);
    const store = await DiskFeatures.open(folder, "a", 1e6);
    await store.set("x", map(7));
    const [name = ""] = readdirSync(folder);
    const body = new Uint8Array(Uint32Array.from(words).buffer);
    writeFileSync(join(folder, name), Buffer.concat([createHash("sha256").update(body).digest(), body]));
    expect(await store.get("x")).toBeUndefined();
  });
});

it("keeps as many decoded pictures as fit, those used last", async () => {
  const paths = ["00", "01", "02"].map((name) => `test/fixtures/val/${name}.png`);
  const items = paths.map((picture): DatasetItem => ({ key: picture, picture }));
  const [a, b, c] = items as [DatasetItem, DatasetItem, DatasetItem];
  const bytes = 320 * 240 * 4;
  const reader = new SampleReader({ voids: new Set(), classOf: new Map() }, 21, 2 * bytes);
  const [first, second] = [await reader.read(a), await reader.read(b)];
  expect(first.picture.data.byteLength).toBe(bytes);
  await reader.read(a);
  await reader.read(c); // takes the place of b
  expect(await reader.read(a)).toBe(first);
  expect(await reader.read(b)).not.toBe(second);
});
