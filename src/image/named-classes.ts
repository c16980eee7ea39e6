/** Classes as every JSON of this program writes them; schemas/output.schema.json describes it. */

/** The form of each member of `classes`. Some outputs add to it, such as pixels and share. */
export interface NamedClass {
  /** Its label: the value of its pixels in a label map. */
  readonly class: number;
  readonly name: string;
}

/** All classes of a network, in the order of their labels. */
export const namedClasses = (names: readonly string[]): NamedClass[] =>
  names.map((name, label) => ({ class: label, name }));
