/**
 * A plugin of TypeDoc: guides are called by their first heading, the first page has its title once, and places in
 * source files, which are not among the pages, are no links.
 */
import { Converter, ReflectionKind, RendererEvent } from "typedoc";

/** A first heading. */
const TITLE = /^\s*# (.+)\n+/;

/** @param {import("typedoc").Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const guide of project.getReflectionsByKind(ReflectionKind.Document)) {
      if (!guide.isDocument()) continue;
      const [, title] = TITLE.exec(guide.content[0]?.text ?? "") ?? [];
      if (title) guide.name = title;
    }
    const [first] = project.readme ?? [];
    if (first) first.text = first.text.replace(TITLE, ""); // TypeDoc puts the project's name above it
  });
  app.renderer.on(RendererEvent.BEGIN, ({ project }) => {
    for (const reflection of Object.values(project.reflections))
      for (const source of "sources" in reflection ? (reflection.sources ?? []) : []) delete source.url;
  });
}
