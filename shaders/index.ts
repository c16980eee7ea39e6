/** The registry: one line a kernel. Tests, benchmarks, `doctor` and the documentation iterate over it. */
import { register } from "../src/kernel.js";
import type { RegistryEntry } from "../src/kernel.js";
import { conv2dCases } from "./conv2d/cases.js";
import { conv2d } from "./conv2d/kernel.js";
import { conv2dReference } from "./conv2d/reference.js";
import { convertCases } from "./convert/cases.js";
import { convert } from "./convert/kernel.js";
import { convertReference } from "./convert/reference.js";

export const registry: readonly RegistryEntry[] = [
  register(conv2d, conv2dReference, conv2dCases),
  register(convert, convertReference, convertCases),
];
