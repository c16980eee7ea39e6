/** `fcn inspect` and `fcn import` as programs, in a process of their own, and what inspect finds in the fixtures. */
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { torchvisionFcnTensors } from "../bench/hashed-weights.js";
import { describeInspection, inspectCheckpoint } from "../src/cli/inspect-report.js";
import type { Inspection } from "../src/cli/inspect-report.js";
import { elements } from "../src/kernel/shape.js";
import { defaultCheckpointUrl } from "../src/weights/default-checkpoint.js";
import { fileSource } from "../src/weights/file-source.js";
import { openCheckpoint } from "../src/weights/open.js";
import { BIG_FILES, writeBigCheckpoints } from "./helpers/big-checkpoints.js";
import { writePlainJavaScript } from "./helpers/plain-javascript.js";
import { fixturePath } from "./weights/fixtures.js";

const program = mkdtempSync(join(tmpdir(), "fcn-program-"));
const main = join(program, "src/cli/main.js");
const SHIPPED = fileURLToPath(defaultCheckpointUrl());
let folder = "";
beforeAll(() => writePlainJavaScript(program, ["src/cli/main.ts"]));
beforeEach(() => void (folder = mkdtempSync(join(program, "test-"))));
afterAll(() => rmSync(program, { recursive: true }));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function fcn(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { maxBuffer: 1 << 24 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
    );
  });
}

async function inspected(path: string): Promise<Inspection> {
  const checkpoint = await openCheckpoint(await fileSource(path));
  try {
    return inspectCheckpoint(checkpoint);
  } finally {
    await checkpoint.close();
  }
}

describe("what inspect finds", () => {
  test("the shipped checkpoint: three networks fit, torchvision's does not", async () => {
    const found = await inspected(SHIPPED);
    expect(found).toMatchObject({
      container: "safetensors",
      architecture: "fcn",
      reason: null,
      width: 16,
      classes: 21,
      dtypes: { f32: 422, f16: 113 },
    });
    expect(found.networks.map(({ variant, fits }) => [variant, fits])).toEqual([
      ["fcn32s", true],
      ["fcn16s", true],
      ["fcn8s", true],
      ["fcn-resnet101", false],
    ]);
    const other = found.networks.at(-1);
    expect(other?.missing).toContain("classifier.4.weight");
    expect([other?.misshaped, other?.unexpected]).toEqual([[], []]);
    const text = describeInspection(found);
    expect(text[0]).toMatch(/fcn-resnet101-w16-icons-f16\.safetensors: safetensors, 5\.7 MB$/);
    expect(text.join("\n")).toMatch(
      /fcn8s +fits\n +fcn-resnet101 +\d+ missing \(classifier\.0\.weight, .*, and \d+ more\)/,
    );
    expect(text.join("\n")).toMatch(
      /backbone\.layer3 +\d+ tensors +[\d,]+ +f32 f16|backbone\.layer3 +\d+ tensors +[\d,]+ +f16 f32/,
    );
  });

  test("torchvision's fcn_resnet101 at full size has 54.3 million parameters", async () => {
    const specs = torchvisionFcnTensors();
    writeBigCheckpoints(folder, specs, ({ shape }) => new Float32Array(elements(shape)));
    const found = await inspected(join(folder, BIG_FILES["pth-legacy"]));
    expect(found.description).toBe("torchvision fcn_resnet101: dilated, 21 classes, with aux head");
    expect(found.parameters).toBe(54_314_346);
    expect(found.networks.filter(({ fits }) => fits).map(({ variant }) => variant)).toEqual(["fcn-resnet101"]);
    rmSync(folder, { recursive: true });
  });

  test("a checkpoint of something else is described, with the reason", async () => {
    const found = await inspected(fixturePath("tar.pth"));
    expect(found).toMatchObject({ container: "pth-tar", architecture: null, networks: [] });
    expect(found.reason).toMatch(/not those of a ResNet-101/);
    expect(describeInspection(found)[1]).toMatch(/^not recognised: its \d+ tensors/);
  });
});

describe("the programs", () => {
  test("inspect prints a summary, or JSON with every tensor", async () => {
    const text = await fcn("inspect", fixturePath("fcn-resnet101-w16.pth"));
    expect(text).toMatchObject({ code: 0, stderr: "" });
    expect(text.stdout).toMatch(/PyTorch, zip/);
    const json = await fcn("inspect", fixturePath("state_dict.pth"), "--json");
    expect(json).toMatchObject({ code: 0, stderr: "" });
    const found = JSON.parse(json.stdout) as Inspection;
    expect(found.architecture).toBeNull();
    expect(found.tensors.length).toBeGreaterThan(0);
    expect(found.tensors[0]).toMatchObject({
      name: expect.any(String) as string,
      shape: expect.any(Array) as number[],
      dtype: expect.any(String) as string,
    });
  });

  test("a file that cannot be read is exit code 1 and one sentence; a wrong call is 2", async () => {
    for (const name of ["bad-code.pth", "bad-truncated.pth", "none.pth"]) {
      const ended = await fcn("inspect", fixturePath(name));
      expect(ended).toMatchObject({ code: 1, stdout: "" });
      expect(ended.stderr.trim().split("\n")).toHaveLength(1);
      expect(ended.stderr).toContain(name);
    }
    expect(await fcn("inspect")).toMatchObject({ code: 2, stdout: "" });
    expect(await fcn("import", SHIPPED)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/say where to write/) as string,
    });
    expect(await fcn("import", SHIPPED, "--out", join(folder, "x.safetensors"), "--dtype", "f8")).toMatchObject({
      code: 2,
    });
    expect(await fcn("import", SHIPPED, "--out", join(folder, "none", "x.safetensors"))).toMatchObject({ code: 2 });
    expect(readdirSync(folder)).toEqual([]);
  });

  test("import, then inspect of what it wrote", async () => {
    const out = join(folder, "out.safetensors");
    const ended = await fcn(
      "import",
      fixturePath("fcn-resnet101-w16.pth"),
      "--out",
      out,
      "--dtype",
      "f16",
      "--fold-bn",
    );
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(ended.stdout).toMatch(/out\.safetensors {2}\d+ tensors, f16, batch norm folded, 5\.\d MB/);
    const found = JSON.parse((await fcn("inspect", out, "--json")).stdout) as Inspection;
    expect(found.metadata).toMatchObject({
      source: "fcn-resnet101-w16.pth",
      batch_norm: "folded",
      dtype: "f16",
      license: "unknown",
    });
    expect(found.networks.filter(({ fits }) => fits)).toHaveLength(3);
  });

  test.each(["SIGTERM", "SIGKILL"] as const)(
    "import ended by %s leaves no file under the result's name",
    async (signal) => {
      const out = join(folder, "out.safetensors");
      writeBigCheckpoints(folder, torchvisionFcnTensors(21, 32), ({ shape }) => new Float32Array(elements(shape)));
      const inputs = new Set(readdirSync(folder));
      const child = spawn(process.execPath, [main, "import", join(folder, BIG_FILES["pth-zip"]), "--out", out], {
        stdio: "ignore",
      });
      const ended = new Promise((resolve) => child.once("exit", resolve));
      const extra = (): string[] => readdirSync(folder).filter((name) => !inputs.has(name));
      for (let i = 0; i < 2000 && extra().length === 0 && child.exitCode === null; i++)
        await new Promise((resolve) => setTimeout(resolve, 2));
      expect(extra()).toEqual([expect.stringMatching(/^\.out\.safetensors\.\d+\.tmp$/)]); // it is writing
      child.kill(signal);
      await ended;
      expect(extra().filter((name) => !name.startsWith("."))).toEqual([]);
      if (signal === "SIGTERM") expect(extra()).toEqual([]);
      rmSync(folder, { recursive: true });
    },
  );

  test("an error while writing is one sentence", async () => {
    writeFileSync(join(folder, "out.safetensors"), "");
    const taken = join(folder, "out.safetensors", "x.safetensors");
    expect(await fcn("import", SHIPPED, "--out", taken)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/there is no folder/) as string,
    });
  });
});
