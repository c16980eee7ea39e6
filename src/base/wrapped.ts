/** Text for a terminal in lines of at most 80 columns, broken at spaces. A longer word has a line of its own. */
const COLUMNS = 80;

/** @param indent written before every line but the first */
export function wrapped(text: string, indent = "", columns = COLUMNS): string {
  const lines: string[] = [];
  const [first = "", ...words] = text.split(" ");
  let line = first;
  for (const word of words) {
    if (line.trim() !== "" && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = indent + word;
    } else line = `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}
