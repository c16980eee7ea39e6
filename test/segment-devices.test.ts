/** Which devices may share the pictures of one run of `fcn segment`. */
import { describe, expect, it } from "vitest";
import { UsageError } from "../src/cli/command.js";
import { refuseUnfit } from "../src/cli/segment-devices.js";
import type { OnDevice } from "../src/cli/segment-devices.js";

const on = (label: string, precision: string): OnDevice => ({ device: { label }, precision });

describe("devices of one run", () => {
  it("may not differ in the precision that auto gives them: labels would depend on the device", () => {
    const mixed = [on("NVIDIA A", "f16"), on("NVIDIA B", "f16"), on("Intel", "f32")];
    expect(() => refuseUnfit(mixed)).toThrow(
      new UsageError(
        'segment: --precision auto is f16 on "NVIDIA A" and f32 on "Intel"; one run has one precision, so give ' +
          "--precision f32 or f16",
      ),
    );
  });

  it("are refused where two have one name", () => {
    expect(() => refuseUnfit([on("A", "f32"), on("A", "f16")])).toThrow('segment: --devices names "A" twice; name');
  });

  it("may be several of one precision, or one", () => {
    expect(() => refuseUnfit([on("A", "f16")])).not.toThrow();
    expect(() => refuseUnfit([on("A", "f32"), on("B", "f32")])).not.toThrow();
  });
});
