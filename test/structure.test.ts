/** Which way imports point, and what may stand where. ARCHITECTURE.md gives the reasons. */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { importsOf, isGenerated, repositoryFiles, root, textOf, typescriptBelow } from "./helpers/sources.js";

/** Folders from the top layer to the bottom. A file may import from its own folder and from those below. */
const FLOORS: readonly (readonly string[])[] = [
  ["src/cli"],
  ["bench"],
  ["src"], // the entries: index.ts and node.ts
  ["src/train"],
  ["src/eval"],
  ["src/models"],
  ["src/layers", "src/tuning"],
  ["src/plan"],
  ["src/gpu"],
  ["shaders", "src/weights"],
  ["src/kernel", "src/image"],
  ["src/base"],
];

const sources = ["src", "shaders", "bench"].flatMap(typescriptBelow);
const arrows = sources.flatMap((file) => importsOf(file).map((to) => ({ from: file, to })));

/** The room of a file: its folder, without the folders inside a room. */
function roomOf(file: string): string {
  const [top = "", room = ""] = file.split("/");
  if (top !== "src") return top;
  return room.endsWith(".ts") ? top : `${top}/${room}`;
}
const floorOf = (room: string): number => FLOORS.findIndex((rooms) => rooms.includes(room));
const print = (found: readonly { from: string; to: string }[]): string[] =>
  found.map(({ from, to }) => `${from} -> ${to}`);

describe("rooms", () => {
  it("are the folders of the floor table", () => {
    const rooms = new Set(sources.map(roomOf));
    expect([...rooms].sort()).toEqual(FLOORS.flat().sort());
  });

  it("import only from lower layers", () => {
    const own = arrows.filter(({ to }) => /^(src|shaders|bench)\//.test(to));
    const wrong = own.filter(({ from, to }) => {
      const [a, b] = [roomOf(from), roomOf(to)];
      return a !== b && floorOf(b) <= floorOf(a);
    });
    expect(print(wrong)).toEqual([]);
  });

  it("leave two files beside the folders in src/", () => {
    const files = readdirSync(join(root, "src"), { withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.map(({ name }) => name).sort()).toEqual(["index.ts", "node.ts"]);
  });
});

describe("imports", () => {
  it("of a kernel stay within its folder, src/kernel and src/base", () => {
    const allowed = /^(src\/(kernel|base)\/|shaders\/wgsl\.generated\.ts$)/;
    const kernels = arrows.filter(({ from }) => from.startsWith("shaders/") && from !== "shaders/index.ts");
    expect(print(kernels.filter(({ from, to }) => !allowed.test(to) && dirname(to) !== dirname(from)))).toEqual([]);
  });

  it("resolve to files", () => {
    const own = arrows.filter(({ to }) => /^(src|shaders|bench)\//.test(to) && !isGenerated(to));
    expect(print(own.filter(({ to }) => !existsSync(join(root, to))))).toEqual([]);
  });

  it("of the browser entry never reach a module that needs Node", () => {
    const needsNode = /^(node:|webgpu$|pngjs$|sharp$|tinyglobby$)/;
    const reached = new Set<string>();
    const visit = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      if (/^(src|shaders)\//.test(file) && !isGenerated(file)) importsOf(file).forEach(visit);
    };
    visit("src/index.ts");
    visit("shaders/index.ts");
    visit("src/eval/index.ts");
    visit("src/image/index.ts");
    expect([...reached].filter((to) => needsNode.test(to))).toEqual([]);
  });

  it("of the page are the public entries and the page's own files", () => {
    const outside = typescriptBelow("demo/src").flatMap((from) =>
      importsOf(from)
        .filter((to) => !/^(fcn-webgpu(\/train)?|virtual:thumbnails)$/.test(to) && !to.startsWith("demo/src/"))
        .map((to) => ({ from, to })),
    );
    expect(print(outside)).toEqual([]);
  });
});

describe("names", () => {
  /** Exported by both entries, which differ in what they accept, or by a device's request for each runtime. */
  const shared = new Set(["Comparison", "ComparisonSet", "createFcn", "loadFcn", "openSource", "requestDevice"]);

  it("of exports mean one thing in all rooms and on the page", () => {
    const places = new Map<string, string[]>();
    for (const file of [...sources, ...typescriptBelow("demo/src")]) {
      const declarations = textOf(file).matchAll(
        /^export (?:async )?(?:const|function\*?|class|interface|type) (\w+)/gm,
      );
      for (const [, name = ""] of declarations) places.set(name, [...(places.get(name) ?? []), file]);
    }
    const doubled = [...places].filter(([name, files]) => new Set(files).size > 1 && !shared.has(name));
    expect(doubled).toEqual([]);
  });
});

describe("sources", () => {
  it("of layers contain no WGSL and no GPU objects", () => {
    for (const file of typescriptBelow("src/layers"))
      expect(textOf(file), file).not.toMatch(/GPU[A-Z]|@compute|\.wgsl/);
  });

  it("use no WebGPU global that may be missing at import", () => {
    for (const file of sources) {
      const code = textOf(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
      expect(code, file).not.toMatch(/\bGPU(BufferUsage|TextureUsage|MapMode|ShaderStage)\b/);
    }
  });

  it("name no path of a machine and no download address", () => {
    const readable = /\.(ts|mjs|js|json|md|wgsl|py|yml|yaml|html|css|sh)$|^\.(npmrc|ci)/;
    const files = repositoryFiles().filter((file) => readable.test(file) && !file.startsWith("test/fixtures/"));
    const needles = ["/wor" + "k/", "registry" + ".npm", '"resolved": "' + "http", "http://" + "deb."];
    for (const file of files) {
      const text = textOf(file);
      for (const needle of needles) expect(text.includes(needle), `${file} contains ${needle}`).toBe(false);
    }
  });
});
