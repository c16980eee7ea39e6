/** The page's end of the worker. */
import type { Reply, Request } from "./messages.js";
import workerUrl from "./worker/worker.ts?worker&url";

/** Of the Trusted Types that browsers have, what is needed to start a worker. https://w3c.github.io/trusted-types/ */
interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string };
}

/** The address of the worker, as the page's security policy wants it: it is the only script that the page starts. */
function trustedWorkerUrl(): string {
  const { trustedTypes } = globalThis as { readonly trustedTypes?: TrustedTypes };
  if (!trustedTypes) return workerUrl;
  return trustedTypes.createPolicy("fcn-worker", { createScriptURL: () => workerUrl }).createScriptURL("");
}

export class Client {
  readonly #worker = new Worker(trustedWorkerUrl(), { type: "module", name: "fcn" });

  constructor(onReply: (reply: Reply) => void) {
    this.#worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => onReply(data));
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      onReply({
        type: "fatal",
        code: undefined,
        message: `The worker stopped: ${event.message || "its script could not be loaded"}`,
      });
    });
  }

  send(request: Request, transfer: Transferable[] = []): void {
    this.#worker.postMessage(request, transfer);
  }
}
