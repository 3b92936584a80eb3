/** Turns the cookie of a login session or an API token into the person behind it, as of this moment. */
import type { Clock } from '../lib/clock.ts'
import { newControlId } from '../lib/ids.ts'
import type {
  ApiTokenTable,
  LoginSessionRow,
  LoginSessionTable,
  PeopleTable,
  PersonRow,
  Role,
} from '../model/people.ts'
import { mintSecret, parseSecret } from './secret-text.ts'

/** Login method of break-glass accounts; see `break-glass.ts`. */
export const BREAK_GLASS = 'break-glass'

export const IDLE_MS = 30 * 60 * 1000
export const ABSOLUTE_MS = 12 * 60 * 60 * 1000
/** A use is written down at most this often. */
const SEEN_EVERY_MS = 60 * 1000
const USER_AGENT_CHARS_MAX = 300

export interface SignedIn {
  readonly person: PersonRow
  /** In force: of a token, those it carries that the person still has. */
  readonly roles: readonly Role[]
  readonly authentication: 'login-session' | 'api-token'
  /** Of the login session or the token. */
  readonly id: string
  /** Null for tokens. */
  readonly idleExpiresAtMs: number | null
  readonly expiresAtMs: number
}

export interface SignedInTables {
  readonly people: PeopleTable
  readonly loginSessions: LoginSessionTable
  readonly tokens: ApiTokenTable
}

/** `isActivity` false leaves the idle time running: a stream or a poll of a forgotten tab is nobody at work. */
export async function signedInByCookie(
  tables: SignedInTables,
  clock: Clock,
  cookie: string,
  isActivity = true,
): Promise<SignedIn | null> {
  const digest = parseSecret('cls_', cookie)
  const session = digest === null ? null : await tables.loginSessions.byHash(digest)
  const nowMs = clock.nowMs()
  if (session === null || !isLive(session, nowMs)) return null
  const person = await activePerson(tables, session.person)
  if (person === null) return null
  if (isActivity && nowMs - session.lastSeenAtMs >= SEEN_EVERY_MS) {
    await tables.loginSessions.seen(session.id, nowMs)
  }
  const seenAtMs = isActivity ? nowMs : session.lastSeenAtMs
  return {
    person,
    roles: rolesInForce(session.method, person.roles),
    authentication: 'login-session',
    id: session.id,
    idleExpiresAtMs: Math.min(seenAtMs + IDLE_MS, session.expiresAtMs),
    expiresAtMs: session.expiresAtMs,
  }
}

export async function signedInByToken(
  tables: SignedInTables,
  clock: Clock,
  text: string,
): Promise<SignedIn | null> {
  const digest = parseSecret('cpt_', text)
  const token = digest === null ? null : await tables.tokens.byHash(digest)
  const nowMs = clock.nowMs()
  if (token === null || token.revokedAtMs !== null || token.expiresAtMs <= nowMs) return null
  const person = await activePerson(tables, token.person)
  if (person === null) return null
  if (nowMs - (token.lastUsedAtMs ?? 0) >= SEEN_EVERY_MS) await tables.tokens.used(token.id, nowMs)
  return {
    person,
    roles: token.roles.filter((role) => person.roles.includes(role)),
    authentication: 'api-token',
    id: token.id,
    idleExpiresAtMs: null,
    expiresAtMs: token.expiresAtMs,
  }
}

/**
 * Always a new session under a new secret: one that a browser carried before the login, planted or not, never becomes
 * a logged-in one (session fixation).
 */
export async function startLoginSession(
  tables: SignedInTables,
  clock: Clock,
  login: {
    readonly person: PersonRow
    readonly method: string
    readonly address: string
    readonly userAgent: string
  },
): Promise<{ readonly cookie: string; readonly signedIn: SignedIn }> {
  const nowMs = clock.nowMs()
  const secret = mintSecret('cls_')
  const session: LoginSessionRow = {
    id: newControlId('ls', nowMs),
    hash: secret.hash,
    person: login.person.id,
    method: login.method,
    createdAtMs: nowMs,
    lastSeenAtMs: nowMs,
    expiresAtMs: nowMs + ABSOLUTE_MS,
    endedAtMs: null,
    address: login.address,
    userAgent: login.userAgent.slice(0, USER_AGENT_CHARS_MAX),
  }
  await tables.loginSessions.insert(session)
  await tables.people.loggedIn(login.person.id, nowMs)
  return {
    cookie: secret.text,
    signedIn: {
      person: { ...login.person, lastLoginAtMs: nowMs },
      roles: rolesInForce(login.method, login.person.roles),
      authentication: 'login-session',
      id: session.id,
      idleExpiresAtMs: nowMs + IDLE_MS,
      expiresAtMs: session.expiresAtMs,
    },
  }
}

/**
 * Running the gateway is all that a break-glass login is for. Whatever else the account was given does not count: else an
 * admin gives it the role of an investigator, breaks the glass, and reads.
 */
function rolesInForce(method: string, roles: readonly Role[]): readonly Role[] {
  return method === BREAK_GLASS ? roles.filter((role) => role === 'admin') : roles
}

export function isLive(session: LoginSessionRow, nowMs: number): boolean {
  return (
    session.endedAtMs === null &&
    nowMs < session.expiresAtMs &&
    nowMs < session.lastSeenAtMs + IDLE_MS
  )
}

async function activePerson(tables: SignedInTables, id: string): Promise<PersonRow | null> {
  const person = await tables.people.byId(id)
  return person === null || person.disabledAtMs !== null ? null : person
}
