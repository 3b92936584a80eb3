/** Judges a token: read strictly, signed by a key of its issuer, made for us, in time, and accepted by a trust rule. */
import { compactVerify } from 'jose'
import type { Clock } from '../../lib/clock.ts'
import type { Principal } from '../../model/principal.ts'
import type { TrustRule } from '../../model/trust.ts'
import { conditionsHold, filled, groupsOf, keptClaims } from './claims.ts'
import type { Claims } from './claims.ts'
import type { KeySet } from './key-set.ts'
import { readToken } from './strict-token.ts'
import type { TokenClaims, TokenFlaw } from './strict-token.ts'

export interface TrustedIssuer {
  readonly rules: readonly TrustRule[]
  readonly keys: KeySet
}

export type TokenVerdict =
  | {
      readonly kind: 'trusted'
      readonly rule: TrustRule
      readonly principal: Principal
      readonly claims: TokenClaims
      readonly keys: KeySet
      /** Of the keys it was verified with. */
      readonly generation: number
    }
  | { readonly kind: 'flawed'; readonly flaw: TokenFlaw }
  /** No rule accepts it: unknown issuer, wrong signature, audience, claims. One answer for all, to tell a forger nothing. */
  | { readonly kind: 'untrusted' }
  | { readonly kind: 'expired' }
  /** A rule accepts it that ended, and no other. */
  | { readonly kind: 'rule-ended' }
  /** Its issuer's keys cannot be had. */
  | { readonly kind: 'unavailable'; readonly cause: unknown }

/** `issuersOf` names those whose rules speak of the issuer of the token. */
export async function verifyToken(
  text: string,
  issuersOf: (claims: TokenClaims) => readonly TrustedIssuer[],
  clock: Clock,
): Promise<TokenVerdict> {
  const reading = readToken(text)
  if (reading.kind === 'flawed') return reading
  const { header, claims } = reading
  let unavailable: unknown = null
  let isExpired = false
  let hasEnded = false
  for (const { rules, keys } of issuersOf(claims)) {
    const candidates = rules.filter(
      (rule) =>
        rule.kind === 'jwt' && rule.algorithms.includes(header.alg) && isForUs(rule, claims),
    )
    if (candidates.length === 0) continue
    // Before the keys are asked for: those that arrive meanwhile have verified nothing.
    const generation = keys.generation()
    let isSigned: boolean
    try {
      isSigned = await hasSignature(text, header.alg, await keys.find(header.alg, header.kid))
    } catch (error) {
      unavailable = error
      continue
    }
    if (!isSigned) continue
    const inTime = candidates.filter((rule) => isInTime(rule, claims, clock.nowMs()))
    if (inTime.length === 0) {
      isExpired = candidates.some((rule) => isPast(rule, claims, clock.nowMs()))
      continue
    }
    for (const rule of inTime) {
      const principal = principalBy(rule, claims.all, 'oidc')
      if (principal === null) continue
      hasEnded ||= rule.endedAtMs !== null
      if (rule.endedAtMs === null)
        return { kind: 'trusted', rule, principal, claims, keys, generation }
    }
  }
  if (unavailable !== null) return { kind: 'unavailable', cause: unavailable }
  if (hasEnded) return { kind: 'rule-ended' }
  return { kind: isExpired ? 'expired' : 'untrusted' }
}

export async function hasSignature(
  text: string,
  alg: string,
  keys: Awaited<ReturnType<KeySet['find']>>,
): Promise<boolean> {
  for (const key of keys) {
    try {
      await compactVerify(text, key, { algorithms: [alg] })
      return true
    } catch {
      // The next key of the same id may be the one.
    }
  }
  return false
}

/** OpenID Connect Core 3.1.3.7: several audiences make it matter to whom the token was given. */
function isForUs(rule: TrustRule, { aud, azp }: TokenClaims): boolean {
  if (!aud.some((audience) => rule.audiences.includes(audience))) return false
  if (rule.parties.length > 0) return rule.parties.includes(azp)
  return aud.length === 1 || azp === '' || rule.audiences.includes(azp)
}

function isPast({ skewMs }: TrustRule, { expMs }: TokenClaims, nowMs: number): boolean {
  return nowMs >= expMs + skewMs
}

function isInTime(rule: TrustRule, claims: TokenClaims, nowMs: number): boolean {
  const { skewMs, lifetimeMaxMs } = rule
  const { expMs, nbfMs, iatMs } = claims
  if (isPast(rule, claims, nowMs)) return false
  if (nbfMs !== null && nbfMs > nowMs + skewMs) return false
  if (iatMs !== null && iatMs > nowMs + skewMs) return false
  // Without `iat` the life is counted from now, which is the shortest it can have been.
  return expMs - (iatMs ?? nowMs) <= lifetimeMaxMs
}

/** Null when the rule does not accept these claims. */
export function principalBy(
  rule: TrustRule,
  claims: Claims,
  method: Principal['method'],
): Principal | null {
  if (!conditionsHold(rule, claims)) return null
  const id = filled(rule.principal, claims)
  const service = filled(rule.service, claims)
  if (id === null || id === '' || service === null) return null
  return {
    id,
    kind: rule.principalKind,
    method,
    service,
    groups: groupsOf(rule, claims),
    keyId: null,
    owner: rule.owner,
    // Who set it off is good to know, and no condition.
    actor: filled(rule.actor, claims) ?? '',
    rule: rule.name,
    issuer: rule.issuer,
    claims: keptClaims(rule.keep, claims),
    allowedUpstreams: rule.allowedUpstreams,
    allowedModels: rule.allowedModels,
  }
}
