/** What a person reads when the page cannot work, by its cause, and whether a network has been loaded. */
import type { FcnErrorCode } from "fcn-webgpu";
import type { Status } from "./status.js";

interface Failure {
  readonly code: FcnErrorCode | undefined;
  readonly message: string;
}

export function showFatal(status: Status, { code, message }: Failure, isLoaded: boolean): void {
  if (code === "no-webgpu") return showNoWebGpu(status);
  if (code === "no-adapter") {
    return status.fatal(
      "No graphics adapter",
      "This browser has WebGPU, but it found no GPU: turn on hardware acceleration in the browser's settings, update " +
        "the graphics driver, and try again.",
    );
  }
  if (code === "device-lost") return status.fatal("The GPU was lost", message, "The page could not open it again.");
  status.fatal(isLoaded ? "The computation stopped" : "The network could not be loaded", message);
}

export function showNoWebGpu(status: Status): void {
  const insecure = "Browsers offer WebGPU only over https and on localhost: open this page there.";
  const missing =
    "This page computes on your GPU through WebGPU, which this browser does not offer. Open it in Chrome or Edge 113 " +
    "or newer, Safari 26 or newer, or Firefox 141 or newer; on Linux, Chrome may need " +
    "chrome://flags/#enable-unsafe-webgpu.";
  if (isSecureContext) status.fatal("This browser has no WebGPU", missing);
  else status.fatal("This address is not secure", insecure);
}
