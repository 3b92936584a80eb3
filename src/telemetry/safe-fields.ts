/** The last door before the log: field values are short, flat, and free of credentials. */
import { hasKnownSecretShape } from '../lib/secret-shape.ts'
import { REMOVED } from '../model/record.ts'

export type LogValue = string | number | boolean | null | undefined

/** Flat on purpose: an object would carry along what nobody looked at. */
export type LogFields = Readonly<Record<string, LogValue>>

const VALUE_CHARS_MAX = 1024
const SECRET_NAME =
  /^(?:authorization|cookie|set-?cookie|password|passphrase|secret|credential|token|api-?key|x-api-key|x-goog-api-key)$/i

/** As members of a JSON object: a copy of the fields that somebody else then writes would cost twice as much. */
export function safeMembers(fields: LogFields): string {
  let members = ''
  for (const name of Object.keys(fields)) {
    const value = fields[name]
    if (value === undefined) continue
    const { member, isSecret } = nameOf(name)
    const text = typeof value === 'string' ? safeText(value, isSecret) : plain(value)
    members = members === '' ? `${member}${text}` : `${members},${member}${text}`
  }
  return members
}

/** JSON has no other numbers. */
function plain(value: number | boolean | null): string {
  return typeof value === 'number' && !Number.isFinite(value) ? 'null' : String(value)
}

/** What is the same in line after line is looked at once: names, and the fifteen texts or so of a line. */
const TEXTS_MAX = 1024
const TEXT_CHARS_MAX = 64

interface FieldName {
  /** With quotes and colon. */
  readonly member: string
  readonly isSecret: boolean
}

const names = new Map<string, FieldName>()

function nameOf(name: string): FieldName {
  const known = names.get(name)
  if (known !== undefined) return known
  const made = { member: `${JSON.stringify(name)}:`, isSecret: SECRET_NAME.test(name) }
  if (names.size >= TEXTS_MAX) names.clear()
  names.set(name, made)
  return made
}

/** As JSON, by the text: what was found harmless. */
const harmless = new Map<string, string>()
const REMOVED_TEXT = JSON.stringify(REMOVED)

function safeText(value: string, isSecret: boolean): string {
  if (isSecret) return REMOVED_TEXT
  const known = harmless.get(value)
  if (known !== undefined) return known
  if (hasKnownSecretShape(value)) return REMOVED_TEXT
  if (value.length > VALUE_CHARS_MAX) return JSON.stringify(`${value.slice(0, VALUE_CHARS_MAX)}…`)
  const text = JSON.stringify(value)
  if (harmless.size >= TEXTS_MAX) harmless.clear()
  if (value.length <= TEXT_CHARS_MAX) harmless.set(value, text)
  return text
}
