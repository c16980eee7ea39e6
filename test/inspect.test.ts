/** `fcn inspect` and `fcn import` as programs, from the sources, and what inspect finds in the fixtures. */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { torchvisionFcnTensors } from "../bench/hashed-weights.js";
import { describeInspection, inspectCheckpoint } from "../src/cli/inspect-report.js";
import type { Inspection } from "../src/cli/inspect-report.js";
import { VOC_CLASSES } from "../src/image/palette.js";
import { elements } from "../src/kernel/shape.js";
import { iconsCheckpointUrl } from "../src/weights/default-checkpoint.js";
import { BIG_FILES, writeBigCheckpoints } from "./helpers/big-checkpoints.js";
import { runFcn } from "./helpers/fcn.js";
import type { FcnEnd } from "./helpers/fcn.js";
import { writePlainJavaScript } from "./helpers/plain-javascript.js";
import { withCheckpoint } from "./helpers/small-checkpoint.js";
import { fixturePath } from "./weights/fixtures.js";

const program = mkdtempSync(join(tmpdir(), "fcn-program-"));
const main = join(program, "src/cli/main.js");
const SHIPPED = fileURLToPath(iconsCheckpointUrl());
let folder = "";
beforeAll(() => writePlainJavaScript(program, ["src/cli/main.ts"]));
beforeEach(() => void (folder = mkdtempSync(join(program, "test-"))));
afterAll(() => rmSync(program, { recursive: true }));

const fcn = (...args: string[]): Promise<FcnEnd> => runFcn(args, { program: main });
const inspected = (path: string): Promise<Inspection> => withCheckpoint(path, inspectCheckpoint);

describe("what inspect finds", () => {
  test("the shipped checkpoint: three networks fit, torchvision's does not", async () => {
    const found = await inspected(SHIPPED);
    expect(found).toMatchObject({
      container: "safetensors",
      architecture: "fcn",
      reason: null,
      width: 16,
      classes: VOC_CLASSES.map((name, label) => ({ class: label, name })),
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
    const [title, ...lines] = describeInspection(found);
    expect(title).toMatch(/fcn-resnet101-w16-icons-f16\.safetensors: safetensors, 5\.7 MB$/);
    const text = lines.join("\n");
    expect(text).toMatch(/fcn8s +fits\n +fcn-resnet101 +\d+ missing \(classifier\.0\.weight, .*, and \d+ more\)/);
    expect(text).toMatch(/backbone\.layer3 +\d+ tensors +[\d,]+ +(f32 f16|f16 f32)/);
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

  test("a checkpoint of another network is described, with the reason", async () => {
    const found = await inspected(fixturePath("tar.pth"));
    expect(found).toMatchObject({ container: "pth-tar", architecture: null, networks: [] });
    expect(found.reason).toMatch(/are not a backbone's;/);
    expect(describeInspection(found)[1]).toMatch(/^not recognised: its tensors \(\d+: /);
  });
});

describe("the programs", () => {
  test("inspect prints a summary, or JSON with every tensor", async () => {
    const text = await fcn("inspect", fixturePath("fcn-resnet101-w16.pth"));
    expect(text).toMatchObject({ code: 0, err: "" });
    expect(text.out).toMatch(/PyTorch, zip/);
    const json = await fcn("inspect", fixturePath("state_dict.pth"), "--json");
    expect(json).toMatchObject({ code: 0, err: "" });
    const found = JSON.parse(json.out) as Inspection;
    expect(found.architecture).toBeNull();
    expect(found.tensors.length).toBeGreaterThan(0);
    expect(found.tensors[0]).toMatchObject({
      name: expect.any(String) as string,
      shape: expect.any(Array) as number[],
      dtype: expect.any(String) as string,
    });
  });

  test("a file that cannot be read is exit code 1 and one sentence; a missing one and a wrong call are 2", async () => {
    const files = [
      ["bad-code.pth", 1],
      ["bad-truncated.pth", 1],
      ["none.pth", 2],
    ] as const;
    for (const [name, code] of files) {
      const ended = await fcn("inspect", fixturePath(name));
      expect(ended).toMatchObject({ code, out: "" });
      expect(ended.err.trim().split("\n")).toHaveLength(1);
      expect(ended.err).toContain(name);
    }
    const out = join(folder, "x.safetensors");
    expect(await fcn("inspect")).toMatchObject({ code: 2, out: "" });
    const withoutOut = await fcn("import", SHIPPED);
    expect([withoutOut.code, withoutOut.err]).toEqual([2, expect.stringContaining("say where to write")]);
    expect(await fcn("import", SHIPPED, "--out", out, "--dtype", "f8")).toMatchObject({ code: 2 });
    const noFolder = join(folder, "none", "x.safetensors");
    expect(await fcn("import", SHIPPED, "--out", noFolder)).toMatchObject({ code: 2 });
    expect(readdirSync(folder)).toEqual([]);
  });

  test("import, then inspect of what it wrote", async () => {
    const out = join(folder, "out.safetensors");
    const options = ["--dtype", "f16", "--fold-bn"];
    const ended = await fcn("import", fixturePath("fcn-resnet101-w16.pth"), "--out", out, ...options);
    expect(ended).toMatchObject({ code: 0, err: "" });
    expect(ended.out).toMatch(/out\.safetensors {2}\d+ tensors, f16, batch norm folded, 5\.\d MB/);
    const found = JSON.parse((await fcn("inspect", out, "--json")).out) as Inspection;
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
      expect(extra()).toEqual([expect.stringMatching(/^\.[0-9a-f]{14}$/)]); // it is writing
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
    const ended = await fcn("import", SHIPPED, "--out", taken);
    expect([ended.code, ended.err]).toEqual([2, expect.stringContaining("there is no folder")]);
  });
});
