/** Generated checkpoints equal PyTorch's: values pasted from make_fixtures.py. More in hashed-forward.test.ts. */
import { describe, expect, it } from "vitest";
import {
  bilinear,
  hashed,
  hashedInput,
  hashedTensor,
  paperFcnTensors,
  torchvisionFcnTensors,
} from "../bench/hashed-weights.js";
import type { HashedTensor } from "../bench/hashed-weights.js";
import { elements } from "../src/kernel/shape.js";
import { sum } from "./helpers/float64-layers.js";

describe("hashed", () => {
  it.each([
    [
      "input/a64",
      [0.0763014554977417, -0.34554529190063477, 0.9833245277404785, -0.8468030691146851],
      -0.6885412931442261,
    ],
    [
      "input/b97x131",
      [0.09925460815429688, 0.5108867883682251, 0.4939241409301758, -0.7329226732254028],
      0.7490390539169312,
    ],
    [
      "backbone.conv1.weight",
      [0.09508812427520752, -0.09539365768432617, 0.45209813117980957, -0.8689959049224854],
      0.9384825229644775,
    ],
    [
      "fcn8s.up2.weight",
      [-0.986752986907959, 0.3832409381866455, 0.6339532136917114, 0.13359129428863525],
      -0.6685433387756348,
    ],
    ["é", [0.11155200004577637, 0.6839882135391235, 0.394994854927063, -0.8322484493255615], 0.26612305641174316],
  ])("%s has make_fixtures.py's values", (name, first, twoMillionth) => {
    expect([...hashed(name, 4)]).toEqual(first);
    expect(hashed(name, 2_000_001)[2_000_000]).toBe(twoMillionth);
  });

  it("makes bilinear kernels of odd and even size", () => {
    expect([...bilinear(3)]).toEqual([0.25, 0.5, 0.25, 0.5, 1, 0.5, 0.25, 0.5, 0.25]);
    expect([...bilinear(4).slice(0, 8)]).toEqual([0.0625, 0.1875, 0.1875, 0.0625, 0.1875, 0.5625, 0.5625, 0.1875]);
    expect([sum(bilinear(16)), sum(bilinear(64))]).toEqual([64, 1024]);
  });

  // Name, shape, indices, the values there, and the sum of all, from make_fixtures.py's fill().
  const FILLED: [string, number[], number[], number[], number][] = [
    [
      "backbone.conv1.weight",
      [64, 3, 7, 7],
      [0, 1, 9407],
      [0.019210701808333397, -0.01927242986857891, -0.11251477152109146],
      13.744238364299235,
    ],
    [
      "backbone.bn1.weight",
      [64],
      [0, 1, 63],
      [0.9334338903427124, 1.1784803867340088, 1.1865097284317017],
      64.01245510578156,
    ],
    [
      "backbone.layer4.2.bn3.weight",
      [2048],
      [0, 1, 2047],
      [0.18305650353431702, 0.22965899109840393, 0.1102491170167923],
      406.57000697404146,
    ],
    [
      "backbone.layer4.2.conv2.weight",
      [512, 512, 3, 3],
      [0, 1, 2359295],
      [-0.031634774059057236, 0.03244183212518692, 0.008812332525849342],
      -20.68676097532725,
    ],
    [
      "fcn8s.score32.weight",
      [21, 2048, 1, 1],
      [0, 1, 43007],
      [0.003053715219721198, -0.02475742995738983, -0.012407481670379639],
      7.960633134755824,
    ],
    [
      "fcn16s.up2.weight",
      [21, 21, 4, 4],
      [0, 1, 5, 16, 7055],
      [0.10874659568071365, 0.21876409649848938, 0.6021072864532471, 0.02824859693646431, 0.09213005006313324],
      83.7086629703117,
    ],
    [
      "classifier.4.weight",
      [21, 512, 1, 1],
      [0, 1, 10751],
      [0.006173842586576939, -0.02912454679608345, 0.05989282578229904],
      -4.971515990383978,
    ],
    [
      "classifier.0.weight",
      [512, 2048, 3, 3],
      [0, 1, 9437183],
      [0.0017182095907628536, -0.007129219826310873, -0.01127686258405447],
      -23.468541696312112,
    ],
    [
      "aux_classifier.4.weight",
      [21, 256, 1, 1],
      [0, 1, 5375],
      [-0.09626378118991852, 0.08458749204874039, 0.05759638920426369],
      3.420179990129327,
    ],
    [
      "aux_classifier.1.weight",
      [256],
      [0, 1, 255],
      [0.9849393367767334, 0.892242431640625, 0.8934214115142822],
      252.935508787632,
    ],
  ];
  it.each(FILLED)("fills %s %j", (name, shape, at, values, total) => {
    const data = hashedTensor(name, shape);
    expect(at.map((i) => data[i])).toEqual(values);
    expect(Math.abs(sum(data) - total)).toBeLessThan(1e-9 * data.length);
  });

  it("makes the two inputs", () => {
    const a = hashedInput("a64", [1, 3, 64, 64]);
    expect([a[0], a[1], a[12287], a.length]).toEqual([
      0.1526029109954834, -0.6910905838012695, -1.9565181732177734, 12288,
    ]);
    expect(sum(hashedInput("b97x131", [1, 3, 97, 131]))).toBeCloseTo(-41.55312943458557, 9);
  });

  it("leaves counters out", () => {
    expect(() => hashedTensor("backbone.bn1.num_batches_tracked", [])).toThrow(/counter/);
  });
});

describe("state dicts", () => {
  const learned = (specs: readonly HashedTensor[]): number =>
    sum(specs.filter(({ name }) => !name.includes("running_")).map(({ shape }) => elements(shape)));
  const norms = (specs: readonly HashedTensor[]): number =>
    specs.filter(({ name }) => name.endsWith("running_var")).length;

  it("torchvision's has 640 tensors with the counters, and 54,314,346 parameters", () => {
    const specs = torchvisionFcnTensors();
    expect([specs.length + norms(specs), norms(specs), learned(specs)]).toEqual([640, 106, 54_314_346]);
  });

  it("the paper's has the same backbone and three heads", () => {
    const specs = paperFcnTensors();
    const heads = specs.filter(({ name }) => !name.startsWith("backbone.")).map(({ name }) => name);
    expect([specs.length - heads.length, norms(specs)]).toEqual([520, 104]);
    expect(learned(specs.filter(({ name }) => name.startsWith("backbone.")))).toBe(42_500_160);
    expect(heads).toEqual([
      ...["fcn32s.score32.weight", "fcn32s.score32.bias"],
      ...["score32.weight", "score32.bias", "up2.weight", "score16.weight", "score16.bias"].map((n) => `fcn16s.${n}`),
      ...[
        "score32.weight",
        "score32.bias",
        "up2.weight",
        "score16.weight",
        "score16.bias",
        "up4.weight",
        "score8.weight",
        "score8.bias",
      ].map((n) => `fcn8s.${n}`),
    ]);
    expect(new Set(specs.map(({ name }) => name)).size).toBe(specs.length);
  });
});
