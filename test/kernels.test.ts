/** Every variant of every kernel, on every case it can run. */
import { describe, expect, it } from "vitest";
import { registry } from "../shaders/index.js";
import { makeProblem, offersVariant, usableVariants } from "../src/kernel.js";
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
    it("has a case for every variant this adapter offers", () => {
      const offered = Object.entries(entry.kernel.variants).filter(([, v]) => offersVariant(v, device()));
      expect([...covered].sort()).toEqual(offered.map(([name]) => name).sort());
    });
  });
}
