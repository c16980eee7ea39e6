/** Text from files (names, metadata, tensor names) made fit for a terminal or a page. */

/**
 * Signs that a terminal obeys or that reorder the text around them: control characters but newline and tab, separators
 * of lines, directions of writing, and halves of surrogate pairs.
 */
const UNPRINTABLE = /[^\P{Cc}\n\t]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu;

const HEX_DIGITS = 4;
const escaped = (sign: string): string => `\\u${sign.charCodeAt(0).toString(16).padStart(HEX_DIGITS, "0")}`;

/** Writes such signs as `\u001b`. Within a JSON string that is the same text. Newlines and tabs stay. */
export const printable = (text: string): string => text.replace(UNPRINTABLE, escaped);

const SHOWN_CHARACTERS = 100;
const ELLIPSIS = "...";

/** One line of a name or value of any length. `most`: characters of it that are shown. */
export function shown(text: string, most = SHOWN_CHARACTERS): string {
  const cut = text.length > most ? text.slice(0, most) : text;
  const line = printable(cut).replace(/[\n\t]/g, escaped);
  return cut === text ? line : line + ELLIPSIS;
}

/** The beginning and the end of a long text: of an error, what happened and the cure. */
export function cutInMiddle(text: string, most: number): string {
  if (text.length <= most) return text;
  const half = most >> 1;
  return `${text.slice(0, half)} ${ELLIPSIS} ${text.slice(-half)}`;
}
