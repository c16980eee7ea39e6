/** Code and files that the page's own server sends when they are needed. */

/** @throws Error with a sentence, where nothing comes */
export async function served<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (cause) {
    // Browsers do not tell a server that is silent from one that has other files since an update.
    const cure = "Check the connection and try again, or reload the page: it may have been updated";
    throw new Error(`the server of this page did not send what is needed. ${cure}`, { cause });
  }
}
