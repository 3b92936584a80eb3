/** Attributes as SCIM clients send them: read-only ones taken off, spellings of Entra put right, bounded, and safe to walk. */
import { isJsonObject } from '../../lib/json/loose.ts'
import { ScimProblem } from './scim-problem.ts'

export type Attributes = Readonly<Record<string, unknown>>

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User'
export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group'
export const ENTERPRISE_SCHEMA = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

const READ_ONLY = new Set(['id', 'meta', 'groups', 'schemas', 'password'])
const DEPTH_MAX = 6
/** Names that lead out of the data into what all objects share. */
const UNSAFE = new Set(['__proto__', 'constructor', 'prototype'])

/** A JSON object from outside. Throws `ScimProblem`. */
export function asAttributes(value: unknown): Attributes {
  if (!isJsonObject(value))
    throw new ScimProblem(400, 'the body is not a JSON object', 'invalidSyntax')
  refuseUnsafe(value, 0)
  return value
}

function refuseUnsafe(value: unknown, depth: number): void {
  if (depth > DEPTH_MAX) throw new ScimProblem(400, 'nested too deeply', 'invalidSyntax')
  if (Array.isArray(value)) {
    for (const item of value) refuseUnsafe(item, depth + 1)
  } else if (isJsonObject(value)) {
    for (const [key, inner] of Object.entries(value)) {
      if (UNSAFE.has(key)) throw new ScimProblem(400, 'an attribute name is not one', 'invalidPath')
      refuseUnsafe(inner, depth + 1)
    }
  }
}

/** Attribute names count without case (RFC 7643 2.1); the ones we read get the case of the standard. */
const SPELLING = new Map(
  [
    'userName',
    'externalId',
    'displayName',
    'active',
    'members',
    'emails',
    'name',
    'schemas',
    'meta',
    'id',
    'groups',
    'password',
    'Operations',
  ].map((name) => [name.toLowerCase(), name]),
)

export function spelled(attributes: Attributes): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => [
      SPELLING.get(key.toLowerCase()) ?? key,
      value,
    ]),
  )
}

/** What is kept: without what we make ourselves, and without a password, which we do not want to have. */
export function writable(attributes: Attributes): Attributes {
  return Object.fromEntries(
    Object.entries(spelled(attributes)).filter(([key]) => !READ_ONLY.has(key)),
  )
}

export function textAt(attributes: Attributes, key: string): string {
  const value = attributes[key]
  return typeof value === 'string' ? value.trim() : ''
}

/** Entra writes booleans as texts. Throws `ScimProblem` for what is neither. */
export function booleanOf(value: unknown): boolean {
  if (typeof value === 'boolean') return value
  if (typeof value === 'string' && /^(?:true|false)$/i.test(value))
    return value.toLowerCase() === 'true'
  throw new ScimProblem(400, 'active is not true or false', 'invalidValue')
}

/** The name that is shown: what the client calls it, else what name parts there are. */
export function shownName(attributes: Attributes): string {
  const display = textAt(attributes, 'displayName')
  if (display !== '') return display
  const { name } = attributes
  if (!isJsonObject(name)) return ''
  const formatted = textAt(name, 'formatted')
  return formatted !== ''
    ? formatted
    : [textAt(name, 'givenName'), textAt(name, 'familyName')].join(' ').trim()
}

/** Ids in `members`, once each. Throws `ScimProblem`. */
export function memberIds(attributes: Attributes): readonly string[] {
  const { members = [] } = attributes
  const list = Array.isArray(members) ? members : [members]
  const ids = list.map((member) => (isJsonObject(member) ? textAt(member, 'value') : ''))
  if (ids.includes('')) throw new ScimProblem(400, 'a member has no value', 'invalidValue')
  return [...new Set(ids)]
}
