/** Every variant of every kernel, on every case it can run. */
import { describe, expect, it } from "vitest";
import { registry } from "../shaders/index.js";
import { Device } from "../src/gpu/device.js";
import { foldedGrid, usableVariants } from "../src/kernel/choice.js";
import { makeProblem } from "../src/kernel/kernel.js";
import type { AnyVariant } from "../src/kernel/variant.js";
import { useDevice } from "./helpers/device.js";
import { verify } from "./helpers/verify-kernel.js";

const device = useDevice();

for (const entry of registry) {
  describe(entry.kernel.name, () => {
    const covered = new Set<string>();
    for (const test of entry.cases.filter((c) => !c.bench)) {
      it(test.name, async () => {
        const problem = makeProblem(entry.kernel, test.shapes, test.attrs);
        const usable = usableVariants(entry.kernel, problem, device());
        expect(usable.length).toBeGreaterThan(0);
        for (const variant of usable) {
          await verify(device(), entry, variant, test);
          covered.add(variant);
        }
      });
    }
    it("has a case for every variant that this adapter runs in any case, those of benchmarks included", () => {
      const usable = new Set(
        entry.cases.flatMap(({ shapes, attrs }) =>
          usableVariants(entry.kernel, makeProblem(entry.kernel, shapes, attrs), device()),
        ),
      );
      expect([...covered].sort()).toEqual([...usable].sort());
    });

    it("gives the same where the adapter takes few workgroups, and grids are folded", async () => {
      const limit = 3;
      const own = new Device(device().gpu, device().adapter);
      Object.defineProperty(own, "limits", { value: { ...own.limits, maxComputeWorkgroupsPerDimension: limit } });
      const seen = new Set<string>();
      for (const test of entry.cases.filter(({ bench }) => !bench)) {
        const problem = makeProblem(entry.kernel, test.shapes, test.attrs);
        for (const name of usableVariants(entry.kernel, problem, own)) {
          const folded = foldedGrid(entry.kernel.variants[name] as AnyVariant, problem, limit).grid[1] > 1;
          if (!folded || seen.has(name)) continue;
          await verify(own, entry, name, test);
          seen.add(name);
        }
      }
    });
  });
}
