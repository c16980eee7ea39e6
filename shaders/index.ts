/** The registry: one line a kernel. Tests, benchmarks, `doctor` and the documentation iterate over it. */
import { register } from "../src/kernel.js";
import type { RegistryEntry } from "../src/kernel.js";
import { conv2dCases } from "./conv2d/cases.js";
import { conv2d } from "./conv2d/kernel.js";
import { conv2dReference } from "./conv2d/reference.js";
import { convertCases } from "./convert/cases.js";
import { convert } from "./convert/kernel.js";
import { convertReference } from "./convert/reference.js";
import { argmaxCases } from "./argmax/cases.js";
import { argmax } from "./argmax/kernel.js";
import { argmaxReference } from "./argmax/reference.js";
import { convTranspose2dCases } from "./conv-transpose2d/cases.js";
import { convTranspose2d } from "./conv-transpose2d/kernel.js";
import { convTranspose2dReference } from "./conv-transpose2d/reference.js";
import { normalizeCases } from "./normalize/cases.js";
import { normalize } from "./normalize/kernel.js";
import { normalizeReference } from "./normalize/reference.js";
import { projectCases } from "./project/cases.js";
import { project } from "./project/kernel.js";
import { projectReference } from "./project/reference.js";

export const registry: readonly RegistryEntry[] = [
  register(conv2d, conv2dReference, conv2dCases),
  register(convert, convertReference, convertCases),
  register(argmax, argmaxReference, argmaxCases),
  register(convTranspose2d, convTranspose2dReference, convTranspose2dCases),
  register(normalize, normalizeReference, normalizeCases),
  register(project, projectReference, projectCases),
];
