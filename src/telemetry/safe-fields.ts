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

function safeText(name: string, value: string): string {
  if (SECRET_NAME.test(name) || hasKnownSecretShape(value)) return REMOVED
  return value.length > VALUE_CHARS_MAX ? `${value.slice(0, VALUE_CHARS_MAX)}…` : value
}
