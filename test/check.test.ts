/** `npm run check` finds the mistakes that are easy to make in a kernel's folder. Each is made once, in a copy. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { copyRepository } from "./helpers/copy.js";
import type { RepositoryCopy } from "./helpers/copy.js";

const DECLARATION = "shaders/max-pool2d/kernel.ts";
const SHADER = "shaders/max-pool2d/naive.wgsl";

/** What to search for in a file, and what to write instead. */
type Edit = readonly [file: string, from: string | RegExp, to: string];

const MISTAKES: readonly { readonly name: string; readonly edit: Edit; readonly message: string }[] = [
  {
    name: "two fields of Params swapped",
    edit: [SHADER, /(  in_h: u32,.*\n)(  in_w: u32,.*\n)/, "$2$1"],
    message: "declares struct Params as the kernel packs it",
  },
  {
    name: "a wrong workgroup size",
    edit: [SHADER, "@workgroup_size(64)", "@workgroup_size(32)"],
    message: "has the workgroup size the plan divides by",
  },
  {
    name: "a wrong binding",
    edit: [SHADER, "@binding(0) var<storage, read>", "@binding(0) var<storage, read_write>"],
    message: "binds inputs, outputs and uniforms in the declared order",
  },
  {
    name: "a variant that no case can run",
    edit: [DECLARATION, /( {4}naive: \{\n)/, "$1      when: ({ in: { x } }) => x[1] > 5000,\n"],
    message: "has a case that can run each variant on some device",
  },
];

describe("npm run check -- kernels", () => {
  let copy: RepositoryCopy;
  beforeAll(() => {
    copy = copyRepository();
  });
  afterAll(() => copy.dispose());
  const check = () => copy.run("npm run check -- kernels");

  it("passes as it is", () => {
    const { status, output } = check();
    expect(status, output).toBe(0);
  });

  describe.each(MISTAKES)("with $name", ({ edit: [file, from, to], message }) => {
    let original = "";
    beforeEach(() => {
      original = copy.read(file);
    });

    it("fails and says which rule is broken", () => {
      const mistaken = original.replace(from, to);
      expect(mistaken).not.toBe(original);
      copy.write(file, mistaken);
      const { status, output } = check();
      copy.write(file, original);
      expect(status, output).not.toBe(0);
      expect(output).toContain(message);
      expect(output).toContain("check kernels: FAILED");
    });
  });

  it.each(["kernel.ts", "reference.ts", "cases.ts", "naive.wgsl"])("fails without %s of a folder", (file) => {
    const path = `shaders/relu/${file}`;
    const original = copy.read(path);
    copy.remove(path);
    const { status, output } = check();
    copy.write(path, original);
    expect(status, output).not.toBe(0);
    expect(output).toMatch(file === "naive.wgsl" ? /uses every .wgsl file/ : `shaders/relu has no ${file}`);
  });

  it("fails for a name that is no check, and lists the checks", () => {
    const { status, output } = copy.run("npm run check -- kernel");
    expect(status).toBe(2);
    expect(output).toMatch(/there is no check "kernel"; there is .*kernels/);
  });
});
