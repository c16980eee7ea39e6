/** Memory planning: live tensors never overlap, and inputs and outputs of a dispatch never share a buffer. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planArena } from "../src/plan/arena.js";
import type { Lifetime } from "../src/plan/arena.js";

const tensor = (from: number, to: number, bytes: number, apart: number[] = []): Lifetime => ({
  name: `t${from}`,
  bytes,
  from,
  to,
  apart: new Set(apart),
});

describe("planArena", () => {
  it("reuses the memory of a dead tensor", () => {
    const { slabs, placements } = planArena(
      [tensor(0, 1, 1024), tensor(1, 2, 1024, [0]), tensor(2, 3, 1024, [1])],
      1 << 20,
    );
    expect(slabs).toEqual([1024, 1024]);
    expect(placements[2]).toEqual(placements[0]);
  });

  it("keeps input and output of a dispatch in different buffers, and a residual block in three", () => {
    // x -> a -> b, y = b + shortcut, all four alive around the last dispatch
    const block = [
      tensor(0, 4, 512),
      tensor(1, 2, 512, [0]),
      tensor(2, 4, 512, [1]),
      tensor(3, 4, 512, [0]),
      tensor(4, 5, 512, [2, 3]),
    ];
    const { placements } = planArena(block, 1 << 20);
    const slabOf = (i: number): number => placements[i]?.slab ?? -1;
    block.forEach((t, i) => t.apart.forEach((j) => expect(slabOf(i)).not.toBe(slabOf(j))));
  });

  it("refuses a tensor larger than a buffer may be, with both numbers", () => {
    expect(() => planArena([tensor(0, 1, 4096)], 1024)).toThrow(/maxBufferSize 4096, this adapter offers 1024/);
  });

  it("never overlaps tensors that live at the same time (property)", () => {
    const lifetimes = fc.array(
      fc.record({
        from: fc.nat(30),
        length: fc.nat(8),
        bytes: fc.integer({ min: 1, max: 5000 }),
        apart: fc.array(fc.nat(40), { maxLength: 2 }),
      }),
      {
        minLength: 1,
        maxLength: 40,
      },
    );
    fc.assert(
      fc.property(lifetimes, (drawn) => {
        const tensors = drawn.map(({ from, length, bytes, apart }, i) =>
          tensor(
            from,
            from + length,
            bytes,
            apart.filter((j) => j < i),
          ),
        );
        const { placements, slabs } = planArena(tensors, 1 << 24);
        tensors.forEach((a, i) => {
          const p = placements[i];
          if (!p) throw new Error("not placed");
          expect(p.offset % 256).toBe(0);
          expect(p.offset + a.bytes).toBeLessThanOrEqual(slabs[p.slab] ?? 0);
          a.apart.forEach((j) => expect(placements[j]?.slab).not.toBe(p.slab));
          tensors.slice(0, i).forEach((b, j) => {
            const q = placements[j];
            if (q?.slab !== p.slab || a.to < b.from || b.to < a.from) return;
            expect(p.offset >= q.offset + b.bytes || q.offset >= p.offset + a.bytes).toBe(true);
          });
        });
      }),
      { seed: 7, numRuns: 200 },
    );
  });
});
