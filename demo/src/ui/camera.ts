/** The camera. It sends the next frame once the networks are done with the last one. Frames stay on this machine. */
import { errorText } from "../error-text.js";
import { byId } from "./elements.js";

export interface CameraEvents {
  frame(frame: ImageBitmap): void;
  failed(sentence: string): void;
  running(running: boolean): void;
  /** It was stopped by its button: the last frame. */
  frozen(still: File): void;
}

export class Camera {
  readonly #events: CameraEvents;
  readonly #button = byId("camera", HTMLButtonElement);
  readonly #video = document.createElement("video");
  #stream: MediaStream | undefined;

  constructor(events: CameraEvents) {
    this.#events = events;
    this.#video.muted = true;
    this.#video.playsInline = true;
    this.#button.addEventListener("click", () => {
      if (this.#button.ariaDisabled === "true") return; // a disabled button would lose the focus
      void (this.#stream ? this.freeze() : this.#start());
    });
    this.#button.hidden = navigator.mediaDevices === undefined;
  }

  get running(): boolean {
    return this.#stream !== undefined;
  }

  async #start(): Promise<void> {
    this.#button.ariaDisabled = "true";
    let stream: MediaStream | undefined;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        video: { width: { ideal: 1280 }, facingMode: "environment" },
      });
      this.#stream = stream;
      this.#video.srcObject = stream;
      await this.#video.play();
      if (this.#stream !== stream) return; // it was stopped meanwhile
      stream.getVideoTracks()[0]?.addEventListener("ended", () => void this.freeze());
      this.#showState("Stop camera");
      await this.next();
    } catch (error) {
      if (this.#stream === stream) this.#fail(error);
    } finally {
      this.#button.ariaDisabled = null;
    }
  }

  /** Sends the current frame. Does nothing if the camera is off, or stopped meanwhile. */
  async next(): Promise<void> {
    const stream = this.#stream;
    if (!stream) return;
    try {
      const frame = await createImageBitmap(this.#video);
      if (this.#stream === stream) this.#events.frame(frame);
      else frame.close();
    } catch (error) {
      if (this.#stream === stream) this.#fail(error);
    }
  }

  /** The current frame as a picture file. */
  async #still(): Promise<File | undefined> {
    const { videoWidth: width, videoHeight: height } = this.#video;
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    canvas.getContext("2d")?.drawImage(this.#video, 0, 0);
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve));
    return blob ? new File([blob], "camera.png", { type: blob.type }) : undefined;
  }

  /** Stops. The last frame becomes a picture like any other, unless another picture has stopped it meanwhile. */
  async freeze(): Promise<void> {
    const stream = this.#stream;
    const still = stream && (await this.#still());
    if (this.#stream !== stream) return;
    this.stop();
    if (still) this.#events.frozen(still);
  }

  stop(): void {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = undefined;
    this.#video.srcObject = null;
    this.#showState("Camera");
  }

  #fail(error: unknown): void {
    this.stop();
    this.#events.failed(failureSentence(error));
  }

  #showState(buttonText: string): void {
    byId("camera-text", HTMLElement).textContent = buttonText;
    this.#button.setAttribute("aria-pressed", String(this.running));
    this.#events.running(this.running);
  }
}

function failureSentence(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError")
    return "The camera was not allowed: allow it in the browser's address bar and try again.";
  if (name === "NotFoundError") return "No camera was found on this machine.";
  if (name === "NotReadableError") return "The camera is in use by another program: close that and try again.";
  return `The camera could not be used: ${errorText(error)}`;
}
