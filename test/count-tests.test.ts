/** `npm test -- FILE -t NAME` counts what it selects. Here vitest runs on a small project in a temporary folder. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runTests } from "../scripts/count-tests.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "fcn-count-tests-"));

const FILES = {
  "sums.test.js": `
    describe("sums", () => {
      it("of two numbers", () => expect(1 + 1).toBe(2));
      it("of three numbers", () => expect(1 + 1 + 1).toBe(3));
      it.skip("of many numbers", () => {});
      it.todo("of no numbers");
    });
    it("a sum that is wrong", () => expect(1 + 1).toBe(3));
    it("a test that skips itself", (context) => context.skip());
    describe.skip("a skipped suite", () => it("with a test", () => {}));`,
  "hooks.test.js": `
    describe("a broken hook", () => {
      beforeAll(() => { throw new Error("broken"); });
      it("before one test", () => {});
      it("before another test", () => {});
    });
    it("a test beside a broken hook", () => {});`,
  "does-not-load.test.js": `throw new Error("broken");`,
};

beforeAll(() => {
  mkdirSync(join(folder, "test"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
  for (const [file, text] of Object.entries(FILES)) {
    writeFileSync(join(folder, "test", file), `import { beforeAll, describe, expect, it } from "vitest";${text}\n`);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const count = (...args: string[]): ReturnType<typeof runTests> => runTests(args, { folder, output: "ignore" });

describe("without -t", () => {
  it("counts every test of a file, and skipped tests as failed", () => {
    expect(count("test/sums.test.js")).toEqual({ passed: 2, failed: 5, skipped: 4 });
  });

  it("counts a hook that throws besides the tests that it prevents", () => {
    expect(count("test/hooks.test.js")).toEqual({ passed: 1, failed: 3, skipped: 2 });
  });

  it("counts a file that does not load as failed", () => {
    expect(count("test/does-not-load.test.js")).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  it("counts all files where none is named", () => {
    expect(count()).toEqual({ passed: 3, failed: 9, skipped: 6 });
  });

  it("fails where no file matches", () => {
    expect(count("test/none.test.js")).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});

describe("with -t", () => {
  it("does not count the tests that the name leaves out", () => {
    expect(count("test/sums.test.js", "-t", "of t")).toEqual({ passed: 2, failed: 0, skipped: 0 });
  });

  it("compares with the names of suites and tests together", () => {
    expect(count("test/sums.test.js", "-t", "sums of two")).toEqual({ passed: 1, failed: 0, skipped: 0 });
  });

  it.each([
    ["it.skip", "of many"],
    ["it.todo", "of no numbers"],
    ["context.skip()", "skips itself"],
    ["describe.skip", "with a test"],
  ])("counts a selected test with %s as failed", (_, name) => {
    expect(count("test/sums.test.js", "-t", name)).toEqual({ passed: 0, failed: 1, skipped: 1 });
  });

  it("counts a test that fails", () => {
    expect(count("test/sums.test.js", "--testNamePattern=is wrong")).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  it("does not run the hooks of suites that the name leaves out", () => {
    expect(count("test/hooks.test.js", "-t", "beside")).toEqual({ passed: 1, failed: 0, skipped: 0 });
  });

  it("fails where no test matches", () => {
    expect(count("test/sums.test.js", "-t", "products")).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});
