/** The worker's door to "Teach it": loads the code that trains when it is first asked for, and ends it. */
import type { TeachReply, TeachRequest } from "./messages.js";
import type { Teacher, TeacherBase, TeacherRoom } from "./teacher.js";

export class TeachDoor {
  readonly #room: TeacherRoom;
  readonly #base: () => TeacherBase;
  #teacher: Teacher | undefined;
  #run = 0;

  /** @param base what the teacher works with, or an error with a sentence */
  constructor(room: TeacherRoom, base: () => TeacherBase) {
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
    if (!this.#teacher) {
      if (request.what === "stop") return;
      const base = this.#base();
      const { Teacher } = await import("./teacher.js");
      this.#teacher = new Teacher(this.#room, base);
    }
    return this.#teacher.answer(request);
  }

  failed(message: string): void {
    this.#teacher?.halt();
    this.#send({ what: "failed", message });
  }

  /** The device or the weights are gone, and with them what was learned. */
  lost(message: string): void {
    if (!this.#teacher) return;
    this.close();
    this.#send({ what: "lost", message });
  }

  close(): void {
    this.#teacher?.dispose();
    this.#teacher = undefined;
  }

  #send(reply: { readonly what: "failed" | "lost"; readonly message: string }): void {
    const whole: TeachReply = { run: this.#run, ...reply };
    this.#room.reply(whole);
  }
}
