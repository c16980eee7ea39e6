/** The name that someone may have meant, for messages about names that do not exist. */

/**
 * Levenshtein's distance: the fewest letters to insert, delete or replace.
 * https://en.wikipedia.org/wiki/Levenshtein_distance#Iterative_with_two_matrix_rows
 */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = (row[j] as number) + Number(a[i] !== b[j]);
      next.push(Math.min(replaced, (row[j + 1] as number) + 1, (next[j] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

/** Longer text is not a misspelt name; it is not compared to its end. */
const LONGEST = 100;

/** The first of `names` at the least distance from `text`, upper and lower case alike; undefined beyond `most`. */
export function closest<T extends string>(text: string, names: readonly T[], most = Infinity): T | undefined {
  const meant = text.slice(0, LONGEST).toLowerCase();
  let best: T | undefined;
  let least = most + 1;
  for (const name of names) {
    const found = distance(meant, name);
    if (found < least) [best, least] = [name, found];
  }
  return best;
}
