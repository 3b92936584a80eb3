/** Texts from outside in the form both engines take, and lists of roles as they are stored. */
import type { Role } from '../../model/people.ts'
import { isRole } from '../../model/people.ts'

/** PostgreSQL refuses NUL and lone surrogates; what is stored must not depend on the engine. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD')
}

/** No stored id, hash or login has one of these, and PostgreSQL answers them with an error. */
export function isUnstorable(text: string): boolean {
  return text.includes('\0') || !text.isWellFormed()
}

export function decodeRoles(text: string): readonly Role[] {
  const list: unknown = JSON.parse(text)
  return Array.isArray(list) ? list.filter((item) => typeof item === 'string').filter(isRole) : []
}

export function decodeTexts(text: string): readonly string[] {
  const list: unknown = JSON.parse(text)
  return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : []
}
