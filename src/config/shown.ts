/** Says what was found without ever repeating what may be a secret. */

import { looksSecret } from '../lib/secret-shape.ts'

const SHOWN_CHARS_MAX = 64

/** A short description of a value; `secret` is true at places that hold references to secrets. */
export function shownValue(value: unknown, secret: boolean): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'an empty value'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a section'
  if (typeof value === 'string') return shownText(value, secret)
  if (secret) return `a ${typeof value}`
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : typeof value
}

function shownText(text: string, secret: boolean): string {
  if (text === '') return 'an empty text'
  // eslint-disable-next-line no-control-regex
  const plain = /^[ -~]*$/.test(text)
  if (secret || !plain || text.length > SHOWN_CHARS_MAX || looksSecret(text)) {
    return `a text of ${String(text.length)} characters`
  }
  return `"${text}"`
}

/** A key as it may be shown in a path: people do paste credentials in the wrong column. */
export function shownKey(key: PropertyKey): string {
  const text = String(key)
  return /^[\w.-]{1,64}$/.test(text) && !looksSecret(text)
    ? text
    : `(a key of ${String(text.length)} characters)`
}

export function shownPath(path: readonly PropertyKey[]): string {
  return path.map(shownKey).join('.')
}
