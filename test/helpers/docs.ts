/** The documentation as a test sees it: code blocks with what they print, commands, links. */
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Block {
  readonly language: string;
  /** What follows the language: "browser", "fragment", the name of a file. */
  readonly words: readonly string[];
  readonly text: string;
  readonly line: number;
}

export interface Page {
  readonly file: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

function blocksOf(text: string): Block[] {
  return [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(({ 1: head = "", 2: body = "", index }) => {
    const [language = "", ...words] = head.trim().split(/\s+/);
    return { language, words, text: body, line: text.slice(0, index).split("\n").length };
  });
}

export const PAGES: readonly Page[] = [
  "README.md",
  "ARCHITECTURE.md",
  "CHANGELOG.md",
  "weights/README.md",
  ...readdirSync(`${root}/docs`)
    .filter((f) => f.endsWith(".md"))
    .map((f) => `docs/${f}`),
].map((file) => {
  const text = readFileSync(`${root}/${file}`, "utf8");
  return { file, text, blocks: blocksOf(text) };
});

/** `console.log(...); // prints X`: the X of a block, in order. */
export const printedBy = (code: string): string[] =>
  [...code.matchAll(/\/\/ prints (.*)$/gm)].map(([, line]) => line ?? "");

/** Command lines of the program, without what starts it and what follows it in the shell. */
export function commandsOf({ blocks }: Page): string[][] {
  const lines = blocks.filter(({ language }) => language === "sh").flatMap(({ text }) => text.split("\n"));
  return lines.flatMap((line) => {
    // What the shell would put in is a number.
    const plain = line.replace(/\s+#.*$/, "").replace(/\$\(\(.*?\)\)|\$\w+|\{\}/g, "1");
    const [, command] = /(?:npm run (?:-s )?fcn --|(?:npx )?fcn-webgpu) (.*)/.exec(plain) ?? [];
    return command === undefined
      ? []
      : [
          (command.split(/ [<>|] ?/)[0] ?? "")
            .trim()
            .split(/\s+/)
            .map((word) => word.replace(/^['"]|['"]$/g, "")),
        ];
  });
}

/** Headings as the anchors that links name. */
export const anchorsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    (heading ?? "")
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

export const linksOf = (text: string): string[] =>
  [...text.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, to]) => to ?? "")
    .filter((to) => !/^https?:/.test(to));
