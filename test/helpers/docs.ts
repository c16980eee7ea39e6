/** The documentation as tests see it: code blocks with what they print, commands, links. */
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Block {
  readonly language: string;
  /** What follows the language: "browser", or a file name, and "variants" for an addition to that file. */
  readonly words: readonly string[];
  readonly text: string;
  readonly line: number;
}

export interface Page {
  readonly file: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

function codeBlocks(text: string): Block[] {
  return [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(({ 1: head = "", 2: body = "", index }) => {
    const [language = "", ...words] = head.trim().split(/\s+/);
    return { language, words, text: body, line: text.slice(0, index).split("\n").length };
  });
}

const FILES: readonly string[] = [
  "README.md",
  "ARCHITECTURE.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "NOTICE.md",
  "weights/README.md",
  ...readdirSync(`${root}/docs`)
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file}`),
  ...["", "slurm/", "bullmq/", "kubernetes/"].map((folder) => `deploy/${folder}README.md`),
];

export const PAGES: readonly Page[] = FILES.map((file) => {
  const text = readFileSync(`${root}/${file}`, "utf8");
  return { file, text, blocks: codeBlocks(text) };
});

/** The pages whose code and commands are run. */
export const GUIDES = PAGES.filter(({ file }) => file === "README.md" || /^(docs|deploy)\//.test(file));

/** The declaration of a kernel with further variants. @throws RangeError where it does not end with its variants */
export function withVariants(declaration: string, variants: string): string {
  const end = "  },\n});\n";
  if (!declaration.endsWith(end)) throw new RangeError("the declaration does not end with its variants");
  return declaration.slice(0, -end.length) + variants + end;
}

/** Every X of the comments `// prints X`, in order. */
export const printedBy = (code: string): string[] =>
  [...code.matchAll(/\/\/ prints (.*)$/gm)].map(([, line]) => line ?? "");

/** The arguments of fcn in a line of shell, without redirections and pipes; none where the line does not call it. */
function commandOf(line: string): string[][] {
  const withoutComment = line.replace(/\s+#.*$/, "");
  const withNumbers = withoutComment.replace(/\$\(\(.*?\)\)|\$\w+|\{\}/g, "1"); // what the shell would put in
  const [, command] = /(?:npm run (?:-s )?fcn --|npx fcn|^fcn|(?:npx )?fcn-webgpu) (.*)/.exec(withNumbers) ?? [];
  if (command === undefined) return [];
  const [own = ""] = command.split(/ [<>|] ?|\)$/);
  const words = own.trim().split(/\s+/);
  return [words.map((word) => word.replace(/^['"]|['"]$/g, ""))];
}

/** The arguments of every call of fcn on a page. */
export function commandsOf({ blocks }: Page): string[][] {
  const shell = blocks.filter(({ language }) => language === "sh");
  return shell.flatMap(({ text }) => text.split("\n")).flatMap(commandOf);
}

/** The anchors that links can name: headings in lower case, with dashes for spaces. */
export const anchorsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

/** The links of a page within the repository. */
export function linksOf(text: string): string[] {
  const prose = text.replace(/^```[\s\S]*?^```$/gm, "");
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, to = ""]) => to);
  return links.filter((to) => !/^https?:/.test(to));
}
