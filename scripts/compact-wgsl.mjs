/** Makes shaders smaller for the package, without changing what they mean. */

const WORD = /\w/;
const OPERATOR = /[-+*/%<>=!&|^~]/;

/**
 * Whether two characters need the space between them: two words, or two operators as in `a - -b` and `array<f32> =
 * ...`.
 */
const needsSpace = (/** @type {string} */ left, /** @type {string} */ right) =>
  (WORD.test(left) && WORD.test(right)) || (OPERATOR.test(left) && OPERATOR.test(right));

/** A line without the spaces that separate nothing. */
function tighten(/** @type {string} */ line) {
  return line.replace(/\s+/g, (_, /** @type {number} */ at) => {
    const left = line.slice(0, at).trimEnd().at(-1) ?? "";
    const right = line.slice(at).trimStart().charAt(0);
    return needsSpace(left, right) ? " " : "";
  });
}

/**
 * The shader without comments, empty lines and unneeded spaces. Lines stay lines, so that compilers' messages can be
 * followed.
 */
export function compact(/** @type {string} */ source) {
  const lines = source.split("\n").map((line) => line.replace(/\/\/.*$/, "").trim());
  return `${lines.filter(Boolean).map(tighten).join("\n")}\n`;
}
