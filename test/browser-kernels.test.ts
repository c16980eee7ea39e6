/** Every variant of every kernel that a browser's adapter can run, on every case: what kernels.test.ts does on Node's adapter. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { registry } from "../shaders/index.js";
import { bundle } from "./helpers/bundle.js";
import type { KernelsInPage } from "./helpers/kernels-in-page.js";
import { openPage } from "./helpers/page.js";
import type { OpenPage } from "./helpers/page.js";

let open: OpenPage;
let offered: Readonly<Record<string, readonly string[]>>;
beforeAll(async () => {
  open = await openPage("");
  await open.page.addScriptTag({ type: "module", content: await bundle("test/helpers/kernels-in-page.ts") });
  await open.page.waitForFunction(() => "kernels" in globalThis);
  const opened = await open.page.evaluate(() => (Reflect.get(globalThis, "kernels") as KernelsInPage).open());
  expect(opened.adapter).toMatch(/swiftshader/i);
  offered = opened.offered;
});
afterAll(() => open.close());

const runInPage = (kernel: string, test: string) =>
  open.page.evaluate(([k, t]) => (Reflect.get(globalThis, "kernels") as KernelsInPage).run(k, t), [
    kernel,
    test,
  ] as const);

for (const { kernel, cases } of registry) {
  describe(kernel.name, () => {
    const covered = new Set<string>();
    for (const { name } of cases.filter((one) => !one.bench)) {
      it(name, async () => {
        const results = Object.entries(await runInPage(kernel.name, name));
        expect(results.length).toBeGreaterThan(0);
        expect(
          results.flatMap(([variant, result]) =>
            "failure" in result ? [`${kernel.name}/${variant}: ${result.failure}`] : [],
          ),
        ).toEqual([]);
        for (const [variant] of results) covered.add(variant);
      });
    }
    it("has a case for every variant this adapter offers", () =>
      expect([...covered].sort()).toEqual([...(offered[kernel.name] ?? [])].sort()));
  });
}

it("asked no other host, and logged no error", () => {
  expect([open.foreign, open.errors]).toEqual([[], []]);
});
