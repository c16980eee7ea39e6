/** The kernels' variants for subgroups of sixteen lanes, on lavapipe that is told to use vectors of 512 bits. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { registry } from "../shaders/index.js";
import { defaultVariant, usableVariants } from "../src/kernel/choice.js";
import { makeProblem } from "../src/kernel/kernel.js";
import { useChild } from "./helpers/child.js";
import { useDevice } from "./helpers/device.js";
import { verify } from "./helpers/verify-kernel.js";

// Lavapipe reads it when the device is made. Each test file has a process of its own.
process.env["LP_NATIVE_VECTOR_WIDTH"] = "512";
const device = useDevice();
const VARIANT = "lanes-16";
const run = useChild();

const entries = registry.filter(({ kernel }) => Object.hasOwn(kernel.variants, VARIANT));

it("are those of convolutions", () => {
  const names = entries.map(({ kernel }) => kernel.name).sort();
  expect(names).toEqual(["conv-transpose2d", "conv-transpose2d-input-gradient", "conv2d", "project"]);
});

describe.each(entries)("$kernel.name", (entry) => {
  const { kernel, cases } = entry;

  it("gives the reference's values, and is the default", async () => {
    let ran = 0;
    for (const test of cases.filter(({ bench }) => !bench)) {
      const problem = makeProblem(kernel, test.shapes, test.attrs);
      if (!usableVariants(kernel, problem, device()).includes(VARIANT)) continue;
      expect(defaultVariant(kernel, problem, device())).toBe(VARIANT);
      await verify(device(), entry, VARIANT, test);
      ran += 1;
    }
    // Other adapters have subgroups of another size.
    const isLavapipe = device().adapter.description.includes("llvmpipe");
    expect(ran > 0).toBe(isLavapipe);
  });
});

it("gives the labels of other widths, whatever Mesa's shader cache has of them", async () => {
  const cache = mkdtempSync(join(tmpdir(), "fcn-shader-cache-"));
  const script = `
    import { loadFcn } from "./src/node.js";
    const fcn = await loadFcn({ variant: "fcn32s", resize: "none" });
    const data = Uint8Array.from({ length: 96 * 96 * 4 }, (_, i) => (i % 4 === 3 ? 255 : 127 + 120 * Math.sin(i / 97)));
    console.log((await fcn.segment({ width: 96, height: 96, data })).labels.join());
    fcn.dispose();`;
  const outputs: string[] = [];
  for (const width of ["", "512", ""]) {
    const env = { MESA_SHADER_CACHE_DIR: cache, MESA_SHADER_CACHE_DISABLE: "false", LP_NATIVE_VECTOR_WIDTH: width };
    const { code, out, err } = await run(script, { env });
    expect(code, err).toBe(0);
    outputs.push(out);
  }
  rmSync(cache, { recursive: true });
  expect(outputs[1]).toBe(outputs[0]);
  expect(outputs[2]).toBe(outputs[0]);
});
