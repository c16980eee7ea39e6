/** The package has another text of this module: see shader-text.ts. */

/** Texts of shaders by their references. */
export const importRareShaders = (): Promise<Readonly<Record<string, string>>> => Promise.resolve({});
