/** Exchanges the token of a trusted issuer for a short-lived Custody token that is bound to the same claims. */
import { hash } from 'node:crypto'
import type { Clock } from '../../lib/clock.ts'
import { newExchangedTokenId } from '../../lib/ids.ts'
import type { ExchangedTokenTable } from '../../model/exchanged-token.ts'
import type { OnceTable } from '../../model/login.ts'
import type { Principal } from '../../model/principal.ts'
import type { EvidenceEvent } from '../../model/record.ts'
import type { TrustRule } from '../../model/trust.ts'
import { principalBy, verifyToken } from '../jwt/verify-token.ts'
import type { TrustBook } from '../jwt/trust-book.ts'
import { verifySignedAssertion } from '../saml/verify-assertion.ts'
import { XmlRefused } from '../saml/strict-xml.ts'
import { mintSecret } from '../secret-text.ts'
import { EXCHANGED_PREFIX } from './exchanged-token-authenticator.ts'
import { readGrant } from './read-grant.ts'
import type { Grant, OauthError } from './read-grant.ts'

const RULE_ENDED = 'the trust rule that accepts it has expired; the operators can renew it'
const ASSERTION_CHARS_MAX = 64 * 1024

export interface TokenRequest {
  readonly contentType: string
  readonly body: Buffer
  readonly remoteAddress: string
}

export interface TokenAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, string | number>>
}

export interface TokenDeskParts {
  readonly book: TrustBook
  readonly tokens: ExchangedTokenTable
  readonly once: OnceTable
  readonly clock: Clock
  /** Id of the lock that holds for the principal; null when none does. */
  readonly lockOn: (principal: Principal) => string | null
  readonly note: (event: EvidenceEvent) => Promise<void>
}

export type TokenDesk = (request: TokenRequest) => Promise<TokenAnswer>

interface Proven {
  readonly rule: TrustRule
  readonly principal: Principal
  /** Names the proof, so that it counts once where its rule says so; empty when it cannot be told from others. */
  readonly proofId: string
  readonly expiresAtMs: number
}

type Proof =
  | { readonly kind: 'proven'; readonly proven: Proven }
  | { readonly kind: 'refused'; readonly error: OauthError; readonly description: string }

export function createTokenDesk(parts: TokenDeskParts): TokenDesk {
  return async (request) => {
    const reading = readGrant(request.contentType, request.body)
    if (reading.kind === 'refused') return refusal(reading.error, reading.description)
    const { grant } = reading
    const proof = grant.isSaml
      ? await provenBySaml(grant, parts)
      : await provenByToken(grant, parts)
    if (proof.kind === 'refused') {
      await noted(parts, request, 'token.refused', { grant: grant.type, error: proof.error })
      return refusal(proof.error, proof.description)
    }
    const { rule, principal } = proof.proven
    const spent = await isSpent(proof.proven, parts)
    const lock = parts.lockOn(principal)
    if (spent || lock !== null) {
      const details = { grant: grant.type, rule: rule.name, principal: principal.id }
      const why = lock === null ? { error: 'replay' } : { error: 'locked', lock }
      await noted(parts, request, 'token.refused', { ...details, ...why })
      return lock === null
        ? refusal('invalid_grant', 'this token counts once and was used before')
        : refusal('invalid_grant', `this call is locked by the operators; reference ${lock}`)
    }
    return issue(proof.proven, grant, request, parts)
  }
}

async function issue(
  { rule, principal }: Proven,
  grant: Grant,
  request: TokenRequest,
  parts: TokenDeskParts,
): Promise<TokenAnswer> {
  const { clock, tokens } = parts
  const nowMs = clock.nowMs()
  const id = newExchangedTokenId(nowMs)
  const secret = mintSecret(EXCHANGED_PREFIX)
  const expiresAtMs = nowMs + rule.exchangeMs
  await tokens.insert({
    id,
    hash: secret.hash,
    principal: { ...principal, method: 'token-exchange', keyId: id },
    rule: rule.name,
    grantType: grant.type,
    issuedAtMs: nowMs,
    expiresAtMs,
    revokedAtMs: null,
  })
  await noted(parts, request, 'token.issued', {
    token: id,
    grant: grant.type,
    rule: rule.name,
    principal: principal.id,
    actor: principal.actor ?? '',
    issuer: principal.issuer,
    expiresAtMs,
  })
  return {
    status: 200,
    body: {
      access_token: secret.text,
      token_type: 'Bearer',
      expires_in: Math.floor(rule.exchangeMs / 1000),
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    },
  }
}

async function provenByToken(
  { assertion, rule: named }: Grant,
  parts: TokenDeskParts,
): Promise<Proof> {
  const { book, clock } = parts
  const rules = (await book.rules()).filter(({ name }) => named === '' || name === named)
  const verdict = await verifyToken(assertion, (claims) => book.issuersOf(rules, claims), clock)
  switch (verdict.kind) {
    case 'trusted': {
      const { rule, principal, claims } = verdict
      const proofId = claims.jti === '' ? '' : `jti ${claims.iss} ${claims.jti}`
      const expiresAtMs = claims.expMs + rule.skewMs
      return { kind: 'proven', proven: { rule, principal, proofId, expiresAtMs } }
    }
    case 'unavailable':
      return refusedProof('temporarily_unavailable', 'the keys of the issuer cannot be read')
    case 'expired':
      return refusedProof('invalid_grant', 'the token has expired')
    case 'flawed':
      return refusedProof('invalid_grant', `the token is malformed (${verdict.flaw})`)
    case 'rule-ended':
      return refusedProof('invalid_grant', RULE_ENDED)
    case 'untrusted':
      return refusedProof('invalid_grant', 'no trust rule accepts the token')
  }
}

/** RFC 7522: the assertion is base64url, signed itself, made for our token endpoint, and counts once. */
async function provenBySaml(
  { assertion, rule: named }: Grant,
  parts: TokenDeskParts,
): Promise<Proof> {
  if (assertion.length > ASSERTION_CHARS_MAX || !/^[A-Za-z0-9_-]+=*$/.test(assertion))
    return refusedProof('invalid_grant', 'the assertion is not base64url')
  const text = Buffer.from(assertion, 'base64url').toString('utf8')
  const rules = (await parts.book.rules()).filter(
    ({ kind, name }) => kind === 'saml' && (named === '' || name === named),
  )
  let hasEnded = false
  for (const rule of rules) {
    try {
      const verified = await verifySignedAssertion(text, {
        issuer: rule.issuer,
        certificates: rule.keys.kind === 'fixed' ? certificatesIn(rule.keys.jwks) : [],
        audiences: rule.audiences,
        recipient: recipientOf(rule),
        inResponseTo: null,
        nowMs: parts.clock.nowMs(),
        skewMs: rule.skewMs,
      })
      const attributes = Object.fromEntries(
        [...verified.attributes].map(([name, values]) => [
          name,
          values.length === 1 ? values[0] : [...values],
        ]),
      )
      const principal = principalBy(rule, { ...attributes, subject: verified.subject }, 'saml')
      if (principal === null) continue
      if (rule.endedAtMs !== null) {
        hasEnded = true
        continue
      }
      const proofId = `saml ${verified.issuer} ${verified.id}`
      const proven = {
        rule: { ...rule, singleUse: true },
        principal,
        proofId,
        expiresAtMs: verified.expiresAtMs,
      }
      return { kind: 'proven', proven }
    } catch (error) {
      if (!(error instanceof XmlRefused)) throw error
    }
  }
  return refusedProof(
    'invalid_grant',
    hasEnded ? RULE_ENDED : 'no trust rule accepts the assertion',
  )
}

/** The address of our token endpoint as the rule writes it among the audiences; else the first audience. */
function recipientOf({ audiences }: TrustRule): string {
  return audiences.find((audience) => audience.endsWith('/oauth/token')) ?? audiences[0] ?? ''
}

function certificatesIn(pem: string): readonly string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []
}

/** A rule that promises single use refuses what cannot be told apart. */
async function isSpent(
  { rule, proofId, expiresAtMs }: Proven,
  parts: TokenDeskParts,
): Promise<boolean> {
  if (!rule.singleUse) return false
  if (proofId === '') return true
  const name = `token ${hash('sha256', proofId, 'hex')}`
  return !(await parts.once.claim(name, parts.clock.nowMs(), expiresAtMs))
}

function refusedProof(error: OauthError, description: string): Proof {
  return { kind: 'refused', error, description }
}

function refusal(error: OauthError, description: string): TokenAnswer {
  const status = error === 'temporarily_unavailable' ? 503 : 400
  return { status, body: { error, error_description: description } }
}

async function noted(
  { note, clock }: TokenDeskParts,
  { remoteAddress }: TokenRequest,
  type: 'token.issued' | 'token.refused',
  details: EvidenceEvent['details'],
): Promise<void> {
  const recorded = note({
    type,
    atMs: clock.nowMs(),
    actor: '',
    details: { ...details, remoteAddress },
  })
  // What lets somebody in is durable before it does; a refusal need not wait.
  if (type === 'token.issued') await recorded
  else recorded.catch(() => undefined)
}
