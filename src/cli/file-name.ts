/** The name of a result's file in records, the same on every system. */
import { sep } from "node:path";

/** @param name below --out, without an ending */
export const fileName = (name: string, ending: string): string => `${name.split(sep).join("/")}${ending}`;
