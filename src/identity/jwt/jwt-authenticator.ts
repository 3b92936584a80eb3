/** Authenticates tokens of trusted issuers; one that was verified before costs a hash and a look-up. */
import { hash } from 'node:crypto'
import type { Clock } from '../../lib/clock.ts'
import { fail } from '../../model/errors.ts'
import type { Authenticator, IdentityFailure, IdentityResult } from '../../model/principal.ts'
import type { TrustRule } from '../../model/trust.ts'
import type { KeySet } from './key-set.ts'
import { looksLikeToken } from './strict-token.ts'
import type { TrustBook } from './trust-book.ts'
import { verifyToken } from './verify-token.ts'

/** A CI fleet has some thousands of live tokens; each entry is a principal. */
const VERIFIED_MAX = 20_000
/** Refused tokens that are sent again and again are not verified again and again. */
const REFUSED_MAX = 1_000
const REFUSED_MS = 10_000

interface Verified {
  readonly result: IdentityResult
  readonly endsAtMs: number
  readonly keys: KeySet
  readonly generation: number
}

interface Refused {
  readonly result: IdentityResult
  readonly untilMs: number
}

export function createJwtAuthenticator(options: {
  readonly book: TrustBook
  readonly clock: Clock
}): Authenticator {
  const { book, clock } = options
  /** By SHA-256: the tokens themselves are nowhere kept. */
  const verified = new Map<string, Verified>()
  const refused = new Map<string, Refused>()
  let version = ''

  const known = (digest: string): IdentityResult | null => {
    const hit = verified.get(digest)
    const nowMs = clock.nowMs()
    if (hit !== undefined) {
      if (hit.generation === hit.keys.generation() && nowMs < hit.endsAtMs) return hit.result
      verified.delete(digest)
      return null
    }
    const miss = refused.get(digest)
    return miss !== undefined && nowMs < miss.untilMs ? miss.result : null
  }
  const verify = async (text: string, digest: string): Promise<IdentityResult> => {
    let rules: readonly TrustRule[]
    try {
      rules = await book.rules()
    } catch (error) {
      throw fail('identity.unavailable', '', error)
    }
    const judgedBy = book.version()
    const verdict = await verifyToken(text, (claims) => book.issuersOf(rules, claims), clock)
    switch (verdict.kind) {
      case 'trusted': {
        const { rule, principal, claims, keys, generation } = verdict
        if (rule.singleUse) return failure('single-use')
        const result: IdentityResult = { kind: 'principal', principal }
        const endsAtMs = claims.expMs + rule.skewMs
        if (judgedBy === version)
          keep(verified, VERIFIED_MAX, digest, {
            result,
            endsAtMs,
            keys,
            generation,
          })
        return result
      }
      case 'unavailable':
        throw fail('identity.unavailable', '', verdict.cause)
      case 'flawed':
      case 'untrusted':
      case 'expired':
      case 'rule-ended': {
        const result = failure(verdict.kind === 'flawed' ? 'malformed' : verdict.kind)
        const untilMs = clock.nowMs() + REFUSED_MS
        if (judgedBy === version) keep(refused, REFUSED_MAX, digest, { result, untilMs })
        return result
      }
    }
  }
  return {
    name: 'oidc',
    authenticate: (text) => {
      if (!looksLikeToken(text)) return null
      const inForce = book.version()
      if (inForce !== version) {
        verified.clear()
        refused.clear()
        version = inForce
      }
      const digest = hash('sha256', text, 'base64url')
      return known(digest) ?? verify(text, digest)
    },
  }
}

/** The oldest goes first: a Map keeps the order of insertion. */
function keep<Entry>(entries: Map<string, Entry>, max: number, name: string, entry: Entry): void {
  if (entries.size >= max) {
    const [oldest] = entries.keys()
    if (oldest !== undefined) entries.delete(oldest)
  }
  entries.set(name, entry)
}

function failure(reason: IdentityFailure): IdentityResult {
  return { kind: 'failure', reason, keyId: null }
}
