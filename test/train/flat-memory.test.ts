/** Memory of a process that trains for 500 steps on pictures of five sizes. */
import { expect, it } from "vitest";
import { useChild } from "../helpers/child.js";

const run = useChild(["src/train/index.ts"]);
const SIZES = [
  [24, 32],
  [17, 23],
  [32, 32],
  [9, 45],
  [20, 20],
];

interface Seen {
  readonly rss: number;
  readonly heap: number;
  readonly trainer: number;
  readonly device: number;
}

it.each(["heads", "all"])("is flat over 500 steps of mode %s", async (mode) => {
  const { code, out, err } = await run(
    `import { openSource, requestDevice } from "./src/node.js";
    import { createTrainer } from "./src/train/index.js";
    const device = await requestDevice();
    const backbone = await openSource("icons");
    const options = { mode: "${mode}", variant: "fcn8s", augment: { variations: 2 } };
    const trainer = await createTrainer({ device, backbone, classes: 3, ...options });
    const samples = ${JSON.stringify(SIZES)}.map(([height, width], k) => {
      const picture = { width, height, data: new Uint8Array(width * height * 4).fill(40 * k) };
      return { name: String(k), picture, labels: new Uint8Array(width * height).fill(k % 3) };
    });
    const seen = [];
    for (let step = 1; step <= 500; step++) {
      await trainer.step([{ sample: samples[step % samples.length], variation: step % 2 }]);
      if (step % 100) continue;
      await new Promise((resolve) => setTimeout(resolve, 50));
      gc();
      const { rss, heapUsed } = process.memoryUsage();
      const gpu = { trainer: trainer.bytes, device: device.allocations.bytes };
      seen.push({ rss: rss / 1e6, heap: heapUsed / 1e6, ...gpu });
    }
    process.stdout.write(JSON.stringify(seen), () => process.exit(0));`,
    { flags: ["--expose-gc"], limit: 300 },
  );
  expect(code, err).toBe(0);
  const seen = JSON.parse(out) as Seen[];
  const [first, last] = [seen[0], seen.at(-1)] as [Seen, Seen];
  const rss = seen.map((one) => one.rss.toFixed(0)).join(", ");
  console.log(`${mode}: RSS after each 100 steps ${rss} MB, ${(last.device / 1e6).toFixed(1)} MB on the device`);
  expect(seen.map(({ trainer }) => trainer)).toEqual(seen.map(() => first.trainer));
  expect(seen.map(({ device }) => device)).toEqual(seen.map(() => first.device));
  expect(last.rss - first.rss).toBeLessThan(50);
  expect(last.heap - first.heap).toBeLessThan(3);
});
