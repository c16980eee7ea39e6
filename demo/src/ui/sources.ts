/**
 * Pictures and weights that are chosen, dropped or pasted. The extension tells whether a dropped or pasted file is a
 * checkpoint.
 */
import { byId } from "./elements.js";

export interface SourceEvents {
  pictures(files: readonly File[]): void;
  checkpoint(file: File): void;
  /** Something without a file was dropped or pasted. */
  noFile(sentence: string): void;
}

const isCheckpoint = (file: File): boolean => /\.(safetensors|pth|pt|bin|ckpt)$/i.test(file.name);

/** A folder comes as a file, too, which cannot be read. */
const isFolder = (item: DataTransferItem): boolean => item.webkitGetAsEntry()?.isDirectory ?? false;

/** Text that is pasted or dropped there is text of the field. */
const isTextField = (target: EventTarget | null): boolean =>
  target instanceof HTMLInputElement && /^(text|url)$/.test(target.type);

export function connectSources(events: SourceEvents): void {
  connectChooser("open", (files) => events.pictures(files));
  const openAll = (data: DataTransfer | null, sentenceWithoutFile: string): void => {
    const items = [...(data?.items ?? [])].filter(({ kind }) => kind === "file");
    if (items.length === 0) return events.noFile(sentenceWithoutFile);
    const files = items.flatMap((item) => (isFolder(item) ? [] : (item.getAsFile() ?? [])));
    const checkpoint = files.find(isCheckpoint);
    const pictures = files.filter((file) => !isCheckpoint(file));
    if (checkpoint) events.checkpoint(checkpoint);
    if (pictures.length > 0) events.pictures(pictures);
    // After them, since they take away what was said before.
    if (files.length < items.length) events.noFile("Folders are not opened: open the pictures that are in them.");
  };
  document.addEventListener("paste", (event) => {
    if (isTextField(event.target)) return;
    openAll(event.clipboardData, "The clipboard holds no picture: copy one, or a file, and paste again.");
  });
  connectDrops((data) =>
    openAll(data, "The dropped item is not a file: save the picture first, or copy and paste it."),
  );
}

export function connectChooser(id: string, onFiles: (files: readonly File[]) => void): void {
  const input = byId(id, HTMLInputElement);
  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    if (files.length > 0) onFiles(files);
    input.value = ""; // so that choosing the same file again is a change
  });
}

/** Shows a veil over the page while files are dragged over it. */
function connectDrops(onDrop: (data: DataTransfer | null) => void): void {
  let depth = 0; // every child fires dragenter and dragleave too
  const setDepth = (value: number): void => {
    depth = Math.max(0, value);
    document.body.classList.toggle("dropping", depth > 0);
  };
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
  document.addEventListener("dragenter", (event) => hasFiles(event) && setDepth(depth + 1));
  document.addEventListener("dragleave", (event) => hasFiles(event) && setDepth(depth - 1));
  const isForField = (event: DragEvent): boolean => isTextField(event.target) && !hasFiles(event);
  document.addEventListener("dragover", (event) => isForField(event) || event.preventDefault());
  document.addEventListener("drop", (event) => {
    if (isForField(event)) return;
    event.preventDefault();
    setDepth(0);
    onDrop(event.dataTransfer);
  });
}
