/** Code and files that the page's own server sends when they are needed. */

/** @throws Error with a sentence, where nothing comes */
export async function served<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (cause) {
    throw new Error("the server of this page does not answer. Check the connection and try again", { cause });
  }
}
