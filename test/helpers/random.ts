/** Seeded random numbers: tests must be repeatable. */
export { fnv1a as seedOf } from "../../src/base/hash.js";
export { seeded } from "../../src/base/random.js";
