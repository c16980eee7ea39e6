/** The worker's door to "Teach it": loads the code that trains when it is first asked for, and ends it. */
import { served } from "../served.js";
import type { TeachReply, TeachRequest } from "./messages.js";
import type { Lesson, LessonBase, LessonRoom } from "./lesson.js";

const LOST = {
  gpu: "the GPU was lost while teaching, and what was learned with it; the strokes are still there",
  weights: "the weights are loaded anew, so what was taught on them is gone; the strokes are still there",
} as const;

export class TeachDoor {
  readonly #room: LessonRoom;
  readonly #base: () => LessonBase;
  #lesson: Lesson | undefined;
  #run = 0;

  /** @param base what the lesson works with, or an error with a sentence */
  constructor(room: LessonRoom, base: () => LessonBase) {
    this.#room = room;
    this.#base = base;
  }

  /** @throws bad-option, bad-weights, limit-too-small, out-of-memory, device-lost, Error with a sentence */
  async answer(request: TeachRequest): Promise<void> {
    this.#run = request.run;
    if (request.what === "forget") {
      this.close();
      return;
    }
    if (!this.#lesson) {
      if (request.what === "stop") return;
      const base = this.#base();
      const { Lesson } = await served(import("./lesson.js"));
      this.#lesson = new Lesson(this.#room, base);
    }
    return this.#lesson.answer(request);
  }

  failed(message: string): void {
    this.#lesson?.halt();
    this.#send({ what: "failed", message });
  }

  /** The device or the weights are gone, and with them what was learned. */
  lost(what: keyof typeof LOST): void {
    if (!this.#lesson) return;
    this.close();
    this.#send({ what: "lost", message: LOST[what] });
  }

  close(): void {
    this.#lesson?.dispose();
    this.#lesson = undefined;
  }

  #send(reply: { readonly what: "failed" | "lost"; readonly message: string }): void {
    const whole: TeachReply = { run: this.#run, ...reply };
    this.#room.reply(whole);
  }
}
