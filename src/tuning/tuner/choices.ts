/** The text that a tuning store keeps: variant names by adapter and problem, as JSON. */
export type Choices = Record<string, Record<string, string>>;

/** The store is a cache: unrecognised contents count as empty and are overwritten. */
export function parseChoices(text: string | undefined): Choices {
  const value = parseJson(text ?? "{}");
  if (!isRecord(value)) return {};
  const adapters = Object.entries(value).flatMap(([adapter, choices]) =>
    isRecord(choices) ? [[adapter, namesOnly(choices)] as const] : [],
  );
  return Object.fromEntries(adapters);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function namesOnly(choices: Record<string, unknown>): Record<string, string> {
  const named = Object.entries(choices).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return Object.fromEntries(named);
}
