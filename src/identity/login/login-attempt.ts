/** A login under way: one cookie from which state, nonce, PKCE verifier and SAML request id are derived. */
import { createHmac } from 'node:crypto'
import type { Clock } from '../../lib/clock.ts'
import type { LoginAttemptTable } from '../../model/login.ts'
import { mintSecret, parseSecret } from '../secret-text.ts'

/** Time to type a password and find a phone. */
export const ATTEMPT_MS = 10 * 60 * 1000
const NEXT_CHARS_MAX = 500
const HOME = '/exchanges'

/**
 * What binds the answer of a provider to the browser that asked. Only the cookie knows them, so a stolen database
 * finishes nobody's login, and an answer that is planted in another browser (login CSRF) meets other values.
 */
export interface AttemptSecrets {
  readonly state: string
  readonly nonce: string
  /** RFC 7636: 43 characters of base64url. */
  readonly codeVerifier: string
  readonly samlRequestId: string
}

export interface Attempt extends AttemptSecrets {
  readonly provider: string
  readonly next: string
}

export async function beginAttempt(
  table: LoginAttemptTable,
  clock: Clock,
  login: { readonly provider: string; readonly next: string },
): Promise<{ readonly cookie: string; readonly attempt: Attempt }> {
  const secret = mintSecret('cla_')
  const nowMs = clock.nowMs()
  const { provider } = login
  const next = insidePath(login.next)
  await table.insert({
    hash: secret.hash,
    provider,
    next,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + ATTEMPT_MS,
  })
  return { cookie: secret.text, attempt: { provider, next, ...derive(secret.text) } }
}

/** Takes the attempt out of the store: it ends with the first answer, good or bad. */
export async function takeAttempt(
  table: LoginAttemptTable,
  clock: Clock,
  presented: { readonly cookie: string | null; readonly provider: string },
): Promise<Attempt | null> {
  const { cookie, provider } = presented
  const digest = cookie === null ? null : parseSecret('cla_', cookie)
  if (cookie === null || digest === null) return null
  const row = await table.take(digest, clock.nowMs())
  // Mix-up: the answer of one provider must not finish a login that began at another.
  if (row === null || row.provider !== provider) return null
  return { provider, next: row.next, ...derive(cookie) }
}

function derive(cookie: string): AttemptSecrets {
  const of = (what: string): Buffer => createHmac('sha256', cookie).update(what).digest()
  return {
    state: of('state').toString('base64url'),
    nonce: of('nonce').toString('base64url'),
    codeVerifier: of('code verifier').toString('base64url'),
    // An xs:ID begins with a letter or underscore.
    samlRequestId: `_${of('saml request').toString('hex')}`,
  }
}

/** Threat: an open redirect. Only a path of this console, in its one spelling. */
export function insidePath(written: string): string {
  const base = 'http://console.invalid'
  if (!written.startsWith('/') || written.length > NEXT_CHARS_MAX || !URL.canParse(written, base))
    return HOME
  const url = new URL(written, base)
  const path = url.pathname + url.search
  if (url.origin !== base || path.startsWith('//') || /^\/(?:login|api)(?:\/|$|\?)/.test(path))
    return HOME
  return path === '/' ? HOME : path
}
