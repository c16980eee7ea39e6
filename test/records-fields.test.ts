/** Every field of a header and of a record of a comparison is checked, with one sentence for what is wrong. */
import { describe, expect, it } from "vitest";
import { parseRunHeader } from "../src/eval/parse-header.js";
import { parseRecord } from "../src/eval/parse-records.js";
import { HEADER, SET_HEADER, costRecord, pictureRecord, setRecord } from "./helpers/records.js";

const MARKUP = "<script>alert(1)</script>";

describe("each field", () => {
  const record = pictureRecord("a.png");
  const cost = costRecord("all").cost;
  const parsed = (value: object) => () => parseRecord(JSON.stringify(value), "r.jsonl line 2", HEADER);
  const headed = (value: object) => () => parseRunHeader(JSON.stringify({ ...HEADER, ...value }), "r.jsonl line 1");

  it("of a header is checked", () => {
    const variants = "a list of fcn32s, fcn16s, fcn8s, fcn-resnet101, fcn-resnet50, fcn-resnet152, each at most once";
    const cases: [object, string][] = [
      [{ variants: ["../../x"] }, variants],
      [{ variants: ["fcn8s", "fcn8s"] }, variants],
      [{ variants: ["fcn8s", "fcn-resnet101"] }, variants],
      [{ classNames: [] }, "a list of 1 to 256 texts"],
      [{ classNames: ["a", { b: 1 }] }, "a list of 1 to 256 texts"],
      [{ boundaryWidth: 0 }, "a whole number of 1 or more"],
      [{ weights: [] }, "a text"],
      [{ adapter: 7 }, "a text"],
      [{ precision: MARKUP }, "a precision"],
      [{ resize: "520" }, "a whole number of 1 or more"],
      [{ base: {} }, "a text"],
    ];
    for (const [change, needed] of cases)
      expect(headed(change)).toThrow(`r.jsonl line 1: the header's ${Object.keys(change)[0]} is not ${needed}`);
  });

  it("of groups is checked", () => {
    const setHeaded = (value: object) => () =>
      parseRunHeader(JSON.stringify({ ...SET_HEADER, ...value }), "r.jsonl line 1");
    const [first, second] = SET_HEADER.groups ?? [];
    const names = "variants is not a list of 1 to 36 names of networks, no two alike";
    const groups = "groups are not a list of names, weights and variants that fit its variants";
    const cases: [object, string][] = [
      [{ variants: ["fcn8s of a", "fcn8s of a"] }, names],
      [{ variants: ["all"] }, names],
      [{ variants: Array.from({ length: 37 }, (_, i) => `fcn8s of ${i}`) }, names],
      [{ groups: undefined }, groups],
      [{ groups: [] }, groups],
      [{ groups: [first] }, groups],
      [{ groups: [second, first] }, groups],
      [{ groups: [first, { ...second, name: first?.name }] }, groups],
      [{ groups: [first, { ...second, resize: 0 }] }, groups],
      [{ groups: [first, { ...second, name: "a\tb" }] }, groups],
      [{ format: HEADER.format, variants: HEADER.variants }, 'groups do not belong to "fcn-compare 1"'],
    ];
    for (const [change, problem] of cases)
      expect(setHeaded(change), JSON.stringify(change)).toThrow(`r.jsonl line 1: the header's ${problem}`);
    const times = (groups: unknown) => () =>
      parseRecord(JSON.stringify({ ...setRecord("a"), ms: { total: 9, groups } }), "line 2", SET_HEADER);
    for (const wrong of [undefined, [1], [1, -1], [1, 2, 3], "12"])
      expect(times(wrong)).toThrow("line 2: its times are not numbers of 0 or more");
    expect(times([1, 2])).not.toThrow();
    expect(() => parseRecord(JSON.stringify(costRecord("all")), "line 2", SET_HEADER)).toThrow("of no known network");
  });

  it("of a record is checked", () => {
    const scores = (own: object) => ({ ...record, scores: { ...record.scores, fcn8s: own } });
    const cases: [object, string][] = [
      [{ ...record, error: "x" }, "it is neither a picture's record nor a failure nor a cost"],
      [{ picture: "", error: "x" }, "its picture has no name"],
      [{ picture: "a", error: {} }, "its error is no text"],
      [{ ...record, height: MARKUP }, "its size is not in whole pixels"],
      [{ ...record, ms: { total: MARKUP } }, "its times are not numbers of 0 or more"],
      [{ ...record, ms: { total: 1, stages: { shared: "1" } } }, "its times are not numbers of 0 or more"],
      [{ ...record, agreement: {} }, "its agreement does not fit its variants and pixels"],
      [scores({ confusion: [0, 1e9], boundary: [] }), "its scores do not fit its variants, classes and pixels"],
      [scores({ confusion: [0, 1, 0, 1], boundary: [] }), "its scores do not fit its variants, classes and pixels"],
      [scores({ confusion: [1e6, 1], boundary: [] }), "its scores do not fit its variants, classes and pixels"],
      [scores({ confusion: [], boundary: [0, 1] }), "its scores do not fit its variants, classes and pixels"],
      [{ cost: null }, "its cost is no object"],
      [{ cost: { ...cost, variant: "x" } }, "its cost is of no known network"],
      [{ cost: { ...cost, width: 0.5 } }, "its cost has no size in whole pixels"],
      [{ cost: { ...cost, planBytes: "1" } }, "its cost's planBytes is not a number of 0 or more"],
    ];
    for (const [value, problem] of cases)
      expect(parsed(value)).toThrow(`r.jsonl line 2: ${problem}; fcn compare writes no such line`);
    expect(() => parseRecord(`{"cost":${"[".repeat(99)}${"]".repeat(99)}}`, "line 2", HEADER)).toThrow(
      "line 2: it is nested more than 12 deep; fcn compare writes no such line",
    );
  });
});
