/** Adds and changes people under the rules that keep duties apart, and finds the admin who is let in first. */
import type { Clock } from '../lib/clock.ts'
import { newControlId } from '../lib/ids.ts'
import { cutOff, letBack } from './deprovision.ts'
import type { DeprovisionParts } from './deprovision.ts'
import type { ControlStore } from '../model/control.ts'
import type { PeopleTable, PersonRow, Role } from '../model/people.ts'
import { textProblem } from './text-problem.ts'

const TEXT_CHARS_MAX = 200

export interface PersonProblem {
  readonly path: 'login' | 'name'
  readonly message: string
}

export type PersonCreation =
  | { readonly kind: 'created'; readonly person: PersonRow }
  | { readonly kind: 'invalid'; readonly problems: readonly PersonProblem[] }
  | { readonly kind: 'taken' }

export interface NewPerson {
  readonly login: string
  readonly name: string
  readonly roles: readonly Role[]
  /** See `PersonRow`. */
  readonly managedBy?: string
}

export async function createPerson(
  table: PeopleTable,
  clock: Clock,
  request: NewPerson,
): Promise<PersonCreation> {
  const problems = [
    ...textProblems('login', request.login, 1),
    ...textProblems('name', request.name, 0),
  ]
  if (problems.length > 0) return { kind: 'invalid', problems }
  const person = newPerson(clock, request)
  return (await table.insert(person)) ? { kind: 'created', person } : { kind: 'taken' }
}

export interface PersonEdit {
  readonly name?: string | undefined
  readonly roles?: readonly Role[] | undefined
  readonly disabled?: boolean | undefined
}

export type PersonUpdate =
  | { readonly kind: 'updated'; readonly person: PersonRow }
  | { readonly kind: 'invalid'; readonly problems: readonly PersonProblem[] }
  | {
      readonly kind: 'own-roles' | 'managed' | 'conflict' | 'last-admin' | 'not-found' | 'taken'
    }

/** Disabling ends login sessions and tokens, and what the person and their keys send, at once. */
export async function changePerson(
  parts: DeprovisionParts & { readonly control: Pick<ControlStore, 'people'> },
  change: {
    readonly by: { readonly id: string; readonly login: string }
    readonly id: string
    readonly version: number
    readonly edit: PersonEdit
  },
): Promise<PersonUpdate> {
  const { by, id, version, edit } = change
  const { clock, control } = parts
  const known = await control.people.byId(id)
  if (known === null) return { kind: 'not-found' }
  const problems = edit.name === undefined ? [] : textProblems('name', edit.name, 0)
  if (problems.length > 0) return { kind: 'invalid', problems }
  const roles = edit.roles === undefined ? known.roles : unique(edit.roles)
  if (by.id === id && roles.some((role) => !known.roles.includes(role)))
    return { kind: 'own-roles' }
  // The provider would take it back at the next login; until then it would be power that nobody there gave.
  if (edit.roles !== undefined && known.managedBy !== '') return { kind: 'managed' }
  const disabledAtMs = disabledAt(known, edit.disabled, clock)
  const result = await control.people.update(id, version, {
    name: edit.name ?? known.name,
    roles,
    disabledAtMs,
  })
  if (result !== 'updated') return { kind: result }
  const because = { actor: by.login, reason: `disabled by ${by.login}` }
  if (disabledAtMs !== null) await cutOff(parts, known, because)
  else if (known.disabledAtMs !== null) {
    await letBack(parts, known, { ...because, reason: `enabled by ${by.login}` })
  }
  const person = await control.people.byId(id)
  return person === null ? { kind: 'not-found' } : { kind: 'updated', person }
}

/**
 * The admin to whom a login link is given at the start: made when there is nobody, and again the same one until
 * somebody has logged in. Null when the control plane is in use.
 */
export async function firstAdmin(
  table: PeopleTable,
  clock: Clock,
  login: string,
): Promise<PersonRow | null> {
  await table.insertFirst(newPerson(clock, { login, name: '', roles: ['admin'] }))
  const people = await table.list()
  if (people.some((person) => person.lastLoginAtMs !== null)) return null
  return people.find(isActiveAdmin) ?? null
}

export function isActiveAdmin(person: PersonRow): boolean {
  return person.disabledAtMs === null && person.roles.includes('admin')
}

function newPerson(clock: Clock, request: NewPerson): PersonRow {
  const nowMs = clock.nowMs()
  return {
    id: newControlId('per', nowMs),
    login: request.login,
    name: request.name,
    roles: unique(request.roles),
    disabledAtMs: null,
    createdAtMs: nowMs,
    lastLoginAtMs: null,
    version: 1,
    managedBy: request.managedBy ?? '',
  }
}

function disabledAt(known: PersonRow, disabled: boolean | undefined, clock: Clock): number | null {
  if (disabled === undefined) return known.disabledAtMs
  return disabled ? (known.disabledAtMs ?? clock.nowMs()) : null
}

function unique(roles: readonly Role[]): readonly Role[] {
  return [...new Set(roles)]
}

function textProblems(path: 'login' | 'name', text: string, min: number): readonly PersonProblem[] {
  const message = textProblem(text, min, TEXT_CHARS_MAX)
  return message === null ? [] : [{ path, message }]
}
