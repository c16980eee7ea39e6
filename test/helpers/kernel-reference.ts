/** The page docs/kernels.md, made from the declarations of the kernels and the comments in their files. */
import { readFileSync } from "node:fs";
import { format } from "prettier";
import { registry } from "../../shaders/index.js";
import type { Kernel } from "../../src/kernel/kernel.js";

const INTRODUCTION = `# Kernels

All kernels of \`fcn-webgpu/kernels\`. \`runKernel(device, kernel, inputs, attributes)\` calls one
([library.md](library.md#tensors-and-kernels-alone)); \`graph.op(label, kernel, inputs, attributes)\` makes it a step of
a plan ([decoder.md](decoder.md)). \`test/kernel-reference.test.ts\` makes this page from the sources;
\`npx vitest -u test/kernel-reference.test.ts\` writes it again.

Tensors are [N, C, H, W]. Weights are in PyTorch's order. Attributes have the names of PyTorch's arguments, with
underscores: a call reads as in PyTorch, and shaders have the same names in their uniforms. A pair is one number
for both axes, or [rows, columns].
`;

const fileOf = ({ name }: Kernel): string => `shaders/${name}/kernel.ts`;

/** The text of a comment without its stars, as one paragraph. */
const prose = (comment: string): string =>
  comment
    .split("\n")
    .map((line) => line.replace(/^\s*\*?\s?/, "").trim())
    .join(" ")
    .trim();

/** As prose(), where lines that are indented are formulas. */
function paragraphs(comment: string): string {
  const lines = comment.split("\n").map((line) => line.replace(/^\s*\*? ?/, ""));
  const parts: { readonly isFormula: boolean; readonly lines: string[] }[] = [];
  for (const line of lines) {
    const isFormula = line.startsWith("  ");
    const last = parts.at(-1);
    if (last?.isFormula === isFormula) last.lines.push(line.trim());
    else parts.push({ isFormula, lines: [line.trim()] });
  }
  const texts = parts.map((part) =>
    part.isFormula ? part.lines.map((line) => `    ${line}`).join("\n") : part.lines.join(" ").trim(),
  );
  return texts.filter((text) => text !== "").join("\n\n");
}

/** Comments of the keys of a part of a declaration, such as its attributes. */
function commentsIn(source: string, part: string): ReadonlyMap<string, string> {
  const block = new RegExp(`^  ${part}: \\{([\\s\\S]*?)\\n  \\},?$`, "m").exec(source)?.[1] ?? "";
  const found = [...block.matchAll(/\/\*\*([\s\S]*?)\*\/\s*(\w+):/g)];
  return new Map(found.map(([, comment = "", key = ""]) => [key, prose(comment)]));
}

const isPair = (source: string, key: string): boolean => new RegExp(`\\b${key}: \\S+ as Pair`).test(source);

/** Words that an attribute may be, where its type lists them. */
const wordsOf = (source: string, key: string): string =>
  new RegExp(`\\b${key}: "[\\w-]+" as ("[^,}]+")`).exec(source)?.[1]?.replaceAll('"', "`").replaceAll(" | ", ", ") ??
  "";

function attributeLines({ attrs }: Kernel, source: string): string[] {
  const comments = commentsIn(source, "attrs");
  return Object.entries(attrs).map(([key, value]) => {
    const words = wordsOf(source, key);
    const kind = isPair(source, key) ? ", a pair" : words && `, one of ${words}`;
    const comment = comments.get(key);
    return `- \`${key}\`: default \`${JSON.stringify(value)}\`${kind}${comment ? `. ${comment}` : ""}`;
  });
}

function operandLines(kernel: Kernel, source: string, part: "inputs" | "outputs"): string[] {
  const comments = commentsIn(source, part);
  return Object.entries(kernel[part]).map(([key, spec]) => {
    const what = spec.role === "weight" ? "weight" : `tensor, layout \`${spec.layout}\``;
    const comment = comments.get(key);
    return `- \`${key}\`: ${what}${spec.optional ? ", optional" : ""}${comment ? `. ${comment}` : ""}`;
  });
}

function section(kernel: Kernel): string {
  const source = readFileSync(fileOf(kernel), "utf8");
  const about = paragraphs(/^\/\*\*([\s\S]*?)\*\//.exec(source)?.[1] ?? "").replace(/(https:\S+)/g, "<$1>");
  const attributes = attributeLines(kernel, source);
  return [
    `## ${kernel.name}`,
    about,
    ["Inputs:", "", ...operandLines(kernel, source, "inputs")].join("\n"),
    ...(attributes.length > 0 ? [["Attributes:", "", ...attributes].join("\n")] : []),
    ["Outputs:", "", ...operandLines(kernel, source, "outputs")].join("\n"),
    `Variants: ${Object.keys(kernel.variants).join(", ")}. Source: \`${fileOf(kernel)}\``,
  ].join("\n\n");
}

/** The sentence above the declaration. */
function headline({ name }: Kernel): string {
  const source = readFileSync(`shaders/${name}/kernel.ts`, "utf8");
  return prose(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport const \w+ = defineKernel/.exec(source)?.[1] ?? "");
}

export function kernelReference(): Promise<string> {
  const kernels = registry.map(({ kernel }) => kernel);
  const list = kernels.map((kernel) => `- [${kernel.name}](#${kernel.name}): ${headline(kernel)}`).join("\n");
  const text = [INTRODUCTION, list, ...kernels.map(section)].join("\n\n");
  return format(text, { parser: "markdown", printWidth: 120, proseWrap: "always" });
}
