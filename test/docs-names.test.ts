/** Names in the guides stand for something: files, what is declared in them, kernels with their inputs. */
import { describe, expect, it } from "vitest";
import * as kernels from "../shaders/index.js";
import type { Kernel } from "../src/kernel/kernel.js";
import { PAGES } from "./helpers/docs.js";
import { errorCodes, isGenerated, repositoryFiles, textOf } from "./helpers/sources.js";

describe("names in ARCHITECTURE.md and CONTRIBUTING.md", () => {
  const pages = PAGES.filter(({ file }) => file === "ARCHITECTURE.md" || file === "CONTRIBUTING.md");
  const prose = pages.map(({ text }) => text.replace(/^```[\s\S]*?^```$/gm, "")).join("\n");
  const files = repositoryFiles().filter((file) => !file.startsWith("test/fixtures/"));
  const code = files.filter((file) => /\.(ts|mjs|wgsl)$/.test(file) && !isGenerated(file));
  const words = new Set(code.flatMap((file) => textOf(file).match(/\w+/g) ?? []));

  it("of files are those of files", () => {
    const named = [...prose.matchAll(/`([\w./*-]*\w\.(?:ts|mjs|py|wgsl|json|md))`/g)].map(([, name = ""]) => name);
    expect(named.length).toBeGreaterThan(60);
    const endsLike = (name: string): RegExp =>
      new RegExp(`(^|/)${name.replaceAll(".", "\\.").replaceAll("*", "[^/]*")}$`);
    expect(named.filter((name) => !files.some((file) => endsLike(name).test(file)))).toEqual([]);
  });

  it("of code are in the code, and in the file that stands behind them", () => {
    const named = [...prose.matchAll(/`([A-Za-z]\w+(?:\.\w+)*)(?:\([^`]*\))?`(?: \(`([\w/-]+\.ts)`)?/g)];
    expect(named.length).toBeGreaterThan(80);
    const lost = named.filter(([, name = "", at]) => {
      const home = at === undefined ? undefined : code.find((file) => file.endsWith(`/${at}`));
      const known = home === undefined ? words : new Set(textOf(home).match(/\w+/g));
      return !/\.(ts|mjs|py|wgsl|json|md)$/.test(name) && !name.split(".").every((part) => known.has(part));
    });
    expect(lost.map(([whole]) => whole)).toEqual([]);
  });
});

it("ARCHITECTURE.md lists the error codes, CONTRIBUTING.md the checks", () => {
  const [, errors = ""] = /^## Errors$([^]*?)^## /m.exec(textOf("ARCHITECTURE.md")) ?? [];
  expect([...errors.matchAll(/`([a-z]+(?:-[a-z]+)+|disposed)`/g)].map(([, code]) => code)).toEqual(errorCodes());
  const [, checks = ""] = /runs the checks: ([\w, ]+?) +\|/.exec(textOf("CONTRIBUTING.md")) ?? [];
  const [, table = ""] = /^const CHECKS = \{$([^]*?)^\};$/m.exec(textOf("scripts/run.mjs")) ?? [];
  expect(checks.split(", ")).toEqual([...table.matchAll(/^ {2}(\w+):/gm)].map(([, name]) => name));
});

it("the kernels for PyTorch's layers have the inputs and attributes of their table", () => {
  const page = PAGES.find(({ file }) => file === "docs/from-pytorch.md")?.text ?? "";
  const rows = [...page.matchAll(/^\|.*\| ((?:`\w+`, )+)`\{ ([^}]+) \}`(?:, `\{ ([^}]+) \}`)? +\|$/gm)];
  expect(rows.length).toBeGreaterThan(10);
  const keysOf = (text: string): string[] => text.split(", ").map((part) => part.replace(/:.*/, ""));
  for (const [row, names = "", inputs = "", attributes] of rows) {
    for (const [name = ""] of names.matchAll(/\w+/g)) {
      const kernel = Object.entries(kernels).find(([exported]) => exported === name)?.[1] as Kernel | undefined;
      expect(Object.keys(kernel?.inputs ?? {}), row).toEqual(expect.arrayContaining(keysOf(inputs)));
      if (attributes !== undefined)
        expect(Object.keys(kernel?.attrs ?? {}), row).toEqual(expect.arrayContaining(keysOf(attributes)));
    }
  }
});
