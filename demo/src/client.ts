/** The page's end of the worker. */
import type { Reply, Request } from "./messages.js";

export class Client {
  readonly #worker = new Worker(new URL("./worker/worker.ts", import.meta.url), { type: "module", name: "fcn" });

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
