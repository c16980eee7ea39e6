/** The code of README and guides compiles and runs as it stands, their commands parse, their links lead somewhere. */
import { copyFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { usableVariants } from "../src/kernel/choice.js";
import { makeProblem } from "../src/kernel/kernel.js";
import type { KernelDef } from "../src/kernel/kernel.js";
import type { InputSpecs, OutputSpecs, Attrs } from "../src/kernel/problem.js";
import { register } from "../src/kernel/registry.js";
import type { KernelCase, Reference, RegistryEntry } from "../src/kernel/registry.js";
import { DENO_RUN, denoEnvironment, denoProgram } from "./helpers/deno.js";
import { useDevice } from "./helpers/device.js";
import {
  EXAMPLES,
  GUIDE_KERNEL,
  PROJECT,
  removeProject,
  typeErrorsOf,
  writeProject,
  writeScript,
} from "./helpers/docs-project.js";
import { GUIDES, PAGES, anchorsOf, commandsOf, linksOf, printedBy } from "./helpers/docs.js";
import { runTool } from "./helpers/installed.js";
import { runProgram } from "./helpers/run-program.js";
import type { Ran } from "./helpers/run-program.js";
import { errorCodes } from "./helpers/sources.js";
import { verify } from "./helpers/verify-kernel.js";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The TypeScript of src/ and bench/. */
const sourceFiles = (): string[] =>
  ["src", "bench"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => join(root, folder, file)),
  );

/** What `fcn status --watch` says where there is no run yet. */
const WAITS = /waits for a run of fcn segment/;

const runNode = (args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  runProgram(process.execPath, args, { cwd, env: { ...process.env, ...env }, timeoutMs: 200_000, endsAt: WAITS });

const runDeno = (script: string): Promise<Ran> => {
  const permissions = ["--allow-read", "--allow-env", "--allow-sys=homedir", "--no-prompt"];
  const env = denoEnvironment(join(PROJECT, "deno-cache"));
  return runProgram(denoProgram(), [...DENO_RUN, ...permissions, script], { cwd: root, env, timeoutMs: 300_000 });
};

beforeAll(writeProject);
afterAll(removeProject);

describe("code", () => {
  it("is in languages that a test covers", () => {
    const languages = GUIDES.flatMap(({ blocks }) => blocks.map(({ language }) => language));
    expect(languages.filter((language) => !["ts", "js", "sh", "wgsl"].includes(language))).toEqual([]);
  });

  it("compiles as strict TypeScript", () => {
    expect(typeErrorsOf(EXAMPLES.map(({ path }) => path))).toEqual([]);
  });

  const scripts = EXAMPLES.filter(({ browser, kernel }) => !browser && !kernel);
  it.each(scripts)("runs, prints what it says and ends by itself: $title", async (example) => {
    const script = writeScript(example);
    const { code, out, err } = await (example.deno ? runDeno(script) : runNode([script], root));
    expect([code, err]).toEqual([0, ""]);
    const printed = out.split("\n");
    for (const line of printedBy(example.text)) expect(printed).toContain(line);
  });

  it.each(EXAMPLES.filter(({ browser }) => browser))("bundles for a page: $title", async ({ path }) => {
    await build({
      root: PROJECT,
      configFile: false,
      logLevel: "silent",
      build: { write: false, target: "es2022", minify: false, rolldownOptions: { input: path } },
    });
  });
});

describe("the kernel of the guide", () => {
  const device = useDevice();

  async function importExport<T>(file: string, name: string): Promise<T> {
    const module = (await import(pathToFileURL(join(GUIDE_KERNEL, file)).href)) as Record<string, T>;
    const value = module[name];
    if (value === undefined) throw new Error(`${file} of the guide exports no ${name}`);
    return value;
  }

  async function registered(): Promise<RegistryEntry> {
    const kernel = await importExport<KernelDef<InputSpecs, OutputSpecs, Attrs>>("kernel.ts", "softShrink");
    const reference = await importExport<Reference>("reference.ts", "softShrinkReference");
    const cases = await importExport<readonly KernelCase[]>("cases.ts", "softShrinkCases");
    return register(kernel, reference, cases);
  }

  it("passes its cases in every variant", async () => {
    const entry = await registered();
    const ran = new Set<string>();
    for (const test of entry.cases) {
      const problem = makeProblem(entry.kernel, test.shapes, test.attrs);
      for (const variant of usableVariants(entry.kernel, problem, device())) {
        await verify(device(), entry, variant, test);
        ran.add(variant);
      }
    }
    expect([...ran]).toEqual(Object.keys(entry.kernel.variants));
  });
});

describe("commands", () => {
  const folder = mkdtempSync(join(tmpdir(), "fcn-docs-"));
  const commands = [...new Set(GUIDES.flatMap((page) => commandsOf(page).map((words) => words.join(" "))))];
  beforeAll(() => copyFileSync(join(root, "test/fixtures/val/15.png"), join(folder, "photo.png")));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Past the option parser, a command stops at the missing driver, or at a file that exists only in the guide. */
  const REASONS_TO_STOP = new RegExp(
    "no WebGPU adapter|no graphics adapter|no such file|there is no (file|folder|list)|there are no results|" +
      `could not be fetched|matches no picture|${WAITS.source}`,
  );
  const NO_DRIVERS = { VK_DRIVER_FILES: "/dev/null", VK_ICD_FILENAMES: "/dev/null" };
  /** Weights with names are not downloaded for this. */
  const NO_DOWNLOADS = { FCN_WEBGPU_CACHE: folder, FCN_WEIGHTS_MIRROR: "http://127.0.0.1:9" };
  /** For `--shard auto`: the first task of an array of eight. */
  const SLURM = { ID: "1", MIN: "1", MAX: "8", COUNT: "8" };
  const array = Object.entries(SLURM).map(([name, value]) => [`SLURM_ARRAY_TASK_${name}`, value]);
  const environment = { ...NO_DRIVERS, ...NO_DOWNLOADS, ...(Object.fromEntries(array) as Record<string, string>) };

  it("are there", () => expect(commands.length).toBeGreaterThan(8));

  it.each(commands)("fcn %s parses", async (command) => {
    const program = join(root, "dist/bundles/node/fcn.js");
    const { code, err } = await runNode([program, ...command.split(" ")], folder, environment);
    if (code !== 0) expect(err).toMatch(REASONS_TO_STOP);
    expect(err).not.toMatch(/unknown option|there is no command|see fcn|is not one of/i);
  });

  it("of npm are in package.json", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const mentions = PAGES.flatMap(({ text }) => [...text.matchAll(/npm run (?:-s )?([\w-]+)/g)]);
    expect(mentions.map(([, name = ""]) => name).filter((name) => !(name in scripts))).toEqual([]);
  });
});

it("the table of a million pictures computes its hours from the rates", () => {
  const text = PAGES.find(({ file }) => file === "docs/scale.md")?.text ?? "";
  const rows = [...text.matchAll(/^\|.*\| +([\d.]+) \| +([\d.]+) h \| +([\d.]+) h \| +([\d.]+) h \|$/gm)];
  expect(rows.length).toBeGreaterThan(5);
  for (const [row, ...figures] of rows) {
    const [rate = NaN, ...hours] = figures.map(Number);
    hours.forEach((shown, i) => {
      const exact = 1e6 / (3600 * rate * 10 ** i);
      expect(Math.abs(shown / exact - 1), row).toBeLessThan(0.07);
    });
  }
});

it("troubleshooting has a section for every error code, and no other", () => {
  const text = PAGES.find(({ file }) => file === "docs/troubleshooting.md")?.text ?? "";
  expect([...text.matchAll(/^## ([a-z-]+)$/gm)].map(([, heading]) => heading)).toEqual(errorCodes());
});

it("the table of environment variables has those that the sources read, and no other of this project", () => {
  const page = PAGES.find(({ file }) => file === "docs/command-line.md")?.text ?? "";
  const inTable = [...page.matchAll(/^\| (`[^|]*`) +\|/gm)].flatMap(([, cell = ""]) =>
    cell.match(/\b[A-Z]+(_[A-Z]+)+\b/g),
  );
  const sources = sourceFiles().map((file) => readFileSync(file, "utf8"));
  const read = new Set(
    sources.flatMap((text) => text.match(/(?<=")FCN_[A-Z_]+(?=")|(?<=\benv\.)[A-Z][A-Z_]+\b/g) ?? []),
  );
  expect([...read].filter((name) => !inTable.includes(name))).toEqual([]);
  expect(inTable.filter((name) => name?.startsWith("FCN_") && !read.has(name))).toEqual([]);
});

describe("links", () => {
  it.each(PAGES)("of $file lead somewhere", ({ file, text }) => {
    const broken = linksOf(text).filter((link) => {
      const [to = "", anchor] = link.split("#");
      const path = to === "" ? join(root, file) : join(root, dirname(file), to);
      if (!existsSync(path)) return true;
      return anchor !== undefined && !anchorsOf(readFileSync(path, "utf8")).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});

it("typedoc makes the API reference without a warning", async () => {
  const { code, out, err } = await runTool("typedoc", ["--out", join(PROJECT, "api")], root);
  const fromTypedoc = err.replace(/^npm warn.*\n/gm, "");
  expect(code).toBe(0);
  expect(out).not.toMatch(/warning/i);
  expect(fromTypedoc).not.toMatch(/warning/i);
  const pages = readdirSync(join(PROJECT, "api/classes")).map((name) => join(PROJECT, "api/classes", name));
  expect(pages.length).toBeGreaterThan(3);
  for (const page of pages) {
    const links = [...readFileSync(page, "utf8").matchAll(/ href="(?!\w+:)([^"#?]+)/g)].map(([, to = ""]) => to);
    expect(
      links.filter((to) => !existsSync(join(dirname(page), decodeURIComponent(to)))),
      page,
    ).toEqual([]);
  }
});
