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
    this.#button.addEventListener("click", () => void (this.#stream ? this.#freeze() : this.#start()));
    this.#button.hidden = navigator.mediaDevices === undefined;
  }

  get running(): boolean {
    return this.#stream !== undefined;
  }

  async #start(): Promise<void> {
    this.#button.disabled = true;
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({
        video: { width: { ideal: 1280 }, facingMode: "environment" },
      });
      this.#video.srcObject = this.#stream;
      await this.#video.play();
      this.#stream.getVideoTracks()[0]?.addEventListener("ended", () => void this.#freeze());
      this.#showState("Stop camera");
      await this.next();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#button.disabled = false;
    }
  }

  /** Sends the current frame. Does nothing if the camera is off. */
  async next(): Promise<void> {
    if (!this.#stream) return;
    try {
      this.#events.frame(await createImageBitmap(this.#video));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The current frame as a picture file. Undefined if the camera is off. */
  async still(): Promise<File | undefined> {
    if (!this.#stream) return undefined;
    const { videoWidth: width, videoHeight: height } = this.#video;
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    canvas.getContext("2d")?.drawImage(this.#video, 0, 0);
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve));
    return blob ? new File([blob], "camera.png", { type: blob.type }) : undefined;
  }

  /** Stops. The last frame becomes a picture like any other. */
  async #freeze(): Promise<void> {
    const still = await this.still();
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
