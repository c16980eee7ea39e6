/** Optional values as options: `exactOptionalPropertyTypes` tells an absent option from one that is undefined. */

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The entries that are not undefined, in order: `{ ...defined({ adapter }) }` has `adapter` only if there is one. */
export function defined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>;
}
