/** What the package contains, and what its modules do on import alone. */
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { compact, shorten } from "../../scripts/compact-wgsl.mjs";
import { publishedShaders, readShaders } from "../../scripts/kernels.mjs";
import { registry } from "../../shaders/index.js";
import { withConsts } from "../../src/gpu/wgsl-edit.js";
import { useDevice } from "../helpers/device.js";
import { useInstalled } from "../helpers/installed.js";

const installed = useInstalled();
const files = (): string[] =>
  readdirSync(installed().package, { recursive: true, encoding: "utf8" })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => statSync(join(installed().package, file)).isFile());
const text = (file: string): string => readFileSync(join(installed().package, file), "utf8");

/** Files that a module names by relative paths: imports, URLs and source maps. */
function namedFiles(code: string): string[] {
  const patterns = [
    /(?:from|import)\s*\(?\s*"(\.[^"]+)"/g,
    /new URL\("(\.[^"]+)", import\.meta\.url\)/g,
    /sourceMappingURL=(\S+)/g,
  ];
  const named = patterns.flatMap((pattern) => [...code.matchAll(pattern)].map(([, file = ""]) => file));
  return named.map((file) => file.replace(/\?no-inline$/, "")); // which tells Vite to keep a file
}

/** Packages and Node modules that a module imports. */
function importedPackages(code: string): string[] {
  const patterns = [/^(?:import|export)[^"]*? from "([^".][^"]*)"/gm, /\bimport\("([^".][^"]*)"\)/g];
  const withoutDocstrings = code.replace(/^ *\/?\*.*$/gm, ""); // their examples import this package
  return patterns.flatMap((pattern) => [...withoutDocstrings.matchAll(pattern)].map(([, name = ""]) => name));
}

describe("the tarball", () => {
  it("holds the build, the weights and the documents, and nothing else", () => {
    const expected = [
      /^dist\/(src|shaders)\/.*\.(js|d\.ts)$/,
      /^dist\/bundles\/node\/[\w.-]+\.js$/,
      /^dist\/types\/\w+\.d\.ts$/,
      /^dist\/weights\/[\w.-]+\.(safetensors|json|md)$/,
      /^((README|NOTICE|ARCHITECTURE|CHANGELOG|CONTRIBUTING)\.md|LICENSE|package\.json)$/,
      /^(docs\/.*\.(md|png|svg)|weights\/README\.md|schemas\/output\.schema\.json)$/,
      /^samples\/(bird(\.label)?\.png|photographs\/(README\.md|chelsea\.png))$/,
    ];
    expect(files().filter((file) => !expected.some((pattern) => pattern.test(file)))).toEqual([]);
    for (const file of ["README.md", "LICENSE", "NOTICE.md", "dist/weights/manifest.json"]) {
      expect(files()).toContain(file);
    }
  });

  it("contains every file that its modules name", () => {
    const exists = (from: string, to: string): boolean => existsSync(join(installed().package, dirname(from), to));
    // src/cli looks for package.json both from the sources and from the build.
    const known = "../../package.json";
    const missing = files()
      .filter((file) => /\.(js|d\.ts)$/.test(file))
      .flatMap((file) => namedFiles(text(file)).map((to) => ({ file, to })))
      .filter(({ file, to }) => to !== known && !exists(file, to));
    expect(missing).toEqual([]);
  });

  it("contains every file that package.json names", () => {
    const { exports, bin } = installed().manifest;
    const exported = Object.values(exports).flatMap((target) =>
      typeof target === "string" ? target : Object.values(target),
    );
    const missing = [...exported, ...Object.values(bin)]
      .map((target) => target.replace(/\*$/, ""))
      .filter((target) => !existsSync(join(installed().package, target)));
    expect(missing).toEqual([]);
  });

  it("imports only packages that are dependencies", () => {
    const modules = files().filter((file) => file.endsWith(".js"));
    const imported = new Set(modules.flatMap((file) => importedPackages(text(file))));
    const known = [...Object.keys(installed().manifest.dependencies), "sharp"];
    expect([...imported].filter((name) => !name.startsWith("node:") && !known.includes(name))).toEqual([]);
  });
});

/** Globals that some runtimes lack. */
const OPTIONAL_GLOBALS = [
  ...["navigator", "document", "window", "self", "location"],
  ...["GPU", "GPUAdapter", "GPUDevice", "GPUBufferUsage", "GPUTextureUsage", "GPUMapMode", "GPUShaderStage"],
  ...["GPUOutOfMemoryError", "ImageData", "OffscreenCanvas", "HTMLCanvasElement"],
  ...["caches", "indexedDB", "localStorage"],
];

it("imports every entry without reading a global that a runtime may lack", async () => {
  const entries = Object.keys(installed().manifest.exports).filter((entry) => !/\*|\.json$/.test(entry));
  installed().write(
    "bare.mjs",
    `for (const name of ${JSON.stringify(OPTIONAL_GLOBALS)}) {
      Object.defineProperty(globalThis, name, { configurable: true, get() { throw new Error("read " + name); } });
    }
    const before = Object.getOwnPropertyNames(globalThis).length;
    for (const entry of ${JSON.stringify(entries)}) {
      const names = Object.keys(await import(entry.replace(".", "fcn-webgpu")));
      console.log(entry, names.length > 0);
    }
    console.log("new globals:", Object.getOwnPropertyNames(globalThis).length - before);`,
  );
  const { out, err } = await installed().node("bare.mjs");
  expect(err).toBe("");
  expect(out.trim().split("\n")).toEqual([...entries.map((entry) => `${entry} true`), "new globals: 0"]);
});

describe("published shaders", () => {
  const device = useDevice();
  const published = publishedShaders();

  it("are the ones in the package", () => {
    const common = text("dist/shaders/wgsl.generated.js");
    const rare = text("dist/src/gpu/rare-shaders.bundle.js");
    for (const [name, shader] of Object.entries(published)) {
      const isRare = rare.includes(`${JSON.stringify(name)}: `);
      expect(isRare ? rare : common, name).toContain(JSON.stringify(shader));
      expect(isRare ? common : rare, name).not.toContain(JSON.stringify(shader));
    }
    for (const packaged of [common, rare]) expect(packaged.replace(/^\/\*\*.*\n/, "")).not.toMatch(/\/\/|\/\*/);
  });

  it("keep the spaces that separate tokens", () => {
    const source = `// head
let a = b - -c; // tail

  if (x < 1 && -y > = z) { return array<f32, 4>(1.0, - 2.0); }
`;
    expect(compact(source)).toBe("let a=b- -c;\nif(x<1&& -y> =z){return array<f32,4>(1.0,-2.0);}\n");
  });

  it("name what they declare by two letters, the same in all, and leave the host's names and WGSL's", () => {
    const shaders = {
      a: "override SIZE:u32=1;const TILE=2;struct Params{size:u32,}fn load(at:u32)->u32{return at+SIZE;}",
      b: "fn main(@builtin(workgroup_id)workgroup_id:vec3u){let size=dot(load.xyz,size);}",
    };
    expect(shorten(shaders)).toEqual({
      a: "override SIZE:u32=1;const TILE=2;struct ab{aa:u32,}fn ac(at:u32)->u32{return at+SIZE;}",
      b: "fn main(@builtin(workgroup_id)ad:vec3u){let aa=dot(load.xyz,aa);}",
    });
  });

  it("take the constants of their variants", () => {
    for (const { kernel } of registry) {
      for (const { wgsl: file, consts, shared } of Object.values(kernel.variants)) {
        const shader = published[`${shared?.kernel ?? kernel.name}/${file}`] ?? "";
        const set = withConsts(shader, consts, file);
        for (const [name, value] of Object.entries(consts ?? {}))
          expect(set).toMatch(new RegExp(`^const ${name}:\\w+=${value};`, "m"));
      }
    }
  });

  it("compile wherever the sources do", async () => {
    const { gpu } = device();
    const problems = async (code: string): Promise<number> => {
      gpu.pushErrorScope("validation");
      const { messages } = await gpu.createShaderModule({ code }).getCompilationInfo();
      await gpu.popErrorScope();
      return messages.filter(({ type }) => type !== "info").length;
    };
    for (const [name, source] of Object.entries(readShaders())) {
      expect([name, await problems(published[name] ?? "")]).toEqual([name, await problems(source)]);
    }
  });
});
