/** The shaders against each other and against their declarations, which repeat uniforms, bindings and constants. */
import { describe, expect, it } from "vitest";
import { registry } from "../shaders/index.js";
import { slotsOf } from "../src/gpu/bindings.js";
import type { Slot } from "../src/gpu/bindings.js";
import { withConsts } from "../src/gpu/wgsl-edit.js";
import { makeProblem } from "../src/kernel/kernel.js";
import { shaderText, shaders, sharedDeclarations, withoutStorage } from "./helpers/wgsl.js";
import type { Declaration } from "./helpers/wgsl.js";

const variants = registry.flatMap((entry) =>
  Object.entries(entry.kernel.variants).map(([name, variant]) => ({
    label: `${entry.kernel.name}/${name}`,
    entry,
    variant,
    file: `${entry.kernel.name}/${variant.wgsl}`,
  })),
);

/**
 * How WGSL declares a binding: `var<storage, read>` for a buffer, `texture_storage_2d<rgba32float, read>` for a
 * texture.
 */
function declarationOf({ access, kind }: Slot): string {
  if (kind === "texture") return `texture_storage_2d<rgba32float, ${access === "input" ? "read" : "write"}>`;
  return access === "input" ? "var<storage, read>" : "var<storage, read_write>";
}

describe.each(variants)("$label", ({ entry, variant, file }) => {
  const { kernel, cases } = entry;
  const source = withConsts(kernel.shaders[variant.wgsl] ?? "", variant.consts, file);
  const first = cases[0];
  if (!first) throw new Error(`${kernel.name} has no case`);
  const problem = makeProblem(kernel, first.shapes, first.attrs);

  it("declares struct Params as the kernel packs it", () => {
    const body = /struct Params \{([^}]*)\}/.exec(source)?.[1] ?? "";
    const fields = [...body.matchAll(/^\s*([a-z0-9_]+): ([a-z0-9]+),/gm)].map(([, name, type]) => [name, type]);
    const packed = (variant.params ?? kernel.params)(problem);
    expect(fields).toEqual(Object.entries(packed).map(([name, { type }]) => [name, type]));
  });

  it("binds inputs, outputs and uniforms in the declared order", () => {
    const pattern = /@group\(0\) @binding\((\d+)\) (var(?:<[a-z_, ]+>)?) ([a-zA-Z0-9_]+): ([^;]+);/g;
    const bound = [...source.matchAll(pattern)].map(([, index, space = "", name = "", type = ""]) => ({
      index: Number(index),
      name: name === "deviation" ? "std" : name, // WGSL reserves `std`
      declaration: type.startsWith("texture") ? type : space,
    }));
    const shaderNames = Object.keys(variant.shared?.operands ?? {});
    const operands = slotsOf(kernel, variant).map((slot, i) => ({
      name: shaderNames[i] ?? slot.key,
      declaration: declarationOf(slot),
    }));
    const wanted = [...operands, { name: "params", declaration: "var<uniform>" }];
    expect(bound).toEqual(wanted.map((binding, index) => ({ index, ...binding })));
  });

  it("declares every pipeline constant it is given", () => {
    const declared = [...source.matchAll(/^override ([A-Z0-9_]+):/gm)].map(([, name]) => name);
    for (const name of Object.keys((variant.overrides ?? kernel.overrides)(problem))) expect(declared).toContain(name);
  });

  it("has the workgroup size the plan divides by", () => {
    const [, inside = ""] = /@workgroup_size\(([^)]*)\)/.exec(source) ?? [];
    const sizes = inside.split(",").map((part) => {
      const text = part.trim();
      if (/^\d+$/.test(text)) return Number(text);
      return Number(new RegExp(`^const ${text}: u32 = (\\d+);`, "m").exec(source)?.[1]);
    });
    expect([...sizes, 1, 1].slice(0, 3)).toEqual([...variant.workgroup]);
  });
});

const sharing = variants.flatMap(({ label, entry: { kernel }, variant: { shared, layouts = {} } }) =>
  shared ? [{ label, kernel, layouts, operands: Object.values(shared.operands) }] : [],
);

it.each(sharing)("$label binds all operands of its kernel, and what is absent has a layout", (variant) => {
  const own = [...Object.keys(variant.kernel.inputs), ...Object.keys(variant.kernel.outputs)];
  expect(variant.operands).toEqual(expect.arrayContaining(own));
  const absent = variant.operands.filter((name) => !own.includes(name) && name !== "bias");
  expect(Object.keys(variant.layouts)).toEqual(expect.arrayContaining(absent));
});

describe("withConsts", () => {
  it("replaces a named top-level const and refuses a name that is not there", () => {
    expect(withConsts("const TM: u32 = 4; // rows\n", { TM: 8 }, "x")).toBe("const TM: u32 = 8; // rows\n");
    expect(() => withConsts("  const TM: u32 = 4;", { TM: 8 }, "x/y")).toThrow(
      'x/y.wgsl has no top-level "const TM: ... = ...;" to set',
    );
  });
});

describe("shaders among each other", () => {
  it("have one text for each helper function and struct, and where it mentions an alias, one for each type", () => {
    const first = new Map<string, Declaration>();
    const conflicts: string[] = [];
    for (const declaration of Object.keys(shaders).flatMap(sharedDeclarations)) {
      const { name, shader, text } = declaration;
      const known = first.get(name) ?? declaration;
      first.set(name, known);
      if (known.text !== text) conflicts.push(`${name} differs between ${known.shader} and ${shader}`);
    }
    expect(conflicts).toEqual([]);
    expect([...first.keys()]).toEqual(expect.arrayContaining(["divide", "load (Stored = vec4f)", "Position"]));
  });

  it.each([
    ["conv2d/tiled", "conv2d/tiled-f16"],
    ["project/split", "project/split-f16"],
    ["depthwise-conv2d/strips", "depthwise-conv2d/strips-f16"],
    ["global-average-pool/tree", "global-average-pool/tree-f16"],
  ])("%s and %s differ in the head comment, `Stored`, `load` and `store` alone", (f32, f16) => {
    expect(shaderText(f32)).toContain("alias Stored = vec4f;");
    expect(shaderText(f16)).toContain("alias Stored = vec2u;");
    const common = withoutStorage(shaderText(f32));
    expect(withoutStorage(shaderText(f16))).toBe(common);
    expect(common).not.toMatch(/^(alias Stored|fn (load|store)\()/m);
  });

  it("use no atomic operation, whose order would differ from run to run", () => {
    for (const [name, text] of Object.entries(shaders)) expect(text, name).not.toMatch(/\batomic/);
  });

  it("say at the top what they are and how their operands are laid out", () => {
    for (const [name, text] of Object.entries(shaders)) {
      const title = `// ${name.replace("/", ", ")}: `;
      expect(text.startsWith(title), `${name} begins with "${title}"`).toBe(true);
      expect(text, name).toMatch(/^(\/\/ .*\n)+\/\/ Operands:\n\/\/ {3}\S/);
    }
  });
});
