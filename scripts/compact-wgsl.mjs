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

/** The shader without comments, empty lines and unneeded spaces. A line holds one statement. */
export function compact(/** @type {string} */ source) {
  const lines = source.split("\n").map((line) => line.replace(/\/\/.*$/, "").trim());
  const text = `${lines.filter(Boolean).map(tighten).join("\n")}\n`;
  return text.replace(/([,{])\n/g, "$1").replace(/\n\}/g, "}");
}

/**
 * Names that a shader declares: variables, functions, structs, aliases; and parameters and members, which stand before
 * a colon.
 */
const DECLARATION = /\b(?:let|var(?:<[^>]*>)?|const|fn|struct|alias)\s+([A-Za-z_]\w*)|\b([A-Za-z_]\w*)\s*:/g;
/** A word, or an attribute with its argument, whose words are WGSL's own. */
const TOKEN = /@\w+(?:\s*\([^)]*\))?|[A-Za-z_]\w*/g;
const LETTERS = "abcdefghijklmnopqrstuvwxyz";
/** Words of two letters that WGSL keeps for itself. */
const RESERVED = new Set(["as", "do", "fn", "if", "is", "of", "in", "go", "co"]);

/** Constants in capitals keep their names, because the host sets them. So does `main`. */
const isRenamed = (/** @type {string} */ name) => name.length > 2 && name !== "main" && /[a-z]/.test(name);

function declaredNames(/** @type {string} */ shader) {
  const names = [...shader.matchAll(DECLARATION)].map(([, name, typed]) => name ?? typed ?? "");
  return new Set(names.filter(isRenamed));
}

/** Every word of two letters, in order. */
function* shortNames() {
  for (const first of LETTERS) for (const second of LETTERS) yield first + second;
}

/**
 * Gives the names that shaders declare two letters each. A name gets the same letters in every shader, because gzip
 * then finds more to repeat; the most frequent names come first, so that the letters depend on little.
 * @param {Record<string, string>} shaders texts by file
 * @returns {Record<string, string>}
 */
export function shorten(shaders) {
  const texts = Object.values(shaders);
  const taken = new Set([...RESERVED, ...texts.flatMap((text) => text.match(/[A-Za-z_]\w*/g) ?? [])]);
  /** @type {Map<string, number>} */
  const uses = new Map();
  for (const text of texts) for (const name of declaredNames(text)) uses.set(name, (uses.get(name) ?? 0) + 1);
  const letters = shortNames();
  /** @type {Map<string, string>} */
  const renamed = new Map();
  for (const [name] of [...uses].sort(([a, usesA], [b, usesB]) => usesB - usesA || (a < b ? -1 : 1))) {
    let short = letters.next();
    while (!short.done && taken.has(short.value)) short = letters.next();
    if (short.done) break; // the rest keep their names
    renamed.set(name, short.value);
  }
  return Object.fromEntries(
    Object.entries(shaders).map(([file, text]) => {
      const own = declaredNames(text);
      return [file, text.replace(TOKEN, (word) => (own.has(word) ? (renamed.get(word) ?? word) : word))];
    }),
  );
}
