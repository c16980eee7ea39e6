/** kernels.html: the shaders as the repository has them, with their comments, for a reader of the page. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const STYLE = `
:root { color-scheme: light dark; font: 15px/24px system-ui, sans-serif; }
body { max-width: 110ch; margin: 0 auto; padding: 24px 16px 64px; }
h1 { font-size: 22px; line-height: 28px; }
a { color: light-dark(#0b6574, #6fc9d6); }
summary { cursor: pointer; padding: 2px 0; }
pre { overflow-x: auto; padding: 12px 16px; border-radius: 6px; font: 13px/19px ui-monospace, monospace;
  background: light-dark(#f3f4f5, #1b1f23); }
`;

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** @param folder absolute: shaders/ of the repository */
export function kernelsPage(folder: string): string {
  const kernels = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const sections = kernels.flatMap(({ name }) => {
    const files = readdirSync(join(folder, name)).filter((file) => file.endsWith(".wgsl"));
    return files.map((file) => {
      const text = escaped(readFileSync(join(folder, name, file), "utf8"));
      const title = `${name}, ${file.replace(/\.wgsl$/, "")}`;
      return `<details><summary>${title}</summary><pre tabindex="0" aria-label="${title}">${text}</pre></details>`;
    });
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>The kernels of fcn-webgpu</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>The kernels of fcn-webgpu</h1>
<p>The networks run in these ${sections.length} compute shaders, written by hand in WGSL. A kernel may have several
variants; the plan chooses by device and size. <a href="./">Back to the page</a></p>
${sections.join("\n")}
</main>
</body>
</html>
`;
}
