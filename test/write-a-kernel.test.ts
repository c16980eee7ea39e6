/** docs/write-a-kernel.md, followed from an empty folder: its files are written, its commands are run, in order. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyRepository } from "./helpers/copy.js";
import type { RepositoryCopy } from "./helpers/copy.js";
import { PAGES, withVariants } from "./helpers/docs.js";
import type { Block } from "./helpers/docs.js";

const page = PAGES.find(({ file }) => file === "docs/write-a-kernel.md");
if (!page) throw new Error("docs/write-a-kernel.md is missing");
/** The walk ends where the page turns to kernels outside this repository, whose code blocks name no file. */
const steps = page.blocks.filter(({ language, words }) => language === "sh" || words.length > 0);

/** Writes a file of the page, or adds a variant to the declaration. */
function apply(copy: RepositoryCopy, { words: [file = "", part], text }: Block): void {
  if (part === undefined) {
    copy.write(file, text);
    return;
  }
  if (part !== "variants") throw new Error(`cannot add ${part} to ${file}`);
  copy.write(file, withVariants(copy.read(file), text));
}

describe("the kernel of docs/write-a-kernel.md", () => {
  let copy: RepositoryCopy;
  const outputs: string[] = [];
  beforeAll(() => {
    copy = copyRepository();
  });
  afterAll(() => copy.dispose());

  it("passes each of the page's commands", () => {
    for (const step of steps) {
      if (step.language !== "sh") {
        apply(copy, step);
        continue;
      }
      for (const command of step.text.trim().split("\n")) {
        const { status, output } = copy.run(command);
        expect(status, `${command}\n${output}`).toBe(0);
        outputs.push(output);
      }
    }
    expect(outputs).toHaveLength(7);
  });

  it("is counted alone by a filtered test run", () => {
    const [, first = ""] = outputs;
    // one test a small case, one for coverage of variants, one for folded grids
    expect(first.trimEnd().split("\n").at(-1)).toBe("13 passed, 0 failed");
  });

  it("is in doctor and in the benchmarks, both variants measured and right", () => {
    expect(outputs[2]).toMatch(/soft-shrink +naive/);
    expect(outputs[6]).toMatch(/naive +[\d.]+ /);
    expect(outputs[6]).toMatch(/fours +[\d.]+ /);
    expect(outputs[6]).not.toContain("not timed");
  });

  it("is in the registry and in the package", () => {
    const script = `
      import { softShrink, registry } from "./dist/shaders/index.js";
      const entry = registry.find(({ kernel }) => kernel === softShrink);
      console.log(entry.kernel.name, Object.keys(entry.kernel.shaders).join());`;
    copy.write("look.mjs", script);
    expect(copy.run("node look.mjs").output.trim()).toBe("soft-shrink fours,naive");
    const packed = copy.run("npm pack --dry-run --ignore-scripts --json").output;
    for (const file of ["kernel.js", "kernel.d.ts", "reference.js", "cases.js"]) {
      expect(packed).toContain(`dist/shaders/soft-shrink/${file}`);
    }
  });
});
