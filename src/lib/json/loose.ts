/** Looks into JSON of unknown shape without ever throwing. */

export type JsonObject = Readonly<Record<string, unknown>>

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Null when the text is no JSON. */
export function parseLoose(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** The value as JSON; empty where it is none, or nests too deep to be written. */
export function writtenJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? ''
  } catch {
    return ''
  }
}

type Key = string | number

/**
 * The value that the path of up to three keys and list positions leads to; undefined when it leads nowhere. Not a rest
 * parameter: this is called some twenty times for each event of a stream, and each call would leave an array behind.
 */
export function valueAt(value: unknown, first?: Key, second?: Key, third?: Key): unknown {
  if (first === undefined) return value
  const found = memberOf(value, first)
  if (second === undefined) return found
  return third === undefined ? memberOf(found, second) : memberOf(memberOf(found, second), third)
}

function memberOf(value: unknown, key: Key): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return Reflect.get(value, key)
}

/** Text at the path; null when there is none. */
export function textAt(value: unknown, first?: Key, second?: Key, third?: Key): string | null {
  const found = valueAt(value, first, second, third)
  return typeof found === 'string' ? found : null
}

/** Finite number at the path; null when there is none. */
export function numberAt(value: unknown, first?: Key, second?: Key, third?: Key): number | null {
  const found = valueAt(value, first, second, third)
  return typeof found === 'number' && Number.isFinite(found) ? found : null
}

const NOTHING: readonly unknown[] = []

/** Elements of the list at the path; empty when there is none. */
export function listAt(value: unknown, first?: Key, second?: Key, third?: Key): readonly unknown[] {
  const found = valueAt(value, first, second, third)
  return Array.isArray(found) ? found : NOTHING
}
