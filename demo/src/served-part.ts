/**
 * Parts of the page that its server sends when they are needed, with their style sheets. Vite asks for a sheet once and
 * takes it for loaded from then on, so those that did not come are asked for again here.
 */
import { served } from "./served.js";

const failed = new Set<HTMLLinkElement>();
const noteSheet = ({ target }: Event): void => void (target instanceof HTMLLinkElement && failed.add(target));

/** @throws Error with a sentence */
export async function servedPart<T>(part: Promise<T>): Promise<T> {
  globalThis.addEventListener("error", noteSheet, true); // once, however often it is called
  const loaded = await served(part);
  const sheets = [...failed].filter(({ rel }) => rel === "stylesheet");
  failed.clear();
  await served(Promise.all(sheets.map(loadAgain)));
  return loaded;
}

/** Where it fails once more, its error adds it to those that failed. */
function loadAgain(old: HTMLLinkElement): Promise<Event> {
  const link = old.cloneNode() as HTMLLinkElement;
  return new Promise((resolve, reject) => {
    link.addEventListener("load", resolve);
    link.addEventListener("error", () => reject(new Error(link.href)));
    old.replaceWith(link);
  });
}
