/** The shaders against their declarations: uniforms, bindings, constants and workgroup sizes are written twice, and must agree. */
import { describe, expect, it } from "vitest";
import { registry } from "../shaders/index.js";
import { withConsts } from "../src/gpu/wgsl-edit.js";
import { makeProblem } from "../src/kernel/kernel.js";

const variants = registry.flatMap((entry) =>
  Object.entries(entry.kernel.variants).map(([name, variant]) => ({
    label: `${entry.kernel.name}/${name}`,
    entry,
    variant,
    file: `${entry.kernel.name}/${variant.wgsl}`,
  })),
);

describe.each(variants)("$label", ({ entry, variant, file }) => {
  const { kernel, cases } = entry;
  const source = withConsts(kernel.shaders[variant.wgsl] ?? "", variant.consts, file);
  const first = cases[0];
  if (!first) throw new Error(`${kernel.name} has no case`);
  const problem = makeProblem(kernel, first.shapes, first.attrs);

  it("declares struct Params as the kernel packs it", () => {
    const body = /struct Params \{([^}]*)\}/.exec(source)?.[1] ?? "";
    const fields = [...body.matchAll(/^\s*([a-z0-9_]+): ([a-z0-9]+),/gm)].map(([, name, type]) => [name, type]);
    const declared = Object.entries((variant.params ?? kernel.params)(problem)).map(([name, { type }]) => [name, type]);
    expect(fields).toEqual(declared);
  });

  it("binds inputs, outputs and uniforms in the declared order", () => {
    const bound = [
      ...source.matchAll(/@group\(0\) @binding\((\d+)\) var(?:<([a-z_, ]+)>)? ([a-zA-Z0-9_]+): ([a-zA-Z0-9_]+)/g),
    ];
    expect(bound.map(([, index]) => Number(index))).toEqual(bound.map((_, i) => i));
    const wanted = [...Object.keys(kernel.inputs), ...Object.keys(kernel.outputs), "params"];
    // `std` is a word that WGSL keeps for itself
    expect(bound.map(([, , , name]) => (name === "deviation" ? "std" : name))).toEqual(wanted);
    for (const [, , access, name, type] of bound) {
      if (type === "texture_storage_2d") continue;
      const expected =
        name === "params"
          ? "uniform"
          : name !== undefined && name in kernel.outputs
            ? "storage, read_write"
            : "storage, read";
      expect(access).toBe(expected);
    }
  });

  it("declares every pipeline constant it is given", () => {
    const declared = [...source.matchAll(/^override ([A-Z0-9_]+):/gm)].map(([, name]) => name);
    for (const name of Object.keys((variant.overrides ?? kernel.overrides)(problem))) expect(declared).toContain(name);
  });

  it("has the workgroup size the plan divides by", () => {
    const [, inside = ""] = /@workgroup_size\(([^)]*)\)/.exec(source) ?? [];
    const sizes = inside.split(",").map((part) => {
      const text = part.trim();
      return Number(/^\d+$/.test(text) ? text : new RegExp(`^const ${text}: u32 = (\\d+);`, "m").exec(source)?.[1]);
    });
    expect([...sizes, 1, 1].slice(0, 3)).toEqual([...variant.workgroup]);
  });
});

describe("withConsts", () => {
  it("replaces a named top-level const and refuses a name that is not there", () => {
    expect(withConsts("const TM: u32 = 4; // rows\n", { TM: 8 }, "x")).toBe("const TM: u32 = 8; // rows\n");
    expect(() => withConsts("  const TM: u32 = 4;", { TM: 8 }, "x/y")).toThrow(
      'x/y.wgsl has no top-level "const TM: ... = ...;" to set',
    );
  });
});
