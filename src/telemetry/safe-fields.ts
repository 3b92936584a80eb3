/** The last door before the log: field values are short, flat, and free of credentials. */
import { hasKnownSecretShape } from '../lib/secret-shape.ts'
import { REMOVED } from '../model/record.ts'

export type LogValue = string | number | boolean | null | undefined

/** Flat on purpose: an object would carry along what nobody looked at. */
export type LogFields = Readonly<Record<string, LogValue>>

const VALUE_CHARS_MAX = 1024
const SECRET_NAME =
  /^(?:authorization|cookie|set-?cookie|password|passphrase|secret|credential|token|api-?key|x-api-key|x-goog-api-key)$/i

export function safeFields(fields: LogFields): LogFields {
  const safe: Record<string, LogValue> = {}
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue
    safe[name] = typeof value === 'string' ? safeText(name, value) : value
  }
  return safe
}

/** Texts that were found harmless: each line asks about some fifteen, nearly all of them the same as before. */
const harmless = new Set<string>()
const HARMLESS_MAX = 1024
const HARMLESS_CHARS_MAX = 64

function isHarmless(value: string): boolean {
  if (harmless.has(value)) return true
  if (hasKnownSecretShape(value)) return false
  if (harmless.size >= HARMLESS_MAX) harmless.clear()
  if (value.length <= HARMLESS_CHARS_MAX) harmless.add(value)
  return true
}

function safeText(name: string, value: string): string {
  if (SECRET_NAME.test(name) || !isHarmless(value)) return REMOVED
  return value.length > VALUE_CHARS_MAX ? `${value.slice(0, VALUE_CHARS_MAX)}…` : value
}
