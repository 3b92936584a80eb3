/** Says who stands behind a key and what is wrong with that: nobody, somebody who left, or nobody who uses it. */
import type { KeyRow } from '../model/keys.ts'
import type { PersonRow } from '../model/people.ts'

/**
 * - `owner-gone`: the owner is a person who is disabled
 * - `ownerless`: the owner is no person here
 * - `stale`: not used for as many days as the operator allows
 */
export const KEY_FLAGS = ['owner-gone', 'ownerless', 'stale'] as const
export type KeyFlag = (typeof KEY_FLAGS)[number]

export interface KeyRules {
  readonly staleAfterMs: number
  /** From the flag to the end; null never ends a key by itself. */
  readonly graceMs: number | null
  /** New keys belong to people who are here and active. */
  readonly ownersArePeople: boolean
}

export interface KeyStanding {
  readonly flags: readonly KeyFlag[]
  /** When it will end for what is flagged; null when it will not. */
  readonly endsAtMs: number | null
}

export type PeopleByLogin = ReadonlyMap<string, Pick<PersonRow, 'disabledAtMs'>>

export function keyStanding(
  key: KeyRow,
  people: PeopleByLogin,
  rules: KeyRules,
  nowMs: number,
): KeyStanding {
  const flags: KeyFlag[] = []
  const ends: number[] = []
  const owner = people.get(key.owner)
  if (owner === undefined) flags.push('ownerless')
  else if (owner.disabledAtMs !== null) {
    flags.push('owner-gone')
    ends.push(owner.disabledAtMs)
  }
  const idleSinceMs = (key.lastUsedAtMs ?? key.createdAtMs) + rules.staleAfterMs
  if (nowMs >= idleSinceMs) {
    flags.push('stale')
    ends.push(idleSinceMs)
  }
  const { graceMs } = rules
  const isEnding = graceMs !== null && ends.length > 0
  return { flags, endsAtMs: isEnding ? Math.min(...ends) + graceMs : null }
}

/** Keys whose time is up for being stale or left behind. */
export function keysToEnd(
  keys: readonly KeyRow[],
  people: PeopleByLogin,
  rules: KeyRules,
  nowMs: number,
): readonly { readonly key: KeyRow; readonly flags: readonly KeyFlag[] }[] {
  return keys
    .filter(({ revokedAtMs, expiresAtMs }) => {
      const isOver = revokedAtMs !== null || (expiresAtMs !== null && expiresAtMs <= nowMs)
      return !isOver
    })
    .map((key) => ({ key, standing: keyStanding(key, people, rules, nowMs) }))
    .filter(({ standing }) => standing.endsAtMs !== null && standing.endsAtMs <= nowMs)
    .map(({ key, standing }) => ({ key, flags: standing.flags }))
}

export function byLogin(people: readonly PersonRow[]): PeopleByLogin {
  return new Map(people.map((person) => [person.login, person]))
}
