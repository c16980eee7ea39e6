/** `fcn train` as a user runs it: wrong calls, its files, resume after a kill, stages. Runs the build. */
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { paperFcnTensors } from "../bench/hashed-weights.js";
import { fcn } from "./helpers/fcn.js";
import { writeHalves } from "./helpers/half-pictures.js";
import { hashedFile } from "./helpers/hashed-checkpoint.js";
import { withCheckpoint } from "./helpers/small-checkpoint.js";
import { bytesOfTraining, killAfter, logOfTraining } from "./helpers/training-runs.js";
import type { LoggedLine } from "./helpers/training-runs.js";

const VAL = fileURLToPath(new URL("fixtures/val", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "fcn-train-"));
const at = (...parts: string[]): string => join(root, ...parts);
const PICTURES = ["00", "01", "04", "12", "13", "14"];
const MAP = "2=1,4=1,6=1,7=1,14=1,19=1,3=2,8=2,10=2,12=2,13=2,17=2,5=3,9=3,11=3,16=3,18=3,20=3,15=4";
beforeAll(async () => {
  writeHalves(at("half"), PICTURES);
  writeFileSync(at("small.safetensors"), await hashedFile(paperFcnTensors(21, 4, 18)));
  mkdirSync(at("in"));
  for (const name of PICTURES) {
    for (const ending of [".png", ".label.png"]) copyFileSync(join(VAL, name + ending), at("in", name + ending));
  }
  writeFileSync(at("classes.txt"), "background\nvehicle\nanimal\nindoor\nperson\n");
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Every seed is the default. */
const COMMON = ["--map", MAP, "--class-names", at("classes.txt"), "--hold-out", "0.34"];
/** A small network and small pictures, where any will do: that is fast. */
const trainArgs = (out: string, ...more: string[]): string[] => [
  ...["train", at("half"), "--weights", at("small.safetensors")],
  ...[...COMMON, "--out", at(out), ...more],
];

const bytesOf = (out: string): Record<string, string> => bytesOfTraining(at(out));
const logOf = (out: string): LoggedLine[] => logOfTraining(at(out));

describe("fcn train, called wrongly", () => {
  it.each([
    [[], "name labelled pictures, a folder or a pattern"],
    [["--variant", "fcn4s", "in"], "--variant fcn4s is not one of fcn32s, fcn16s, fcn8s"],
    [["--epochs", "0", "in"], "--epochs 0 is not a whole number of 1 or more"],
    [["--epochs", "007", "in"], "--epochs 007 is not a whole number of 1 or more"],
    [["--batch", "1e3", "in"], "--batch 1e3 is not a whole number of 1 or more"],
    [["--seed", "00", "in"], "--seed 00 is not a whole number of 0 or more"],
    [["--resize", "100000", "in"], "--resize 100000 is not a whole number of 1 or more and less than 100000"],
    [["--lr", " 1", "in"], "--lr  1 is not a number of 0 or more"],
    [["--lr", "fast", "in"], "--lr fast is not a number of 0 or more"],
    [["--lr", "0", "in"], "--lr 0 would learn nothing"],
    [["--hold-out", "1", "in"], "--hold-out 1 is not a number of 0 or more and less than 1"],
    [["--momentum", "0.9", "in"], "--momentum is of --optimizer sgd"],
    [["--optimizer", "sgd", "--loss", "sum", "in"], "has no usual rate; give --lr"],
    [["--stages", "--heads", "file", "in"], "--stages begins with a new head"],
    [["--resume", "--fresh", "in"], "give one"],
    [["--split", "val", "in"], "--split names a list of PASCAL VOC"],
    [["--val-labels", "x", "in"], "--val-labels is of the pictures of --val"],
    [["--val", "x", "--hold-out", "0.5", "in"], "--hold-out is of no use with --val"],
    [["--voc", "x", "in"], "--voc has its own list of pictures"],
    [["--voc", "x", "--labels", "y"], "--labels is of no use with --voc"],
    [["--void", "x", "in"], 'train: --void takes values of label maps, 0 to 65535, not "x"'],
    [["test/fixtures/bugs/p3.png"], "train: the picture to train on has no label map"],
  ])("%j says what to do", async (args, message) => {
    const { code, err } = await fcn("train", ...args.map((word) => (word === "in" ? at("in") : word)));
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });

  it("refuses pictures that are trained on and measured with", async () => {
    const { code, err } = await fcn("train", at("in"), "--val", at("in", "00.png"), "--out", at("both"));
    expect([code, err]).toEqual([2, expect.stringContaining("is among the pictures to train on and among those")]);
  });

  it("refuses class weights that are no numbers, or not as many as there are classes", async () => {
    writeFileSync(at("weights.txt"), "1 2 x 1 1");
    const wrong = await fcn(...trainArgs("weights", "--class-weights", at("weights.txt")));
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('"x" is no number of 0 or more')]);
    writeFileSync(at("weights.txt"), "1\n2\n");
    const few = await fcn(...trainArgs("weights", "--class-weights", at("weights.txt")));
    expect([few.code, few.err]).toEqual([2, expect.stringContaining("has 2 numbers; there are 5 classes")]);
    expect(existsSync(at("weights"))).toBe(false);
  });
});

describe("a training", () => {
  /** Epochs enough that a signal meets the training at work. */
  const options = ["--epochs", "12", "--batch", "2"];

  it("learns, and writes checkpoints that inspect, segment and compare read", async () => {
    const { code, out, err } = await fcn(
      ...["train", at("in"), "--weights", "icons", ...COMMON, "--out", at("once"), "--epochs", "6", "--batch", "2"],
    );
    expect([code, err]).toEqual([0, expect.stringContaining("4 pictures to train on, 2 held out, 5 classes")]);
    expect(err).toMatch(/^before .*held-out mIoU/m);
    expect(err).toMatch(/^epoch 6\/6 {2}loss [\d.]+ +held-out mIoU +[\d.]+ %/m);
    expect(out).toMatch(/Mean IoU on 2 held-out pictures: [\d.]+ % before, [\d.]+ % after\./);
    const epochs = logOf("once").filter(({ steps }) => steps !== undefined);
    expect(epochs.map(({ epoch, steps }) => [epoch, steps])).toEqual([0, 1, 2, 3, 4, 5, 6].map((e) => [e, 2 * e]));
    expect(epochs.at(-1)?.meanIoU).toBeGreaterThan(epochs[0]?.meanIoU ?? 1);

    const inspected = await fcn("inspect", at("once/best.safetensors"));
    expect([inspected.code, inspected.out]).toEqual([0, expect.stringContaining("fcn8s")]);
    const compared = await fcn(
      ...["compare", at("in"), "--weights", at("once/best.safetensors"), "--map", MAP],
      ...["--sizes", "none", "--out", at("compared"), "--json"],
    );
    expect(compared.code).toBe(0);
    expect(Object.keys((JSON.parse(compared.out) as { variants: object }).variants)).toEqual(["fcn8s"]);
    const picture = at("in/00.png");
    const weights = at("once/last.safetensors");
    const segmented = await fcn("segment", picture, "--weights", weights, "--format", "json", "--out", "-");
    expect([segmented.code, segmented.out]).toEqual([0, expect.stringContaining(`"name":"background"`)]);
    await withCheckpoint(weights, ({ tensors, metadata }) => {
      expect(metadata.get("classes")).toBe('["background","vehicle","animal","indoor","person"]');
      expect(tensors.get("fcn8s.score8.weight")?.shape.slice(0, 1)).toEqual([5]);
      expect([...tensors.keys()].filter((name) => /^fcn(32|16)s/.test(name))).toEqual([]);
    });
  });

  it("with the same seed writes the same files", async () => {
    for (const name of ["whole", "twice"]) expect((await fcn(...trainArgs(name, ...options))).code).toBe(0);
    expect(bytesOf("twice")).toEqual(bytesOf("whole"));
  });

  it("is not replaced, and resumes with its own options only", async () => {
    const again = await fcn(...trainArgs("whole", ...options));
    expect([again.code, again.err]).toEqual([2, expect.stringContaining("--resume goes on with it, --fresh replaces")]);
    const other = await fcn(...trainArgs("whole", "--resume", "--epochs", "7", "--batch", "2"));
    expect([other.code, other.err]).toEqual([2, expect.stringContaining("has other epochs; resume with the same")]);
    const mapped = await fcn(...trainArgs("whole", "--resume", "--void", "255,0", ...options));
    const sentence = "has other label values (--map, --void); resume with the same options, or give --fresh";
    expect([mapped.code, mapped.err]).toEqual([2, expect.stringContaining(sentence)]);
  });

  it("does not go on without its best checkpoint", async () => {
    cpSync(at("whole"), at("without"), { recursive: true });
    rmSync(at("without/best.safetensors"));
    const { code, err } = await fcn(...trainArgs("without", "--resume", ...options));
    expect([code, err]).toEqual([2, expect.stringContaining("put it back to resume, or give --fresh")]);
  });

  it("killed at any step, resumes to the same bytes", async () => {
    for (const step of [0, 1, 5, 8]) {
      const [stoppedAt, signal] = await killAfter(
        step,
        trainArgs("killed", "--save-every", "0", "--fresh", ...options),
      );
      expect([stoppedAt >= step, signal]).toEqual([true, "SIGKILL"]);
      const resumed = await fcn(...trainArgs("killed", "--save-every", "0", "--resume", ...options));
      expect(resumed.code).toBe(0);
      expect(bytesOf("killed")).toEqual(bytesOf("whole"));
    }
  });

  it("ends after the step at Ctrl-C, keeps everything, and resumes to the same bytes", async () => {
    const [, end] = await killAfter(3, trainArgs("stopped", "--fresh", ...options), "SIGINT");
    expect(end).toBe(130);
    expect(readdirSync(at("stopped"))).toEqual(
      expect.arrayContaining(["last.safetensors", "log.jsonl", "report.html", "state-fcn8s.safetensors"]),
    );
    expect((await fcn(...trainArgs("stopped", "--resume", ...options))).code).toBe(0);
    expect(bytesOf("stopped")).toEqual(bytesOf("whole"));
  });

  it("that gets no number stops with the layer and the step", async () => {
    const wild = ["--optimizer", "sgd", "--lr", "1e38", "--epochs", "3"];
    const { code, err } = await fcn(...trainArgs("nan", ...wild));
    expect(code).toBe(1);
    expect(err).toMatch(
      /fcn: step \d+: the loss is (no number|infinite), and fcn8s\.\S+ has values that are no numbers/,
    );
  });
});

describe("stages", () => {
  it("train 32s, 16s and 8s, each from the one before, into one checkpoint", async () => {
    const options = ["--stages", "--epochs", "3", "--batch", "4", "--variations", "1"];
    expect((await fcn(...trainArgs("stages", ...options))).code).toBe(0);
    const log = logOf("stages");
    const scoreOf = (variant: string, epoch: number) =>
      log.find((line) => line.variant === variant && line.epoch === epoch && line.steps !== undefined)?.meanIoU ?? NaN;
    // Skip scores are zero and upsampling is bilinear: a stage begins where the one before ended.
    expect(Math.abs(scoreOf("fcn16s", 0) - scoreOf("fcn32s", 3))).toBeLessThan(0.002);
    expect(Math.abs(scoreOf("fcn8s", 0) - scoreOf("fcn16s", 3))).toBeLessThan(0.002);
    await withCheckpoint(at("stages/best.safetensors"), ({ tensors }) => {
      const heads = [...tensors.keys()].flatMap((name) => /^fcn\d+s/.exec(name) ?? []);
      expect([...new Set(heads)].sort()).toEqual(["fcn16s", "fcn32s", "fcn8s"]);
    });

    await killAfter(4, trainArgs("stages2", "--save-every", "0", ...options));
    expect((await fcn(...trainArgs("stages2", "--resume", ...options))).code).toBe(0);
    expect(bytesOf("stages2")).toEqual(bytesOf("stages"));
  });
});

it("all layers learn: a step changes the backbone, and the checkpoint is read", async () => {
  const { code, err } = await fcn(
    ...trainArgs("all", "--weights", "icons", "--mode", "all", "--epochs", "1", "--batch", "4"),
  );
  expect([code, err]).toEqual([0, expect.stringContaining("epoch 1/1")]);
  const weights = ["--weights", at("all/last.safetensors")];
  const segmented = await fcn("segment", at("in/00.png"), ...weights, "--format", "json", "--out", "-");
  expect(segmented.code).toBe(0);
});
