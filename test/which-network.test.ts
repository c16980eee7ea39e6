/** Which network a checkpoint is loaded as: its own heads, untrained heads, any number of classes. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { hashedTensor, paperFcnTensors, torchvisionFcnTensors } from "../bench/hashed-weights.js";
import type { HashedTensor } from "../bench/hashed-weights.js";
import { FCN_VARIANTS, loadFcn } from "../src/node.js";
import type { Fcn, NodeLoadOptions, NodePicture } from "../src/node.js";
import { useDevice } from "./helpers/device.js";
import { hashedFile } from "./helpers/hashed-checkpoint.js";
import { agreement, referencePictures } from "./helpers/reference-maps.js";
import { WIDTH, loadHashed, stripedPicture } from "./helpers/small-networks.js";

const device = useDevice();
const picture = stripedPicture(40, 33);
const PAPER = paperFcnTensors(21, WIDTH);
const TORCHVISION = torchvisionFcnTensors(21, WIDTH);
const BACKBONE = PAPER.filter(({ name }) => name.startsWith("backbone."));
const load = (specs: readonly HashedTensor[], options: NodeLoadOptions = {}): Promise<Fcn<NodePicture>> =>
  loadHashed(device(), specs, options);

// The file's float32 numbers equal those of the shipped float16 file to the last bit, so no pixel may differ.
describe("fcn-resnet101-w16.pth, PyTorch's own file", () => {
  const path = fileURLToPath(new URL("fixtures/checkpoints/fcn-resnet101-w16.pth", import.meta.url));
  const pictures = [...referencePictures("samples"), ...referencePictures("test/fixtures/val").slice(13)];

  it.each(FCN_VARIANTS)("gives the label maps of the shipped safetensors with %s", async (variant) => {
    const pth = await loadFcn({ weights: path, variant, device: device() });
    const shipped = await loadFcn({ weights: "icons", variant, device: device() });
    expect([pth.description, pth.variant, pth.notice]).toEqual([shipped.description, variant, undefined]);
    for (const reference of pictures) {
      const a = (await pth.segment(reference.picture)).labels;
      const b = (await shipped.segment(reference.picture)).labels;
      expect(agreement(a, b), reference.name).toBe(1);
    }
    pth.dispose();
    shipped.dispose();
  });
});

describe("which network a file gives", () => {
  it("is the finest for which it has a head", async () => {
    for (const [specs, variant] of [
      [PAPER, "fcn8s"],
      [PAPER.filter(({ name }) => !name.startsWith("fcn8s.")), "fcn16s"],
      [TORCHVISION, "fcn-resnet101"],
    ] as const) {
      const fcn = await load(specs);
      expect([fcn.variant, fcn.notice]).toEqual([variant, undefined]);
      fcn.dispose();
    }
  });

  it("is an error for a head that it lacks, with what it is and what to do", async () => {
    await expect(load(TORCHVISION, { variant: "fcn8s" })).rejects.toMatchObject({
      code: "bad-weights",
      message:
        "weights in memory is torchvision fcn_resnet101: dilated, 21 classes, with aux head, 4 planes; " +
        "it has no head for fcn8s: load it as fcn-resnet101, " +
        'or give heads: "init" (--heads init) for an untrained one',
    });
    await expect(load(BACKBONE)).rejects.toMatchObject({
      code: "bad-weights",
      message:
        'weights in memory is resnet101 under "backbone.": backbone only, 4 planes; ' +
        'it has no head for fcn8s: give heads: "init" (--heads init) for an untrained one',
    });
    await expect(load(BACKBONE, { variant: "fcn4s" as "fcn8s" })).rejects.toMatchObject({ code: "bad-option" });
    await expect(load(BACKBONE, { heads: "yes" as "init" })).rejects.toMatchObject({ code: "bad-option" });
  });

  it("behind DataParallel's prefix is the same network", async () => {
    const wrapped = await hashedFile(
      TORCHVISION.map(({ name, shape }) => ({ name: `module.${name}`, shape })),
      (name, shape) => hashedTensor(name.slice("module.".length), shape),
    );
    const a = await load(TORCHVISION, { resize: "none" });
    const b = await loadFcn({ weights: wrapped, device: device(), resize: "none" });
    expect((await b.logits(picture)).data).toEqual((await a.logits(picture)).data);
    a.dispose();
    b.dispose();
  });

  it.each([...FCN_VARIANTS, "fcn-resnet101"] as const)(
    "may be an untrained %s, which says so and gives the same logits every time",
    async (variant) => {
      const options = { variant, heads: "init", resize: "none" } as const;
      const [a, b] = [await load(BACKBONE, options), await load(BACKBONE, options)];
      expect(a.notice).toBe(
        `the head of ${variant} is untrained, so its labels mean nothing: ` +
          'weights in memory is resnet101 under "backbone.": backbone only, 4 planes',
      );
      const { data } = await a.logits(picture);
      expect(data.every(Number.isFinite)).toBe(true);
      expect(data.some((value) => value !== 0)).toBe(true);
      expect((await b.logits(picture)).data).toEqual(data);
      a.dispose();
      b.dispose();
    },
  );

  it('keeps a head that the file has, with heads: "init" too', async () => {
    const [a, b] = [await load(PAPER), await load(PAPER, { heads: "init" })];
    expect(b.notice).toBeUndefined();
    expect((await b.logits(picture)).data).toEqual((await a.logits(picture)).data);
    a.dispose();
    b.dispose();
  });

  it("may have any number of classes, with names or without", async () => {
    for (const specs of [paperFcnTensors(7, WIDTH), torchvisionFcnTensors(7, WIDTH)]) {
      const fcn = await load(specs, { resize: "none" });
      expect(fcn.classNames).toEqual(Array.from({ length: 7 }, (_, i) => `class ${i}`));
      expect((await fcn.logits(picture)).shape).toEqual([1, 7, 33, 40]);
      expect((await fcn.segment(picture)).names.every((name) => /^class [0-6]$/.test(name))).toBe(true);
      fcn.dispose();
      const classNames = ["a", "b", "c", "d", "e", "f", "g"];
      const named = await load(specs, { classNames });
      expect(named.classNames).toEqual(classNames);
      named.dispose();
      await expect(load(specs, { classNames: ["a"] })).rejects.toMatchObject({ code: "bad-option" });
    }
    const initial = await load(BACKBONE, { heads: "init", classNames: ["sea", "land", "cloud"] });
    expect((await initial.logits(picture)).shape).toEqual([1, 3, 33, 40]);
    initial.dispose();
  });
});
