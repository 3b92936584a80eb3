/** Looks into parsed JSON of unknown shape without ever throwing: what is not there reads as empty. */

export type JsonObject = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function objectIn(value: unknown): JsonObject {
  return isObject(value) ? value : {}
}

export function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function objectsIn(value: unknown): readonly JsonObject[] {
  return listIn(value).filter(isObject)
}

export function textIn(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

export function numberIn(value: unknown, fallback: number): number {
  return typeof value === 'number' ? value : fallback
}

/** Parses `text`, or gives undefined when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The text of a message content: a plain string, or the `text` of its parts joined by line feeds. */
export function contentText(content: unknown): string {
  if (typeof content === 'string') return content
  return objectsIn(content)
    .filter((part) => typeof part['text'] === 'string' && part['thought'] !== true)
    .map((part) => textIn(part['text']))
    .join('\n')
}
