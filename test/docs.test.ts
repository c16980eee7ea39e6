/** What README and the guides show is compiled and run as it stands; their commands parse, their links lead somewhere. */
import { execFile } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import ts from "typescript";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { usableVariants } from "../src/kernel/choice.js";
import { makeProblem } from "../src/kernel/kernel.js";
import type { KernelDef } from "../src/kernel/kernel.js";
import type { InputSpecs, OutputSpecs, Attrs } from "../src/kernel/problem.js";
import { register } from "../src/kernel/registry.js";
import type { KernelCase, Reference } from "../src/kernel/registry.js";
import { useDevice } from "./helpers/device.js";
import { PAGES, anchorsOf, commandsOf, linksOf, printedBy } from "./helpers/docs.js";
import { runTool } from "./helpers/installed.js";
import { verify } from "./helpers/verify-kernel.js";

const root = fileURLToPath(new URL("..", import.meta.url));
/** Inside the repository, so that packages are found; the library is a package like the others. */
const scratch = join(root, "out/docs-test");
const guides = PAGES.filter(({ file }) => file === "README.md" || file.startsWith("docs/"));

const code = guides.flatMap(({ file, blocks }) =>
  blocks
    .filter(({ language, words }) => ["ts", "js"].includes(language) && !words.includes("fragment"))
    .map(({ language, words, text, line }) => {
      const page = file.replace(/^docs\/|\.md$/g, "");
      const named = words.find((word) => word.includes("."));
      return {
        title: `${file}:${line}`,
        browser: words.includes("browser"),
        kernel: named?.includes("/") ?? false,
        text,
        path: join(page, named ?? `${line}.${language}`),
      };
    }),
);

interface Ran {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

const run = (args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      [...args],
      { cwd, timeout: 100_000, env: { ...process.env, ...env } },
      (error, out, err) => {
        resolve({
          out,
          err: err.replace(/^Warning: maxDynamic.*\n/gm, ""),
          code: typeof error?.code === "number" ? error.code : Number(error !== null),
        });
      },
    );
  });

beforeAll(() => {
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(join(scratch, "node_modules"), { recursive: true });
  symlinkSync(root, join(scratch, "node_modules/fcn-webgpu"), "junction");
  for (const { path, text } of code) {
    mkdirSync(dirname(join(scratch, path)), { recursive: true });
    writeFileSync(join(scratch, path), text);
  }
  // The guide's kernel stands where its imports expect it.
  const guide = join(scratch, "write-a-kernel");
  symlinkSync(join(root, "src"), join(guide, "src"), "junction");
  const files = guides.flatMap(({ blocks }) => blocks).filter(({ language }) => language === "wgsl");
  const texts = Object.fromEntries(
    files.map(({ words: [name = ""], text }) => [name.replace(/^.*\/|\.wgsl$/g, ""), text]),
  );
  writeFileSync(
    join(guide, "shaders/wgsl.generated.ts"),
    `export const leakyRelu: Readonly<Record<string, string>> = ${JSON.stringify(texts)};\n`,
  );
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe("code", () => {
  it("is in languages that something here looks at", () => {
    const languages = guides.flatMap(({ blocks }) => blocks.map(({ language }) => language));
    expect(languages.filter((language) => !["ts", "js", "sh", "wgsl"].includes(language))).toEqual([]);
  });

  it("has the types it claims", () => {
    const options: ts.CompilerOptions = {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleDetection: ts.ModuleDetectionKind.Force,
      lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts", "lib.esnext.disposable.d.ts"],
      types: ["node", "@webgpu/types"],
      typeRoots: [join(root, "node_modules/@types"), join(root, "node_modules")],
      strict: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: true,
      noEmit: true,
    };
    const program = ts.createProgram(
      code.map(({ path }) => join(scratch, path)),
      options,
    );
    const problems = ts
      .getPreEmitDiagnostics(program)
      .map(
        ({ file, start = 0, messageText }) =>
          `${file?.fileName ?? ""}:${(file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1} ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
      );
    expect(problems).toEqual([]);
  });

  it.each(code.filter(({ browser, kernel }) => !browser && !kernel))("runs: $title", async ({ text, path }) => {
    const script = join(scratch, `${path}.mjs`);
    writeFileSync(
      script,
      ts.transpileModule(text, { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext } })
        .outputText,
    );
    const { code: exit, out, err } = await run([script], root);
    expect([exit, err]).toEqual([0, ""]);
    const printed = out.split("\n");
    for (const line of printedBy(text)) expect(printed).toContain(line);
  });

  it.each(code.filter(({ browser }) => browser))("bundles for a page: $title", async ({ path }) => {
    const input = join(scratch, path);
    await build({
      root: scratch,
      configFile: false,
      logLevel: "silent",
      build: { write: false, target: "es2022", minify: false, rolldownOptions: { input } },
      worker: { format: "es" },
    });
  });
});

describe("the kernel of the guide", () => {
  const device = useDevice();

  it("passes its cases in every variant", async () => {
    const load = async (file: string): Promise<Record<string, unknown>> =>
      (await import(pathToFileURL(join(scratch, "write-a-kernel/shaders/leaky-relu", file)).href)) as Record<
        string,
        unknown
      >;
    const [{ leakyRelu }, { leakyReluReference }, { leakyReluCases }] = [
      await load("kernel.ts"),
      await load("reference.ts"),
      await load("cases.ts"),
    ];
    const cases = leakyReluCases as readonly KernelCase[];
    const entry = register(
      leakyRelu as KernelDef<InputSpecs, OutputSpecs, Attrs>,
      leakyReluReference as Reference,
      cases,
    );
    // The one block that is no module of its own: the line for the registry, which is what the call above is.
    const fragments = guides.flatMap(({ blocks }) =>
      blocks.filter(({ words }) => words.includes("fragment")).map(({ text }) => text.trim()),
    );
    expect(fragments).toEqual(["register(leakyRelu, leakyReluReference, leakyReluCases),"]);
    const ran = new Set<string>();
    for (const test of cases) {
      for (const variant of usableVariants(
        entry.kernel,
        makeProblem(entry.kernel, test.shapes, test.attrs),
        device(),
      )) {
        await verify(device(), entry, variant, test);
        ran.add(variant);
      }
    }
    expect([...ran]).toEqual(Object.keys(entry.kernel.variants));
  });
});

describe("commands", () => {
  const folder = mkdtempSync(join(tmpdir(), "fcn-docs-"));
  const commands = [...new Set(guides.flatMap((page) => commandsOf(page).map((words) => words.join(" "))))];
  beforeAll(() => copyFileSync(join(root, "test/fixtures/val/15.png"), join(folder, "photo.png")));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("there are some", () => expect(commands.length).toBeGreaterThan(8));

  // Without a driver they get as far as the device, or to a picture or checkpoint that is not here: past the option parser in any case.
  it.each(commands)("fcn %s", async (command) => {
    const { code: exit, err } = await run([join(root, "dist/src/cli/main.js"), ...command.split(" ")], folder, {
      VK_DRIVER_FILES: "/dev/null",
      VK_ICD_FILENAMES: "/dev/null",
    });
    if (exit !== 0)
      expect(err).toMatch(
        /no WebGPU adapter|no graphics adapter|no such file|there is no (file|folder|list)|there are no results/,
      );
    expect(err).not.toMatch(/unknown option|there is no command|see fcn|is not one of/i);
  });

  it("of npm are in package.json", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const named = PAGES.flatMap(({ text }) =>
      [...text.matchAll(/npm run (?:-s )?([\w-]+)/g)].map(([, name]) => name ?? ""),
    );
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

it("troubleshooting goes through every error code, and no other", () => {
  const union =
    /export type FcnErrorCode =([\s\S]*?);/.exec(readFileSync(join(root, "src/base/errors.ts"), "utf8"))?.[1] ?? "";
  const codes = [...union.matchAll(/"([a-z-]+)"/g)].map(([, name]) => name);
  const text = PAGES.find(({ file }) => file === "docs/troubleshooting.md")?.text ?? "";
  expect([...text.matchAll(/^## ([a-z-]+)$/gm)].map(([, heading]) => heading)).toEqual(codes);
});

describe("links", () => {
  it.each(PAGES)("of $file lead somewhere", ({ file, text }) => {
    const broken = linksOf(text).filter((link) => {
      const [to = "", anchor] = link.split("#");
      const path = to === "" ? join(root, file) : join(root, dirname(file), to);
      return !existsSync(path) || (anchor !== undefined && !anchorsOf(readFileSync(path, "utf8")).includes(anchor));
    });
    expect(broken).toEqual([]);
  });
});

it("typedoc makes the API reference without a warning", async () => {
  const { code: exit, out, err } = await runTool("typedoc", ["--out", join(scratch, "api")], root);
  expect([exit, out, err.replace(/^npm warn.*\n/gm, "")]).toEqual([
    0,
    expect.not.stringMatching(/warning/i),
    expect.not.stringMatching(/warning/i),
  ]);
});
