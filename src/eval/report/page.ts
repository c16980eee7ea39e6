/** The frame of a report: one file that loads nothing else. In Node only. */
import { createHash } from "node:crypto";
import { escapeText, htmlElement } from "../markup.js";
import { note } from "./elements.js";
import { PAGE_SCRIPT } from "./script.js";
import { PAGE_CSS } from "./style.js";

/** How a content security policy names a script or stylesheet: by the hash of its text. */
const hashSource = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/**
 * The page may run its own script only, use its own stylesheet and attributes of style, and load nothing. Browsers
 * without style-src-elem and style-src-attr fall back to style-src. https://www.w3.org/TR/CSP3/
 */
const CONTENT_POLICY = [
  "default-src 'none'",
  "img-src data:",
  `script-src ${hashSource(PAGE_SCRIPT)}`,
  "style-src 'unsafe-inline'",
  `style-src-elem ${hashSource(PAGE_CSS)}`,
  "style-src-attr 'unsafe-inline'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** The title, a line below it as HTML, and the switch of light and dark. */
export function pageHeader(title: string, subtitle: string): string {
  const titles = htmlElement("div", {}, htmlElement("h1", {}, escapeText(title)), note(subtitle));
  const theme = htmlElement("button", { id: "theme", type: "button" }, "light / dark");
  return htmlElement("header", {}, titles, theme);
}

/** The whole page around the parts of its body. */
export function htmlPage(title: string, body: readonly string[]): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${CONTENT_POLICY}"><link rel="icon" href="data:,">
<title>${escapeText(title)}</title><style>${PAGE_CSS}</style></head><body><main>
${body.filter(Boolean).join("\n")}
</main><script>${PAGE_SCRIPT}</script></body></html>
`;
}
