/** What a model holds over its life: nothing new on a second run, flat memory, clean ends, a lost device. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { loadFcn, requestDevice } from "../src/node.js";
import { countingCreations } from "./helpers/count-creations.js";
import { useDevice } from "./helpers/device.js";

const device = useDevice();
const picture = (height: number, width: number, seed = 1) => ({ width, height, data: new Uint8Array(width * height * 4).map((_, i) => (i * 31 * seed) & 255) });
const SIZES = [
  [48, 64],
  [33, 47],
  [64, 64],
  [17, 90],
  [40, 40],
] as const;

describe("a model", () => {
  it("creates no buffer, texture, bind group or pipeline for a size it has seen", async () => {
    const fcn = await loadFcn({ device: device(), variant: "fcn8s" });
    await fcn.segment(picture(48, 64));
    expect(await countingCreations(device(), () => fcn.segment(picture(48, 64, 3)))).toEqual({});
    fcn.dispose();
  });

  it("keeps GPU memory and RSS flat over 200 runs of 5 sizes, evicting plans", async () => {
    const fcn = await loadFcn({ device: device(), variant: "fcn16s", maxPlans: 3 });
    const run = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i++) {
        const [h, w] = SIZES[i % SIZES.length] ?? SIZES[0];
        await fcn.segment(picture(h, w, i));
      }
    };
    await run(60);
    const before = { gpu: fcn.memory, rss: process.memoryUsage().rss };
    await run(200);
    expect(fcn.memory).toEqual(before.gpu);
    const grown = (process.memoryUsage().rss - before.rss) / 2 ** 20;
    console.log(`RSS after 60 runs ${(before.rss / 2 ** 20).toFixed(0)} MiB, after 260 ${grown >= 0 ? "+" : ""}${grown.toFixed(1)} MiB`);
    expect(grown).toBeLessThan(60); // 200 leaked plans would be over 1,000
    fcn.dispose();
  });

  it("answers concurrent calls of mixed sizes, each with its own picture's labels", async () => {
    const fcn = await loadFcn({ device: device(), variant: "fcn8s" });
    const pictures = Array.from({ length: 20 }, (_, i) => {
      const [h, w] = SIZES[i % SIZES.length] ?? SIZES[0];
      return picture(h, w, i + 1);
    });
    const together = await Promise.all(pictures.map((p) => fcn.segment(p)));
    for (const [i, p] of pictures.entries()) expect(together[i]?.labels).toEqual((await fcn.segment(p)).labels);
    fcn.dispose();
  });

  it("is made, disposed and made again", async () => {
    const labels = [];
    for (let i = 0; i < 3; i++) {
      const fcn = await loadFcn({ variant: "fcn32s" });
      labels.push((await fcn.segment(picture(40, 40))).labels);
      fcn.dispose();
    }
    expect(labels[1]).toEqual(labels[0]);
    expect(labels[2]).toEqual(labels[0]);
  });
});

describe("a device", () => {
  it("that is lost in the middle of a run rejects with device-lost", async () => {
    const own = await requestDevice();
    const fcn = await loadFcn({ device: own, variant: "fcn8s" });
    await fcn.segment(picture(48, 64));
    const running = fcn.segment(picture(48, 64));
    await new Promise((resolve) => setTimeout(resolve, 5));
    own.gpu.destroy(); // from outside, not through dispose()
    await expect(running).rejects.toMatchObject({ code: "device-lost" });
    await expect(fcn.segment(picture(48, 64))).rejects.toMatchObject({ code: "device-lost" });
    expect((await own.lost).code).toBe("device-lost");
    fcn.dispose();
    own.dispose();
  });

  it("reports an error WebGPU raised on its own at the next await", async () => {
    const own = await requestDevice();
    own.gpu.createBuffer({ size: 16, usage: 0x1 | 0x80 }); // MAP_READ with STORAGE is not allowed
    await expect(own.settle(own.gpu.queue.onSubmittedWorkDone())).rejects.toMatchObject({ code: "gpu-error", message: expect.stringMatching(/^WebGPU reported: /) as string });
    await own.settle(own.gpu.queue.onSubmittedWorkDone()); // once, not for ever
    own.dispose();
    own.dispose();
    expect(() => own.check()).toThrow(expect.objectContaining({ code: "disposed" }) as Error);
  });
});

describe("a program", () => {
  const node = new URL("../dist/src/node.js", import.meta.url).href;
  const start = `import { loadFcn } from ${JSON.stringify(node)}; const fcn = await loadFcn({ variant: "fcn32s" });
    const seg = await fcn.segment({ width: 8, height: 8, data: new Uint8Array(256) }); console.log(seg.labels.length);`;
  it.each([
    ["that disposes", `${start} fcn.dispose();`],
    ["that disposes and exits", `${start} fcn.dispose(); process.exit(0);`],
    ["that only exits", `${start} process.exit(0);`],
  ])("%s ends by itself", (_, script) => {
    const { status, signal, stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8", timeout: 60_000 });
    expect([stdout.trim(), status, signal]).toEqual(["64", 0, null]);
  });
});
