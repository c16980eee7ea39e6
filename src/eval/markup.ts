/** Builds HTML and SVG as text. Attributes are escaped here; content is markup, so text in it needs escapeText(). */
import { printable } from "../base/printable.js";

/** For text and attributes of HTML and SVG alike. Control characters, which XML forbids, are written as `\u001b`. */
export const escapeText = (text: string): string =>
  printable(text).replace(/[&<>"']/g, (ch) => `&#${ch.charCodeAt(0)};`);

/** A coordinate. Hundredths of a pixel are enough, and keep files small. */
export const num = (value: number): string => String(Math.round(value * 100) / 100);

/** True is an attribute without a value; false and undefined are left out. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

function attributeText(name: string, value: Attributes[string]): string {
  if (value === undefined || value === false) return "";
  if (value === true) return ` ${name}`;
  return ` ${name}="${typeof value === "number" ? num(value) : escapeText(value)}"`;
}

function openingTag(name: string, attributes: Attributes): string {
  const texts = Object.entries(attributes).map(([key, value]) => attributeText(key, value));
  return `<${name}${texts.join("")}`;
}

/** `<g class="s0">...</g>`; `<path d="..."/>` when no content is given. */
export function svgElement(name: string, attributes: Attributes, ...content: readonly string[]): string {
  const tag = openingTag(name, attributes);
  return content.length ? `${tag}>${content.join("")}</${name}>` : `${tag}/>`;
}

/** HTML elements of the report that have no closing tag. */
const VOID_ELEMENTS: readonly string[] = ["img", "input"];

/** `<div class="panel">...</div>`; `<img src="...">` without a closing tag. */
export function htmlElement(name: string, attributes: Attributes, ...content: readonly string[]): string {
  const tag = `${openingTag(name, attributes)}>`;
  return VOID_ELEMENTS.includes(name) ? tag : `${tag}${content.join("")}</${name}>`;
}
