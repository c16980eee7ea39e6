/** Where measured choices of variants are kept. */

/** Keeps choices beyond the process. Neither method may reject: a store that cannot be read counts as empty. */
export interface TuningStore {
  /** What was written last; undefined where there is nothing. */
  read(): Promise<string | undefined>;
  /** Keeps the text in place of what was there. */
  write(text: string): Promise<void>;
}
