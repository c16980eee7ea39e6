/** Names of the networks of a set, and the backbones that its checkpoints have in common. */
import { describe, expect, it } from "vitest";
import { fileNames, titleOf, variantOf, variantTitle } from "../src/eval/titles.js";
import { distinct, isNetworkName, isShownName, nameGroups, shortWeightsNames } from "../src/models/set-names.js";
import { haveSameBackbone } from "../src/models/shared-backbone.js";
import { smallCheckpoint } from "./helpers/set-checkpoints.js";

describe("short names of weights", () => {
  it("are those of files, with as many folders as tell them apart", () => {
    expect(shortWeightsNames(["photos", "torchvision/fcn_resnet50", "a/b/net.safetensors"])).toEqual([
      "photos",
      "fcn_resnet50",
      "net",
    ]);
    expect(shortWeightsNames(["run1/best.pth", "run2/best.pth", "C:\\run3\\last.pth.tar"])).toEqual([
      "run1/best",
      "run2/best",
      "last",
    ]);
    expect(shortWeightsNames(["https://x.org/a/net.pth?key=1", "https://x.org/b/net.pth#2"])).toEqual([
      "a/net",
      "b/net",
    ]);
    expect(shortWeightsNames(["net.pth", "net.safetensors", ".pth"])).toEqual(["net", "net 2", ".pth"]);
    expect(shortWeightsNames(["", "/"])).toEqual(["weights", "weights 2"]);
  });

  it("are short and printable, whatever the path", () => {
    const [long = "", escaped = ""] = shortWeightsNames(["x".repeat(99), "\u001b[31mred"]);
    expect([long.length, escaped]).toEqual([32, "\\u001b[31mred"]);
    for (const name of [long, escaped]) expect(isShownName(name)).toBe(true);
    expect([isShownName(""), isShownName("a\tb"), isShownName("\u202e"), isShownName(7)]).toEqual(Array(4).fill(false));
  });

  it("get numbers where they are equal", () => {
    expect(distinct(["a", "a", "a 2", "b"])).toEqual(["a", "a 2", "a 2 2", "b"]);
  });
});

describe("names of networks", () => {
  const member = (of: number, ...variants: string[]) => ({ of, variants });

  it("have the weights only where a variant is there twice", () => {
    const groups = [[member(0, "fcn8s", "fcn16s")], [member(0, "fcn-resnet50")], [member(1, "fcn8s")]];
    expect(nameGroups(groups, ["a", "b"])).toEqual([
      { name: "a", networks: [["fcn8s of a", "fcn16s"]], shared: "shared of a", together: "all of a" },
      { name: "a dilated", networks: [["fcn-resnet50"]], shared: "shared of a dilated", together: "all of a dilated" },
      { name: "b", networks: [["fcn8s of b"]], shared: "shared of b", together: "all of b" },
    ]);
  });

  it("of one group need no weights beside what is shared; groups of several files are named by them", () => {
    const three = [0, 1, 2].map((of) => member(of, "fcn8s"));
    expect(nameGroups([three.slice(0, 2)], ["a", "b"])).toMatchObject([
      { name: "a + b", shared: "shared", together: "all" },
    ]);
    expect(nameGroups([three], ["a", "b", "c"])).toMatchObject([{ name: "a + 2 more" }]);
  });

  it("are told from other texts, and have titles and names of files", () => {
    for (const name of ["fcn8s", "fcn8s of a b", "fcn-resnet101 of x/y"]) expect(isNetworkName(name), name).toBe(true);
    for (const name of ["", "all", "fcn4s of a", "fcn8sof", "fcn8s of a\n", 7]) expect(isNetworkName(name)).toBe(false);
    expect([variantOf("fcn8s of a of b"), variantTitle("fcn8s of a of b")]).toEqual(["fcn8s", "FCN-8s of a of b"]);
    expect([variantTitle("all of a"), variantTitle("fcn-resnet50")]).toEqual(["all of a", "FCN-ResNet50"]);
    const files = fileNames(["fcn8s", "fcn8s of A/b", "fcn8s of a.b", "fcn-resnet50"]);
    expect([...files.values()]).toEqual(["fcn8s", "fcn8s-of-a-b", "fcn8s-of-a-b-2", "fcn-resnet50"]);
    const header = { variants: ["fcn8s of a", "fcn8s of b"] };
    expect(titleOf({ header, groups: [] } as unknown as Parameters<typeof titleOf>[0])).toBe(
      "FCN-8s of a, FCN-8s of b",
    );
  });
});

it("backbones are the same where tensors, shapes and values are", async () => {
  const a = smallCheckpoint({ name: "a" });
  const same = async (...others: Parameters<typeof smallCheckpoint>) => haveSameBackbone(a, smallCheckpoint(...others));
  expect(await haveSameBackbone(a, a)).toBe(true);
  expect(await same({ name: "b", other: "heads", classes: 3 })).toBe(true);
  expect(await same({ name: "b", other: "backbone" })).toBe(false);
  expect(await same({ name: "b", depth: 34 })).toBe(false);
  let reads = 0;
  const counted = { ...a, read: (name: string) => ((reads += 1), a.read(name)) };
  const first = smallCheckpoint({ name: "c" });
  const changed = { ...first, read: async (name: string) => (await first.read(name)).map((value) => value + 1) };
  expect([await haveSameBackbone(counted, changed), reads]).toEqual([false, 1]); // the first tensor is enough
});
