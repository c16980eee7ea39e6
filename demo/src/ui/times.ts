/** How long each stage of the last picture took. */
import type { Segmented } from "../messages.js";
import { byId, element } from "./elements.js";

const duration = (ms: number): string =>
  ms >= 999.5 ? `${(ms / 1000).toPrecision(3)} s` : ms >= 99.5 ? `${ms.toFixed(0)} ms` : `${ms.toFixed(1)} ms`;

export function showTimes({ times, total }: Segmented): void {
  const longest = Math.max(...times.map(({ ms }) => ms));
  const rows = times
    .filter(({ name, ms }) => ms > 0 || !name.startsWith("Prepare"))
    .map(({ name, ms }) => {
      const bar = element("span", "bar");
      bar.style.setProperty("--share", String(ms / longest));
      return row(name, ms, bar);
    });
  byId("times", HTMLTableElement).replaceChildren(
    element("tbody", "", ...rows),
    element("tfoot", "", row("Total", total)),
  );
}

function row(name: string, ms: number, ...bar: HTMLElement[]): HTMLTableRowElement {
  const head = element("th", "", name);
  head.scope = "row";
  return element("tr", "", head, element("td", "length", ...bar), element("td", "", duration(ms)));
}
