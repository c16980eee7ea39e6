/** A plugin of TypeDoc: guides are called by their first heading, and the first page has its title once. */
import { Converter, ReflectionKind } from "typedoc";

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
}
