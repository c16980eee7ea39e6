/** Every kernel variant that a browser's adapter can run, on every case: kernels.test.ts does it on Node's adapter. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { registry } from "../shaders/index.js";
import { bundle } from "./helpers/bundle.js";
import type { KernelsInPage } from "./helpers/kernels-in-page.js";
import { openPage } from "./helpers/page.js";
import type { OpenPage } from "./helpers/page.js";

interface KernelsGlobal {
  readonly kernels: KernelsInPage;
}

let open: OpenPage;
let offered: Readonly<Record<string, readonly string[]>>;
beforeAll(async () => {
  open = await openPage("");
  await open.page.addScriptTag({ type: "module", content: await bundle("test/helpers/kernels-in-page.ts") });
  await open.page.waitForFunction(() => "kernels" in globalThis);
  const opened = await open.page.evaluate(() => (globalThis as unknown as KernelsGlobal).kernels.open());
  expect(opened.adapter).toMatch(/swiftshader/i);
  offered = opened.offered;
});
afterAll(() => open.close());

const runInPage = (kernel: string, caseName: string) =>
  open.page.evaluate(([k, c]) => (globalThis as unknown as KernelsGlobal).kernels.run(k, c), [
    kernel,
    caseName,
  ] as const);

for (const { kernel, cases } of registry) {
  describe(kernel.name, () => {
    const covered = new Set<string>();
    for (const { name } of cases.filter((one) => !one.bench)) {
      it(name, async () => {
        const outcomes = Object.entries(await runInPage(kernel.name, name));
        expect(outcomes.length).toBeGreaterThan(0);
        const failures = outcomes.flatMap(([variant, outcome]) =>
          "failure" in outcome ? [`${kernel.name}/${variant}: ${outcome.failure}`] : [],
        );
        expect(failures).toEqual([]);
        for (const [variant] of outcomes) covered.add(variant);
      });
    }
    it("has a case for every variant this adapter offers", () =>
      expect([...covered].sort()).toEqual([...(offered[kernel.name] ?? [])].sort()));
  });
}

it("asked no other host, and logged no error", () => {
  expect([open.foreign, open.errors]).toEqual([[], []]);
});
