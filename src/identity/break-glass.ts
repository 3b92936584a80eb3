/** Break-glass accounts: local admins for the day when no identity provider answers; each use is an alert. */
import type { LoginConfig } from '../config/login-config.ts'
import type { Clock } from '../lib/clock.ts'
import type { LoginSessionTable, PersonRow } from '../model/people.ts'
import type { EvidenceEvent } from '../model/record.ts'
import { BREAK_GLASS, isLive } from './signed-in.ts'

export type LinkRules = Pick<LoginConfig, 'links' | 'breakGlass'>

export function isBreakGlass(rules: LinkRules, login: string): boolean {
  return rules.breakGlass.includes(login)
}

/** May a one-time link let this person in? */
export function mayUseLink(rules: LinkRules, login: string): boolean {
  return rules.links === 'everyone' || isBreakGlass(rules, login)
}

export function brokenGlass(
  person: PersonRow,
  at: { readonly atMs: number; readonly address: string; readonly loginSession: string },
): EvidenceEvent {
  return {
    type: 'person.broke-glass',
    atMs: at.atMs,
    actor: person.login,
    details: { person: person.id, address: at.address, loginSession: at.loginSession },
  }
}

/** Who is inside that way now: their person and since when. */
export async function brokenGlassNow(
  table: LoginSessionTable,
  clock: Clock,
): Promise<readonly { readonly person: string; readonly sinceMs: number }[]> {
  const nowMs = clock.nowMs()
  const sessions = await table.active(null, nowMs)
  return sessions
    .filter((session) => session.method === BREAK_GLASS && isLive(session, nowMs))
    .map(({ person, createdAtMs }) => ({ person, sinceMs: createdAtMs }))
}
