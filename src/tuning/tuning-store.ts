/** Where measured choices of variants are kept. */

/** Keeps choices beyond the process. Neither method may reject: a store that cannot be read counts as empty. */
export interface TuningStore {
  read(): Promise<string | undefined>;
  write(text: string): Promise<void>;
}
