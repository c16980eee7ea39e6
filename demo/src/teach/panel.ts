/**
 * "Teach it": a person paints strokes of classes of one's own on pictures, the worker trains heads on them, and what
 * they find is drawn on this picture and on others. Loaded when it is opened for the first time.
 */
import "./teach.css";
import { byId, element } from "../ui/elements.js";
import { formatShare } from "../ui/format.js";
import { ActionRow } from "./action-row.js";
import { BrushBar } from "./brush-bar.js";
import { ClassList } from "./class-list.js";
import { shareOf } from "./drawing.js";
import type { TaughtLabels, TeachPicture, TeachReply, TeachRequest } from "./messages.js";
import { SideSection } from "./side-section.js";
import { StrokeBook } from "./stroke-book.js";
import { Surface } from "./surface.js";
import type { TeachHost } from "./teach-button.js";
import { missingStrokes } from "./missing-strokes.js";

/** A request without the number of its teaching. */
type Asked = TeachRequest extends infer Each ? (Each extends TeachRequest ? Omit<Each, "run"> : never) : never;

export class TeachPanel {
  readonly #host: TeachHost;
  readonly #book = new StrokeBook();
  readonly #classes = new ClassList({
    renamed: () => this.#onNames(),
    added: (label) => this.#onAdded(label),
    removed: (label) => this.#onRemoved(label),
  });
  readonly #surface = new Surface({
    painted: (stroke) => this.#change((picture) => this.#book.add(picture, stroke)),
    undo: () => this.#undo(),
    spoken: (sentence) => (this.#spoken.textContent = sentence),
    nameOf: (label) => this.#classes.names[label] ?? `class ${label}`,
  });
  readonly #bar = new BrushBar({
    brush: (brush) => (this.#surface.brush = brush),
    undo: () => this.#undo(),
    clear: () => this.#change((picture) => this.#book.clear(picture)),
    visible: (layer, visible) => this.#surface.setVisible(layer, visible),
  });
  readonly #actions = new ActionRow({
    teach: () => this.#teach(),
    stop: () => this.#send({ what: "stop" }),
    startAgain: () => this.#startAgain(),
  });
  readonly #side = new SideSection(
    { save: () => this.#send({ what: "save" }), close: () => this.#host.close() },
    this.#classes,
  );
  readonly #spoken = Object.assign(element("p", "spoken"), { role: "status" });
  readonly #work = element(
    "div",
    "teach",
    ...[this.#bar.root, this.#surface.root, this.#actions.root, hint(), this.#spoken],
  );
  #picture: TeachPicture | undefined;
  #url = "";
  #run = 0;
  #busy = false;
  /** Names of the classes that the worker's heads know; empty before any are taught. */
  #taught = "";
  #requested = "";
  /** What was found on the picture on show, as a sentence. */
  #found = "";

  constructor(host: TeachHost) {
    this.#host = host;
    this.#bar.offer(this.#classes.names);
  }

  open(picture: TeachPicture | undefined): void {
    byId("panels", HTMLElement).after(this.#work);
    this.#side.open();
    document.body.classList.add("teaching");
    this.#actions.status = "";
    this.#showState();
    if (picture) this.show(picture);
    // Where fingers type, a caret would bring up the keyboard over the picture.
    if (!matchMedia("(pointer: coarse)").matches) this.#classes.focus();
  }

  close(): void {
    this.#forget();
    URL.revokeObjectURL(this.#url);
    this.#work.remove();
    this.#side.close();
    document.body.classList.remove("teaching");
  }

  /** Another picture is on show. */
  show(picture: TeachPicture): void {
    this.#picture = picture;
    URL.revokeObjectURL(this.#url);
    this.#url = URL.createObjectURL(picture.file);
    this.#surface.picture = this.#url;
    this.#classes.shares = [];
    this.#onStrokes();
    this.#look();
  }

  onReply(reply: TeachReply): void {
    if (reply.run !== this.#run) return;
    switch (reply.what) {
      case "preparing":
        this.#actions.status = `${reply.text} …`;
        return;
      case "stepped":
        if (reply.step === 1) this.#actions.status = "Teaching …";
        this.#taught = this.#requested;
        return this.#side.curve.add(reply);
      case "labels":
        return this.#onLabels(reply);
      case "ended":
        this.#busy = false;
        this.#showState();
        this.#actions.status = `Taught in ${this.#side.curve.steps} steps. ${this.#found}`;
        return;
      case "lost":
        this.#forget();
        this.#look();
        this.#actions.status = sentence(reply.message);
        return;
      case "failed":
        this.#busy = false;
        this.#showState();
        this.#actions.status = "";
        return this.#host.fail(reply.message);
    }
  }

  #teach(): void {
    const pictures = this.#book.painted();
    const missing = missingStrokes(pictures, this.#classes.names);
    if (missing !== undefined) {
      this.#actions.status = missing;
      return;
    }
    const classes = this.#classes.classNames;
    this.#requested = classes.join("\n");
    if (this.#requested !== this.#taught) this.#side.curve.clear();
    this.#busy = true;
    this.#showState();
    this.#send({ what: "train", classes, pictures, side: this.#host.side() });
  }

  #startAgain(): void {
    this.#forget();
    this.#look();
    this.#actions.status = "What was learned is forgotten; the strokes are still there.";
  }

  /** Ends the training, and frees what was learned. */
  #forget(): void {
    this.#run += 1;
    this.#send({ what: "forget" });
    this.#busy = false;
    this.#taught = "";
    this.#surface.labels = undefined;
    this.#classes.shares = [];
    this.#side.curve.clear();
    this.#showState();
  }

  #look(): void {
    if (this.#picture) this.#send({ what: "look", picture: this.#picture, side: this.#host.side() });
  }

  #onLabels(found: TaughtLabels): void {
    if (found.key !== this.#picture?.key) return;
    this.#surface.labels = found;
    this.#classes.shares = this.#classes.names.map((_, label) => shareOf(found, label));
    const shares = this.#classes.names.slice(1).map((name, i) => `${name} ${formatShare(shareOf(found, i + 1))}`);
    this.#found = `Found on this picture: ${shares.join(", ")}.`;
    if (!this.#busy) this.#actions.status = this.#found;
  }

  #undo(): void {
    this.#change((picture) => this.#book.undo(picture.key));
  }

  #change(change: (picture: TeachPicture) => void): void {
    if (!this.#picture) return;
    change(this.#picture);
    this.#onStrokes();
  }

  #onStrokes(): void {
    const key = this.#picture?.key ?? "";
    const strokes = this.#book.strokesOf(key);
    this.#surface.strokes = strokes;
    this.#bar.undoable = { undo: this.#book.canUndo(key), clear: strokes.length > 0 };
  }

  #onNames(): void {
    this.#bar.offer(this.#classes.names);
    this.#showState();
  }

  #onAdded(label: number): void {
    this.#onNames();
    this.#bar.select(label);
  }

  #onRemoved(label: number): void {
    this.#book.dropLabel(label);
    this.#startAgain();
    this.#onNames();
    this.#onStrokes();
  }

  #showState(): void {
    const taught = this.#taught !== "";
    const saveable = taught && this.#taught === this.#classes.classNames.join("\n");
    this.#actions.show({ busy: this.#busy, taught });
    this.#side.saveable = saveable && !this.#busy;
  }

  #send(request: Asked): void {
    this.#host.send({ run: this.#run, ...request });
  }
}

const hint = (): HTMLElement =>
  element(
    "p",
    "teach-hint",
    "Paint with mouse, pen or finger, or with the arrow keys and Space. Choose other pictures above: paint on them " +
      "too, or see what is found there.",
  );

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
