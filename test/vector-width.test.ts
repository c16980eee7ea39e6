/** Lavapipe that is told to use vectors of another width: the subgroups have sixteen lanes then. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { useChild } from "./helpers/child.js";

const run = useChild();

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
