/** Every export of every entry says in its docstring what it is; what users call shows how, by examples that run. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENTRY_MODULES, EXPORTS, exportsOf } from "./helpers/api.js";
import type { Exported } from "./helpers/api.js";
import { PROJECT, removeProject, typeErrorsOf, writeConsumer, javascriptOf } from "./helpers/docs-project.js";
import { printedBy } from "./helpers/docs.js";
import { runProgram } from "./helpers/run-program.js";
import { errorCodes, root, textOf } from "./helpers/sources.js";

/** Of so many, the types do not tell which is which. */
const MANY_PARAMETERS = 3;
/** Parameters that their types describe. */
const PLAIN = ["device", "kernel", "options", "name"];

const namesOf = (exports: readonly Exported[]): string[] => exports.map(({ entry, name }) => `${entry}: ${name}`);
const called = EXPORTS.filter(({ kind }) => kind !== "other");
const examples = called.flatMap(({ entry, name, examples: [text = ""] }) => {
  const file = join(PROJECT, "api", `${entry.replace(/\W/g, "-")}-${name}.ts`);
  return { title: `${entry}: ${name}`, text, file };
});

describe("docstrings", () => {
  it("are read of every entry", () => {
    const { exports } = JSON.parse(textOf("package.json")) as { exports: Record<string, string | object> };
    const entries = Object.values(exports).filter((target) => typeof target === "object");
    expect(ENTRY_MODULES).toHaveLength(entries.length);
    expect(EXPORTS.length).toBeGreaterThan(200);
  });

  it("say what every export is", () => {
    expect(namesOf(EXPORTS.filter(({ prose }) => prose.split(/\s+/).length < 4))).toEqual([]);
  });

  it("say what every property and method is", () => {
    expect(EXPORTS.flatMap(({ name, silent }) => silent.map((member) => `${name}.${member}`))).toEqual([]);
  });

  it("say what functions of several parameters take", () => {
    const silent = called.flatMap(({ name, parameters, described }) => {
      if (parameters.length < MANY_PARAMETERS) return [];
      const unsaid = parameters.filter((one) => !described.includes(one) && !PLAIN.includes(one));
      return unsaid.map((one) => `${name}: ${one}`);
    });
    expect(silent).toEqual([]);
  });

  it("say what functions of several parameters throw", () => {
    const isSilent = ({ parameters, throws }: Exported): boolean =>
      parameters.length >= MANY_PARAMETERS && throws.length === 0;
    expect(namesOf(called.filter(isSilent))).toEqual([]);
  });

  it("name errors by their codes", () => {
    const known = new RegExp(
      `${errorCodes().join("|")}|the signal's reason|^as [\\w ]+\\(\\)|^an error that WebGPU reported`,
    );
    const unknown = EXPORTS.flatMap(({ name, throws }) =>
      throws.filter((text) => !known.test(text)).map((text) => `${name}: ${text}`),
    );
    expect(unknown).toEqual([]);
  });

  it("show every function and class at work", () => {
    expect(namesOf(called.filter((one) => one.examples.length !== 1))).toEqual([]);
  });
});

describe("docstrings of fcn-webgpu/image", () => {
  /** Of fcn-webgpu itself, which this entry passes on. */
  const PASSED_ON = ["FcnError", "FcnErrorCode", "isFcnError", "Picture", "RgbaPicture"];
  /** Without arguments, nothing can be wrong. */
  const CANNOT_FAIL = ["vocPalette"];
  const own = exportsOf("src/image/index.ts").filter(({ name }) => !PASSED_ON.includes(name));
  const functions = own.filter(({ kind }) => kind === "function");

  it("say what every export is", () => {
    expect(own.length).toBeGreaterThan(25);
    expect(namesOf(own.filter(({ prose }) => prose.length < 20))).toEqual([]);
  });

  it("say what every function takes and throws, whatever their number of parameters", () => {
    const silent = functions.flatMap(({ name, parameters, described }) =>
      parameters.filter((one) => !described.includes(one) && !PLAIN.includes(one)).map((one) => `${name}: ${one}`),
    );
    expect(silent).toEqual([]);
    const quiet = functions.filter(({ name, throws }) => throws.length === 0 && !CANNOT_FAIL.includes(name));
    expect(namesOf(quiet)).toEqual([]);
  });

  it("have examples that print, with this entry alone", () => {
    const imports = functions.map(({ examples: [text = ""] }) => text.match(/(?<=from ").*(?=")/g)?.join());
    expect(new Set(imports)).toEqual(new Set(["fcn-webgpu/image"]));
    expect(namesOf(functions.filter(({ examples: [text = ""] }) => printedBy(text).length === 0))).toEqual([]);
  });
});

/** A page's example prints nothing that a test could compare: it needs a browser. */
const isForPages = (text: string): boolean => printedBy(text).length === 0;

/** Imports the examples in turn, in one process, and tells what each prints. */
const RUNNER = `
  const lines = {};
  for (const file of process.argv.slice(2)) {
    const own = (lines[file] = []);
    console.log = (...values) => own.push(values.join(" "));
    await import(file).catch((error) => own.push(String(error)));
  }
  process.stdout.write(JSON.stringify(lines));
`;

describe("examples in docstrings", () => {
  beforeAll(() => {
    writeConsumer();
    mkdirSync(join(PROJECT, "api"), { recursive: true });
    for (const { file, text } of examples) writeFileSync(file, text);
  });
  afterAll(removeProject);

  it("compile as strict TypeScript", () => {
    expect(typeErrorsOf(examples.map(({ file }) => file))).toEqual([]);
  });

  it("print what they say, or are for pages, where only fcn-webgpu is", async () => {
    const forPages = examples.filter(({ text }) => isForPages(text));
    expect(forPages.filter(({ text }) => !text.includes('from "fcn-webgpu"')).map(({ title }) => title)).toEqual([]);
    const scripts = examples
      .filter(({ text }) => !isForPages(text))
      .map(({ text, ...one }) => ({ ...one, text, script: one.file.replace(/ts$/, "mjs") }));
    for (const { script, text } of scripts) writeFileSync(script, javascriptOf(text));
    const runner = join(PROJECT, "api/run.mjs");
    writeFileSync(runner, RUNNER);
    const files = scripts.map(({ script }) => script);
    const { code, out, err } = await runProgram(process.execPath, [runner, ...files], {
      cwd: root,
      timeoutMs: 200_000,
    });
    expect([code, err]).toEqual([0, ""]);
    const printed = JSON.parse(out) as Record<string, string[]>;
    const asFound = scripts.map(({ title, script }) => [title, printed[script]]);
    expect(asFound).toEqual(scripts.map(({ title, text }) => [title, printedBy(text)]));
  });
});
