/** Numbers with their nouns. */

/** "1 picture", "2 pictures", "0 classes". */
export function counted(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`;
  return `${count} ${noun}${noun.endsWith("s") ? "es" : "s"}`;
}
