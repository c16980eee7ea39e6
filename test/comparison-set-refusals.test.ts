/** Sets of checkpoints: whose names of classes they take, and what they refuse, with one sentence. */
import { describe, expect, it } from "vitest";
import { Comparison, ComparisonSet } from "../src/models/node-comparison.js";
import { requestDevice } from "../src/node.js";
import { useDevice } from "./helpers/device.js";
import { expectError } from "./helpers/expect-error.js";
import { rejectionOf } from "./helpers/promises.js";
import { useSets } from "./helpers/open-sets.js";
import type { SetMembers } from "./helpers/open-sets.js";
import { smallCheckpoint } from "./helpers/set-checkpoints.js";

const device = useDevice();

const { openSet } = useSets(device);

const a = smallCheckpoint({ name: "nets/a.safetensors" });

describe("classes", () => {
  const named = (name: string, ...names: string[]) =>
    smallCheckpoint({ name, classes: names.length, metadata: { classes: JSON.stringify(names) }, other: "heads" });

  it("are those of the checkpoints that name them, and others say so", async () => {
    const bare = smallCheckpoint({ name: "bare", classes: 3 });
    const set = await openSet([bare, named("n.st", "sky", "sea", "sand")]);
    expect([set.classes, set.classNames]).toEqual([3, ["sky", "sea", "sand"]]);
    expect(set.notice).toBe("bare does not name its classes; they are called as those of n.st");
    const given = await openSet([bare, named("n.st", "sky", "sea", "sand")], { classNames: ["x", "y", "z"] });
    expect([given.classNames, given.notice]).toEqual([["x", "y", "z"], undefined]);
  });

  it("must be the same: the sentence says which and why", async () => {
    await expectError(
      () => openSet([a, smallCheckpoint({ name: "n.pth", classes: 3 })]),
      "bad-weights",
      "compare: a has 21 classes and n has 3; only networks of the same classes can be compared, so compare them in " +
        "runs of their own",
    );
    await expectError(
      () => openSet([named("m.pth", "sky", "sea"), named("n.pth", "sky", "lake")]),
      "bad-weights",
      'compare: class 1 is "sea" in m and "lake" in n; if they mean the same classes, classNames (--class-names) ' +
        "names those of all networks",
    );
    const renamed = await openSet([named("m.pth", "sky", "sea"), named("n.pth", "sky", "lake")], {
      classNames: ["sky", "water"],
    });
    expect(renamed.classNames).toEqual(["sky", "water"]);
  });
});

describe("wrong calls", () => {
  const cases: [SetMembers, object, string, string][] = [
    [[], {}, "bad-option", "ComparisonSet.open: give at least one checkpoint"],
    [[a], { variants: [] }, "bad-option", "compare: name at least one variant"],
    [[{ checkpoint: a, variants: [] }], {}, "bad-option", "compare: name at least one variant"],
    [
      [a],
      { variants: ["fcn4s"] },
      "bad-option",
      'variant "fcn4s" is not one of fcn32s, fcn16s, fcn8s, fcn-resnet101, fcn-resnet50, fcn-resnet152',
    ],
    [
      [{ checkpoint: a, variants: ["fcn-resnet50"] }],
      {},
      "bad-weights",
      "4 planes; it has no head for fcn-resnet50, only for fcn32s, fcn16s, fcn8s",
    ],
    [
      [a],
      { variants: ["fcn8s", "fcn-resnet50"] },
      "bad-weights",
      "compare: none of the checkpoints has a head for fcn-resnet50",
    ],
    [[a], { kernels: { conv3d: "naive" } }, "bad-option", 'kernels: the network has no kernel "conv3d"'],
    [
      Array.from({ length: 13 }, () => a),
      {},
      "bad-option",
      "compare: these are 39 networks; 36 at most can be compared at once",
    ],
  ];
  it.each(cases)("%#", async (checkpoints, options, code, sentence) => {
    const error = await rejectionOf(ComparisonSet.open(device(), checkpoints, options));
    expect(error).toMatchObject({ code, message: expect.stringContaining(sentence) as string });
  });

  it("of plain JavaScript", async () => {
    const opened = (checkpoints: unknown) => () => ComparisonSet.open(device(), checkpoints as SetMembers);
    await expectError(opened("net.pth"), "bad-option", /^ComparisonSet.open: checkpoints must be an array, got string/);
    await expectError(opened([7]), "bad-option", /checkpoint/);
    await expectError(opened([{ checkpoint: a, preprocess: {} }]), "bad-option", /has no option "preprocess"/);
    const set = await openSet([a]);
    await expectError(
      () => set.measure(["fcn4s"], 8, 8),
      "bad-option",
      'measure: variant "fcn4s" is not one of fcn32s, fcn16s, fcn8s, all',
    );
  });
});

describe("pictures that are too large", () => {
  it("say what helps: a comparison has no resize", async () => {
    const small = await requestDevice();
    Object.assign(small.limits, { maxStorageBufferBindingSize: 2e4 });
    const compared = [await Comparison.open(small, a), await ComparisonSet.open(small, [a])];
    for (const comparison of compared) {
      await expectError(
        () => comparison.run({ width: 600, height: 600, data: new Uint8Array(600 * 600 * 4) }),
        "limit-too-small",
        new RegExp(
          "^a picture of 600 x 600 is too large for this device: in bands, tensor \\S+ \\[[\\d,]+\\] needs " +
            "maxStorageBufferBindingSize \\d+, this adapter offers 20000; make it smaller; " +
            "shrink or crop the picture; of this shape, \\d+ x \\d+ fits$",
        ),
      );
      comparison.dispose();
    }
    small.dispose();
  });
});
