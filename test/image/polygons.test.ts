/** Outlines: filled again they give the mask, with the rings turned as GeoJSON has them. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { classMask, classPolygons } from "../../src/image/index.js";
import type { Polygon, Ring } from "../../src/image/index.js";
import { refused, scene } from "../helpers/scenes.js";

/** Twice the area inside a ring; above 0 where it runs clockwise on the screen. */
const doubleArea = (ring: Ring): number =>
  ring.slice(1).reduce((sum, [x, y], i) => {
    const [fromX, fromY] = ring[i] as readonly [number, number];
    return sum + fromX * y - x * fromY;
  }, 0);

/** Times that a ring's vertical edges are crossed to the right of a pixel's middle. */
const crossings = (ring: Ring, x: number, y: number): number =>
  ring.slice(1).filter(([toX, toY], i) => {
    const [fromX, fromY] = ring[i] as readonly [number, number];
    return fromX === toX && toX > x + 0.5 && fromY > y + 0.5 !== toY > y + 0.5;
  }).length;

const isInside = (polygon: Polygon, x: number, y: number): boolean =>
  polygon.reduce((sum, ring) => sum + crossings(ring, x, y), 0) % 2 === 1;

describe("classPolygons", () => {
  it("gives polygons that hold exactly the pixels of the classes, each in one", () => {
    fc.assert(
      fc.property(scene, fc.constantFrom(undefined, 15, [3, 15]), ({ picture: { width, height }, labels }, classes) => {
        const polygons = classPolygons(labels, width, height, classes);
        const filled = Array.from(labels, (_, i) => {
          const holding = polygons.filter((own) => isInside(own, i % width, Math.floor(i / width)));
          return holding.length * 255;
        });
        expect(filled).toEqual([...classMask(labels, classes)]);
      }),
    );
  });

  it("closes every ring without needless corners; outer ones run clockwise on the screen, holes the other way", () => {
    fc.assert(
      fc.property(scene, ({ picture: { width, height }, labels }) => {
        for (const polygon of classPolygons(labels, width, height, 0)) {
          polygon.forEach((ring, i) => {
            expect(ring[0]).toEqual(ring.at(-1));
            expect(Math.sign(doubleArea(ring))).toBe(i === 0 ? 1 : -1);
            const vertical = ring.slice(1).map(([x], k) => x === ring[k]?.[0]);
            vertical.forEach((own, k) => expect(own).not.toBe(vertical[(k + 1) % vertical.length]));
          });
        }
      }),
    );
  });

  it("has holes, parts that touch at a corner, and leaves out specks", () => {
    const ring = Uint8Array.of(1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 0, 0, 0, 1);
    const polygons = classPolygons(ring, 4, 4, 1);
    expect(polygons.map((polygon) => polygon.length)).toEqual([2, 1]);
    expect(polygons[0]?.[1]).toHaveLength(5);
    expect(classPolygons(ring, 4, 4, 1, 2)).toEqual(polygons.slice(0, 1));
    expect(classPolygons(ring, 4, 4, 7)).toEqual([]);
  });

  it("refuses labels of another size, and a count that is none", () => {
    expect(() => classPolygons(new Uint8Array(5), 2, 2)).toThrow(
      refused("bad-image", "classPolygons: 2 x 2 needs 4 labels, got 5"),
    );
    expect(() => classPolygons(new Uint8Array(4), 2, 2, 1, 0)).toThrow(
      refused("bad-option", "classPolygons: minPixels must be a whole number of 1 or more, got 0"),
    );
    expect(() => classPolygons(new Uint8Array(4), 2, 2, -1)).toThrow(
      refused("bad-option", "classPolygons: a label is a whole number from 0 to 255, got -1"),
    );
  });
});
