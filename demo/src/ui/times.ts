/** How long each stage of the last picture took. */
import { PREPARE_STAGE } from "../messages.js";
import type { Segmented } from "../messages.js";
import { byId, element } from "./elements.js";
import { formatDuration } from "./format.js";

export function showTimes({ times, total }: Segmented): void {
  const longest = Math.max(...times.map(({ ms }) => ms));
  const rows = times
    .filter(({ name, ms }) => ms > 0 || name !== PREPARE_STAGE)
    .map(({ name, ms }) => {
      const bar = element("span", "bar");
      bar.style.setProperty("--share", String(ms / longest));
      return timeRow(name, ms, bar);
    });
  byId("times", HTMLTableElement).replaceChildren(
    element("tbody", "", ...rows),
    element("tfoot", "", timeRow("Total", total)),
  );
}

function timeRow(name: string, ms: number, ...bar: HTMLElement[]): HTMLTableRowElement {
  const head = element("th", "", name);
  head.scope = "row";
  return element("tr", "", head, element("td", "length", ...bar), element("td", "", formatDuration(ms)));
}
