/** The house keeps its shape: which way imports point, what may stand where, no orphans. ARCHITECTURE.md says why. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { registry } from "../shaders/index.js";

const root = fileURLToPath(new URL("..", import.meta.url));

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder)).flatMap((name) => {
    const path = `${folder}/${name}`;
    return statSync(join(root, path)).isDirectory() ? filesBelow(path) : [path];
  });
}

const sources = [...filesBelow("src"), ...filesBelow("shaders")].filter(
  (f) => f.endsWith(".ts") && !f.endsWith(".generated.ts"),
);
const text = new Map(sources.map((file) => [file, readFileSync(join(root, file), "utf8")]));
const importsOf = (file: string): string[] =>
  [...(text.get(file) ?? "").matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(([, to]) => to ?? "");
/** As a path in the repository, `.ts`; bare names stay as they are. */
const resolved = (file: string, to: string): string =>
  to.startsWith(".") ? relative(root, join(root, dirname(file), to)).replace(/\.js$/, ".ts") : to;
const arrows = sources.flatMap((file) => importsOf(file).map((to) => [file, resolved(file, to)] as const));

/** Rooms from the top of the house down; a file may import from its own room and below. */
const FLOORS: readonly (readonly [string, RegExp])[] = [
  ["cli", /^src\/cli\//],
  ["entries", /^src\/(index|node)\.ts$/],
  ["models, evaluation", /^src\/(models|eval)\//],
  ["layers", /^src\/layers\//],
  [
    "engine",
    /^src\/(plan[a-z-]*|lower|arena|tuner|tuning-store|node-tuning-store|measure-variant|weight-store|allocations|run-kernel|tensor|pipelines|dispatch|memory|device|node-device|stage-timer|subgroup-matrix|gpu-flags|wgsl-edit)\.ts$/,
  ],
  ["graph, weights, pictures", /^src\/(graph\.ts$|weights\/|image\/)/],
  ["shaders", /^shaders\//],
  ["declarations and arithmetic", /^src\/(kernel|layout|shape|geometry|statistics|errors|options|abort)\.ts$/],
];
const floorOf = (file: string): number => FLOORS.findIndex(([, pattern]) => pattern.test(file));

describe("imports", () => {
  it("find every file on a floor", () => {
    expect(sources.filter((file) => floorOf(file) < 0)).toEqual([]);
    expect(FLOORS.filter(([, pattern]) => !sources.some((file) => pattern.test(file))).map(([name]) => name)).toEqual(
      [],
    );
  });

  it("point down", () => {
    const up = arrows.filter(([from, to]) => floorOf(to) >= 0 && floorOf(to) < floorOf(from));
    expect(up.map(([from, to]) => `${from} -> ${to}`)).toEqual([]);
  });

  it("of kernels stay within their folder and the declarations", () => {
    const allowed = /^(src\/(kernel|shape|errors|layout)|shaders\/wgsl\.generated)\.ts$/;
    const bad = arrows.filter(
      ([from, to]) =>
        from.startsWith("shaders/") &&
        from !== "shaders/index.ts" &&
        !allowed.test(to) &&
        dirname(to) !== dirname(from),
    );
    expect(bad.map(([from, to]) => `${from} -> ${to}`)).toEqual([]);
  });

  it("resolve to files", () => {
    const missing = arrows.filter(([, to]) => /^(src|shaders)\//.test(to) && !existsSync(join(root, to)));
    expect(missing).toEqual([]);
  });

  it("of Node and its packages stay in the Node-only files", () => {
    const nodeOnly =
      /^src\/(cli\/|node\.ts|node-device\.ts|node-tuning-store\.ts|weights\/(file-source|disk-cache)\.ts|image\/(png|decode)\.ts)/;
    const bad = arrows.filter(([from, to]) => /^(node:|webgpu$|pngjs$|sharp$)/.test(to) && !nodeOnly.test(from));
    expect(bad.map(([from, to]) => `${from} -> ${to}`)).toEqual([]);
  });

  it("of the browser entry never reach a Node-only file", () => {
    const seen = new Set<string>();
    const visit = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const to of importsOf(file)) visit(resolved(file, to));
    };
    visit("src/index.ts");
    expect([...seen].filter((to) => /^(node:|webgpu$|pngjs$|sharp$)/.test(to))).toEqual([]);
  });
});

describe("the page", () => {
  it("imports the library's public entry, its own files and no other", () => {
    for (const file of filesBelow("demo/src").filter((f) => f.endsWith(".ts"))) {
      const imports = [...readFileSync(join(root, file), "utf8").matchAll(/from "([^"]+)"/g)].map(([, to]) => to ?? "");
      expect(
        imports.filter((to) => to !== "fcn-webgpu" && !resolved(file, to).startsWith("demo/src/")),
        file,
      ).toEqual([]);
    }
  });
});

describe("files", () => {
  it("of layers know no WGSL and no GPU objects", () => {
    for (const [file, content] of text)
      if (file.startsWith("src/layers/")) expect(content, file).not.toMatch(/GPU[A-Z]|@compute|\.wgsl/);
  });

  it("name no WebGPU global that may be missing at import", () => {
    for (const [file, content] of text) {
      const code = content.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
      expect(code, file).not.toMatch(/\bGPU(BufferUsage|TextureUsage|MapMode|ShaderStage)\b/);
    }
  });

  it("are at most 300 lines", () => {
    const long = [...text].filter(
      ([file, content]) => file !== "src/image/glyphs.generated.ts" && content.split("\n").length > 301,
    );
    expect(long.map(([file]) => file)).toEqual([]);
  });

  it("of shaders are all used, and every folder is registered", () => {
    const folders = readdirSync(join(root, "shaders"), { withFileTypes: true }).filter((e) => e.isDirectory());
    expect(folders.map((e) => e.name).sort()).toEqual(registry.map((e) => e.kernel.name).sort());
    for (const { kernel } of registry) {
      const used = new Set(Object.values(kernel.variants).map(({ wgsl }) => `${wgsl}.wgsl`));
      const there = readdirSync(join(root, "shaders", kernel.name)).filter((f) => f.endsWith(".wgsl"));
      expect(there.sort(), kernel.name).toEqual([...used].sort());
      expect(Object.keys(kernel.variants)[0], "the naive variant comes first, where there is one").toMatch(
        /naive|^to-f16$|^nearest$/,
      );
    }
  });

  it("in git name no path of a machine and no download address", () => {
    const listed = execFileSync("git", ["ls-files"], { cwd: root, encoding: "utf8" }).split("\n").filter(Boolean);
    const readable = listed.filter(
      (f) =>
        /\.(ts|mjs|js|json|md|wgsl|py|yml)$|^\.(npmrc|ci)/.test(f) &&
        existsSync(join(root, f)) &&
        !f.startsWith("test/fixtures/"),
    );
    const needles = ["/wor" + "k/", "registry" + ".npm", '"resolved": "' + "http", "http://" + "deb."];
    for (const file of readable) {
      const content = readFileSync(join(root, file), "utf8");
      for (const needle of needles) expect(content.includes(needle), `${file} holds ${needle}`).toBe(false);
    }
  });
});
