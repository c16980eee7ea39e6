/** Every variant of every kernel, on every case it can run. */
import { describe, expect, it } from "vitest";
import { registry } from "../shaders/index.js";
import { Device } from "../src/gpu/device.js";
import { foldedGrid, usableVariants } from "../src/kernel/choice.js";
import { makeProblem } from "../src/kernel/kernel.js";
import type { AnyProblem } from "../src/kernel/problem.js";
import type { KernelCase, RegistryEntry } from "../src/kernel/registry.js";
import type { AnyVariant } from "../src/kernel/variant.js";
import { useDevice } from "./helpers/device.js";
import { verify, wideBorders } from "./helpers/verify-kernel.js";

const device = useDevice();

const problemOf = ({ kernel }: RegistryEntry, { shapes, attrs }: KernelCase): AnyProblem =>
  makeProblem(kernel, shapes, attrs);

/** The same adapter with a limit so low that grids are folded into rows. */
function withFewWorkgroups(limit: number): Device {
  const own = new Device(device().gpu, device().adapter);
  Object.defineProperty(own, "limits", { value: { ...own.limits, maxComputeWorkgroupsPerDimension: limit } });
  return own;
}

for (const entry of registry) {
  const { kernel, cases } = entry;
  describe(kernel.name, () => {
    const tested = cases.filter(({ bench }) => !bench);
    const covered = new Set<string>();

    for (const test of tested) {
      it(test.name, async () => {
        const usable = usableVariants(kernel, problemOf(entry, test), device());
        expect(usable.length).toBeGreaterThan(0);
        for (const variant of usable) {
          await verify(device(), entry, variant, test);
          covered.add(variant);
          const borders = kernel.name === "convert" ? undefined : wideBorders(kernel, variant, test);
          if (borders) await verify(device(), entry, variant, test, borders);
        }
      });
    }

    it("tests every variant that this adapter can run in any case, benchmarks included", () => {
      const usable = cases.flatMap((test) => usableVariants(kernel, problemOf(entry, test), device()));
      expect([...covered].sort()).toEqual([...new Set(usable)].sort());
    });

    it("gives the same results where grids are folded, because the adapter takes few workgroups", async () => {
      const limit = 3;
      const own = withFewWorkgroups(limit);
      const seen = new Set<string>();
      for (const test of tested) {
        const problem = problemOf(entry, test);
        for (const name of usableVariants(kernel, problem, own)) {
          const { grid } = foldedGrid(kernel.variants[name] as AnyVariant, problem, limit);
          const isFolded = grid[1] > 1;
          if (!isFolded || seen.has(name)) continue;
          await verify(own, entry, name, test);
          seen.add(name);
        }
      }
    });
  });
}
