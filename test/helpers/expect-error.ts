/** Errors of this library as tests expect them: a code and one sentence. */
import { expect } from "vitest";
import { FcnError } from "../../src/base/errors.js";

/** The FcnError that `work` throws or rejects with. Its message must be one readable sentence. */
async function failureOf(work: () => unknown): Promise<FcnError> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof FcnError)) throw error;
    expect(error.message).not.toMatch(/\n|undefined|NaN|\[object/);
    return error;
  }
  throw new Error("nothing was thrown");
}

export async function expectError(work: () => unknown, code: string, sentence: RegExp | string): Promise<void> {
  const error = await failureOf(work);
  const expected = typeof sentence === "string" ? sentence : (expect.stringMatching(sentence) as string);
  expect([error.code, error.message]).toEqual([code, expected]);
}

/** One pattern from its parts, for sentences that are longer than a line. */
export function sentenceOf(...parts: readonly RegExp[]): RegExp {
  return new RegExp(parts.map(({ source }) => source).join(""));
}
