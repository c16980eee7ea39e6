/** Tests of every kernel in a runtime beside Node. kernels.test.ts runs the same cases in Node. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { registry } from "../../shaders/index.js";
import type { CasePart, OpenedKernels, Outcome } from "./kernel-cases.js";
import { SOFTWARE_NAME, WANTS_ALL_CASES } from "./kernel-hosts.js";
import type { KernelHost } from "./kernel-hosts.js";

export interface RuntimeTests {
  readonly open: () => Promise<KernelHost>;
  /** What the device must be called. */
  readonly adapter: RegExp;
  /**
   * Without FCN_KERNEL_CASES=all each variant runs once. Some runtimes are fast enough for all cases always, but for
   * tiles that take seconds to compile (KernelCases.all).
   */
  readonly always?: "all cases";
}

/** Runs a case and gives the variants that ran. */
async function passCase(
  { call }: KernelHost,
  kernel: string,
  caseName: string,
  variants?: readonly string[],
): Promise<string[]> {
  const outcomes = Object.entries(
    (await (variants ? call("run", kernel, caseName, variants) : call("run", kernel, caseName))) as Readonly<
      Record<string, Outcome>
    >,
  );
  expect(outcomes.length).toBeGreaterThan(0);
  const failures = outcomes.flatMap(([variant, outcome]) =>
    "failure" in outcome ? [`${kernel}/${variant}: ${outcome.failure}`] : [],
  );
  expect(failures).toEqual([]);
  return outcomes.map(([variant]) => variant);
}

/** Adds tests: for each kernel its cases, or one that runs each variant once. */
export function testKernelsIn({ open, adapter, always }: RuntimeTests): void {
  let host: KernelHost;
  let opened: OpenedKernels;
  beforeAll(async () => {
    host = await open();
    opened = (await host.call("open")) as OpenedKernels;
  });
  afterAll(() => host.close());

  it("has an adapter with a readable name, which tells software from hardware", () => {
    expect(opened.adapter).toMatch(adapter);
    expect(opened.software).toBe(SOFTWARE_NAME.test(opened.adapter));
  });

  const offeredOf = (kernel: string): string[] => [...(opened.offered[kernel] ?? [])].sort();

  function testAllCases(kernel: string, names: readonly string[]): void {
    const covered = new Set<string>();
    let parts: readonly CasePart[] = [];
    beforeAll(async () => {
      if (!WANTS_ALL_CASES) parts = (await host.call("all", kernel)) as readonly CasePart[];
    });
    for (const name of names) {
      it(name, async () => {
        const variants = parts.find(({ caseName }) => caseName === name)?.variants;
        for (const variant of await passCase(host, kernel, name, variants)) covered.add(variant);
      });
    }
    it("has a case for every variant this adapter offers", () => {
      expect([...covered].sort()).toEqual(offeredOf(kernel));
    });
  }

  function testEachVariant(kernel: string): void {
    it("every variant, on one case each", async () => {
      const covered: string[] = [];
      for (const { caseName, variants } of (await host.call("cover", kernel)) as readonly CasePart[])
        covered.push(...(await passCase(host, kernel, caseName, variants)));
      expect(covered.length).toBeGreaterThan(0);
      expect(covered.sort()).toEqual(offeredOf(kernel));
    });
  }

  for (const { kernel, cases } of registry) {
    describe(kernel.name, () => {
      if (WANTS_ALL_CASES || always) {
        testAllCases(
          kernel.name,
          cases.filter(({ bench }) => !bench).map(({ name }) => name),
        );
      } else testEachVariant(kernel.name);
    });
  }

  it("asked no other host, and logged no error", () => {
    expect(host.complaints()).toEqual([]);
  });
}
