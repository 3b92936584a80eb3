/** Ends everything a person has here in one act: login sessions, tokens, and by a lock what they and their keys send. */
import type { Clock } from '../lib/clock.ts'
import type { ControlStore } from '../model/control.ts'
import type { LockRow, LockTable } from '../model/containment.ts'
import type { EvidenceEvent } from '../model/record.ts'
import { releaseLock, setLock } from './locks.ts'
import type { Holdings } from './rule-ownership.ts'

/** Owner of the locks that are set here; they are released when the person comes back. */
const OFFBOARDING = 'offboarding'

export interface DeprovisionParts {
  readonly control: Pick<ControlStore, 'loginSessions' | 'tokens' | 'devices'>
  readonly locks: LockTable
  readonly clock: Clock
  /** What the person answers for or set off, so that evidence says what must be handed over. */
  readonly holdings: (login: string) => Promise<Holdings>
  /** Resolves when durable. */
  readonly note: (event: EvidenceEvent) => Promise<void>
  readonly onFault: (what: string, error: unknown) => void
}

interface Whom {
  readonly id: string
  readonly login: string
}

/** Streams in flight are cut by every worker as soon as it sees the lock, within a second. */
export async function cutOff(
  parts: DeprovisionParts,
  person: Whom,
  by: { readonly actor: string; readonly reason: string },
): Promise<void> {
  const { control, clock, locks } = parts
  // First what sends prompts: a stream is cut while the rest is being ended.
  if ((await heldLock(parts, person)) === null) {
    await setLock(locks, clock, OFFBOARDING, {
      kind: 'person',
      value: person.login,
      reason: by.reason,
      expiresInMs: 'never',
    })
  }
  const nowMs = clock.nowMs()
  await control.loginSessions.endAllOf(person.id, nowMs)
  await control.tokens.revokeAllOf(person.id, nowMs)
  await control.devices.revokeGrantsOf(person.id, nowMs)
  const held = await parts.holdings(person.login).catch((error: unknown) => {
    parts.onFault('holdings not read', error)
    return null
  })
  tell(parts, 'person.disabled', person, { ...by, ...(held === null ? {} : namesOf(held)) })
}

/** Sessions and tokens stay ended; keys work again, unless somebody else locked them. */
export async function letBack(
  parts: DeprovisionParts,
  person: Whom,
  by: { readonly actor: string; readonly reason: string },
): Promise<void> {
  const lock = await heldLock(parts, person)
  if (lock !== null) {
    await releaseLock(parts.locks, parts.clock, lock.id, { by: by.actor, reason: by.reason })
  }
  tell(parts, 'person.enabled', person, by)
}

async function heldLock(parts: DeprovisionParts, person: Whom): Promise<LockRow | null> {
  const active = await parts.locks.active(parts.clock.nowMs())
  return (
    active.find(
      ({ kind, value, owner }) =>
        kind === 'person' && value === person.login && owner === OFFBOARDING,
    ) ?? null
  )
}

/** An event holds names, and not more of them than anybody reads. */
const NAMED_MAX = 50

function namesOf({ keys, rules, jobs }: Holdings): Readonly<Record<string, string>> {
  const names = (all: readonly string[]): string => [...new Set(all)].slice(0, NAMED_MAX).join(' ')
  return {
    keys: names(keys.map(({ id }) => id)),
    rules: names(rules.map(({ name }) => name)),
    setOffBy: names(jobs.map(({ rule }) => rule)),
  }
}

/** A full disk must not keep anybody inside: evidence gets it when it can. */
function tell(
  parts: DeprovisionParts,
  type: 'person.disabled' | 'person.enabled',
  person: Whom,
  { actor, ...details }: { readonly actor: string } & Readonly<Record<string, string>>,
): void {
  const event: EvidenceEvent = {
    type,
    atMs: parts.clock.nowMs(),
    actor,
    details: { person: person.id, login: person.login, ...details },
  }
  parts.note(event).catch((error: unknown) => parts.onFault('event not noted in evidence', error))
}
