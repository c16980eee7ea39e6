/** What is in the package, and what its modules do when they are only imported. */
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { compact } from "../../scripts/compact-wgsl.mjs";
import { readShaders } from "../../scripts/kernels.mjs";
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

describe("the tarball", () => {
  it("holds the build, the weights and the papers, and nothing else", () => {
    const known =
      /^(dist\/(src|shaders|bench)\/.*\.(js|d\.ts)|dist\/types\/\w+\.d\.ts|dist\/weights\/[\w.-]+\.(safetensors|json|md)|(README|NOTICE)\.md|LICENSE|package\.json)$/;
    expect(files().filter((file) => !known.test(file))).toEqual([]);
    for (const file of ["README.md", "LICENSE", "NOTICE.md", "dist/weights/manifest.json"])
      expect(files()).toContain(file);
  });

  it("names no file that is not in it", () => {
    const missing = files()
      .filter((file) => /\.(js|d\.ts)$/.test(file))
      .flatMap((file) => {
        const code = text(file);
        const named = [
          ...code.matchAll(
            /(?:from|import)\s*\(?\s*"(\.[^"]+)"|new URL\("(\.[^"]+)", import\.meta\.url\)|sourceMappingURL=(\S+)/g,
          ),
        ].map(([, a, b, c]) => a ?? b ?? c ?? "");
        // src/cli looks for package.json both from the sources and from the build.
        return named
          .filter((to) => to !== "../../package.json" && !existsSync(join(installed().package, dirname(file), to)))
          .map((to) => `${file} -> ${to}`);
      });
    expect(missing).toEqual([]);
  });

  it("has every file that package.json promises", () => {
    const { exports, bin } = installed().manifest;
    const targets = [
      ...Object.values(exports).flatMap((target) => (typeof target === "string" ? target : Object.values(target))),
      ...Object.values(bin),
    ];
    const missing = targets
      .map((target) => target.replace(/\*$/, ""))
      .filter((target) => !existsSync(join(installed().package, target)));
    expect(missing).toEqual([]);
  });

  it("asks in its modules for no package that is not a dependency", () => {
    const modules = files().filter((file) => file.endsWith(".js"));
    const asked = new Set(
      modules.flatMap((file) =>
        [...text(file).matchAll(/^(?:import|export)[^"]*? from "([^".][^"]*)"|\bimport\("([^".][^"]*)"\)/gm)].map(
          ([, a, b]) => a ?? b ?? "",
        ),
      ),
    );
    const known = [...Object.keys(installed().manifest.dependencies), "sharp"];
    expect([...asked].filter((name) => !name.startsWith("node:") && !known.includes(name))).toEqual([]);
  });
});

it("imports every entry without looking at a global that a runtime may lack", async () => {
  const entries = Object.keys(installed().manifest.exports).filter((entry) => !/\*|\.json$/.test(entry));
  installed().write(
    "bare.mjs",
    `const absent = ["navigator", "document", "window", "self", "location", "GPU", "GPUAdapter", "GPUDevice", "GPUBufferUsage", "GPUTextureUsage", "GPUMapMode", "GPUShaderStage", "GPUOutOfMemoryError",
      "ImageData", "OffscreenCanvas", "HTMLCanvasElement", "caches", "indexedDB", "localStorage"];
    for (const name of absent) {
      Object.defineProperty(globalThis, name, { configurable: true, get() { throw new Error("looked at " + name); } });
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

describe("compact shaders", () => {
  const device = useDevice();

  it("are what the package carries", () => {
    const carried = text("dist/shaders/wgsl.generated.js");
    for (const [name, source] of Object.entries(readShaders()))
      expect(carried, name).toContain(JSON.stringify(compact(source)));
    expect(carried.replace(/^\/\*\*.*\n/, "")).not.toMatch(/\/\/|\/\*/);
  });

  it("keep apart what belongs apart", () => {
    expect(
      compact("// head\nlet a = b - -c; // tail\n\n  if (x < 1 && -y > = z) { return array<f32, 4>(1.0, - 2.0); }\n"),
    ).toBe("let a=b- -c;\nif(x<1&& -y> =z){return array<f32,4>(1.0,-2.0);}\n");
  });

  it("take the numbers of their variants", () => {
    for (const { kernel } of registry) {
      for (const { wgsl: file, consts } of Object.values(kernel.variants)) {
        const source = readShaders()[`${kernel.name}/${file}`] ?? "";
        expect(withConsts(compact(source), consts, file)).toBe(compact(withConsts(source, consts, file)));
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
    for (const [name, source] of Object.entries(readShaders()))
      expect([name, await problems(compact(source))]).toEqual([name, await problems(source)]);
  });
});
