/** What becomes of a promise, and waiting. */

/** The value that `work` rejects with; "resolves" if it does not. */
export function rejectionOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => "resolves",
    (error: unknown) => error,
  );
}

/** The code of the FcnError that `work` rejects with, or another error itself; "resolves" if it does not reject. */
export async function codeOf(work: Promise<unknown>): Promise<unknown> {
  const end = await rejectionOf(work);
  return (end as { readonly code?: unknown }).code ?? end;
}

/** Waits for `ms` milliseconds. */
export function pause(ms = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A promise, and what resolves it. */
export function gate(): { readonly closed: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const closed = new Promise<void>((resolve) => (open = resolve));
  return { closed, open };
}

/** Waits for the next turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** As codeOf(); "hangs" if `work` has not ended after 20 seconds. */
export async function outcomeOf(work: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve("hangs"), 20_000);
  });
  try {
    return await Promise.race([codeOf(work), late]);
  } finally {
    clearTimeout(timer);
  }
}
