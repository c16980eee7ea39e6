/** The package has another text of this module: see pth-readers.ts. */
import type * as Readers from "./pth/readers.js";

export const importPthReaders = (): Promise<typeof Readers> => import("./pth/readers.js");
