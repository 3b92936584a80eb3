/** Writes JSON in the one spelling of RFC 8785 (JCS), and refuses values that have none. */

export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue }

/** Leaves are flat; deeper values are not commitments. */
const DEPTH_MAX = 32

/** RFC 8785 3.2.2.2: lone surrogates have no UTF-8 form, so no signature or hash over them is safe. */
function canonicalString(text: string): string {
  if (!text.isWellFormed()) throw new TypeError('a lone surrogate has no canonical JSON')
  return JSON.stringify(text)
}

function write(value: JsonValue, depth: number): string {
  if (depth > DEPTH_MAX) throw new TypeError(`canonical JSON is at most ${DEPTH_MAX} levels deep`)
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return canonicalString(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`${value} has no canonical JSON`)
    // RFC 8785 3.2.2.3 is the number format of ECMAScript.
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) {
    const list: readonly JsonValue[] = value
    return `[${list.map((element) => write(element, depth + 1)).join(',')}]`
  }
  // RFC 8785 3.2.3: keys in order of UTF-16 code units, which is how ECMAScript sorts.
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([key, member]) => `${canonicalString(key)}:${write(member, depth + 1)}`).join(',')}}`
}

/** Throws `TypeError` for NaN, infinities, lone surrogates and too deep values. */
export function canonicalJson(value: JsonValue): string {
  return write(value, 0)
}

/** Reads canonical JSON; null for any other spelling, so that one value has one sequence of bytes. */
export function parseCanonicalJson(bytes: Buffer): JsonValue | null {
  const text = bytes.toString('utf8')
  try {
    // JSON.parse makes nothing but JSON values.
    const value: JsonValue = JSON.parse(text)
    return Buffer.from(canonicalJson(value)).equals(bytes) ? value : null
  } catch {
    return null
  }
}
