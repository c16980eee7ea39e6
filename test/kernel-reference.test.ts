/** docs/kernels.md tells what the declarations say. */
import { expect, it } from "vitest";
import { registry } from "../shaders/index.js";
import { kernelReference } from "./helpers/kernel-reference.js";

it("docs/kernels.md is as the kernels are declared; vitest -u writes it", async () => {
  await expect(await kernelReference()).toMatchFileSnapshot("../docs/kernels.md");
});

it("every kernel and attribute has its line", async () => {
  const text = await kernelReference();
  for (const { kernel } of registry) {
    const own = text.split(`\n## ${kernel.name}\n`)[1]?.split("\n## ")[0] ?? "";
    for (const key of [...Object.keys(kernel.inputs), ...Object.keys(kernel.attrs), ...Object.keys(kernel.outputs)])
      expect(own, kernel.name).toContain(`- \`${key}\`: `);
    expect(own, kernel.name).toMatch(/^\n\S[\s\S]{30}/);
    expect(text).toContain(`- [${kernel.name}](#${kernel.name}): `);
  }
});
