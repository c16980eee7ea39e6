/** Tasks of a page's main thread that keep it from answering, as Chromium's trace tells them. */
import type { Page } from "playwright-core";

/** Of processor time: what else the machine does must not count. */
const LONG_MS = 100;

interface TraceEvent {
  readonly name: string;
  /** X: a piece of work, with its duration. */
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly args: { readonly name?: string };
  /** Microseconds of processor time. */
  readonly tdur?: number;
}

/** Milliseconds of each task over 100 ms that the main thread had while `act` was done. */
export async function longTasksDuring(page: Page, act: () => Promise<unknown>): Promise<number[]> {
  const browser = page.context().browser();
  if (!browser) throw new Error("the page has no browser");
  await browser.startTracing(page, { categories: ["toplevel", "__metadata"] });
  await act();
  const { traceEvents } = JSON.parse(String(await browser.stopTracing())) as { traceEvents: readonly TraceEvent[] };
  const isMain = ({ name, args }: TraceEvent): boolean => name === "thread_name" && args.name === "CrRendererMain";
  const mains = new Set(traceEvents.filter(isMain).map(({ pid, tid }) => `${pid} ${tid}`));
  const tasks = traceEvents.filter(({ ph, pid, tid }) => ph === "X" && mains.has(`${pid} ${tid}`));
  if (!tasks.some(({ tdur = 0 }) => tdur > 0)) throw new Error("the trace holds no task of the main thread");
  return tasks.map(({ tdur = 0 }) => tdur / 1000).filter((ms) => ms > LONG_MS);
}
