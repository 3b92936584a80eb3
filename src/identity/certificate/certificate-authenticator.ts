/** Authenticates client certificates: what TLS verified becomes a principal by the trust rules for certificates. */
import { hash } from 'node:crypto'
import type { Clock } from '../../lib/clock.ts'
import { fail } from '../../model/errors.ts'
import type { PeerCertificate, Principal } from '../../model/principal.ts'
import type { TrustRule } from '../../model/trust.ts'
import { principalBy } from '../jwt/verify-token.ts'
import type { TrustBook } from '../jwt/trust-book.ts'
import type { Authorities, CertificateStanding } from './authorities.ts'
import type { CertificateFacts } from './read-certificate.ts'

export type CertificateVerdict =
  /** Without a principal no rule lets it in; whoever has no other credential is then refused. */
  | ({ readonly kind: 'known'; readonly fingerprint: string } & Judged)
  | { readonly kind: 'refused'; readonly detail: string }

interface Judged {
  readonly principal: Principal | null
  /** A rule speaks of it that ended, and no other. */
  readonly hasEnded: boolean
}

export type CertificateAuthenticator = (
  certificate: PeerCertificate,
) => CertificateVerdict | Promise<CertificateVerdict>

/** Reads the bytes of a certificate; given, so that only gateways that ask for certificates load the reader. */
export type ReadCertificate = (der: Buffer, fingerprint: string) => CertificateFacts | null

/** One for each certificate that is in use. */
const READ_MAX = 10_000

export const NO_RULE_DETAIL = 'No trust rule accepts the client certificate.'

const DETAILS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'The client certificate has expired.',
  CERT_NOT_YET_VALID: 'The client certificate is not valid yet.',
  INVALID_PURPOSE: 'The client certificate is not made for client authentication.',
}
const UNKNOWN_AUTHORITY = 'The client certificate was not issued by an authority of this gateway.'
const STANDINGS: Readonly<Record<CertificateStanding, string | null>> = {
  good: null,
  revoked: 'The client certificate is revoked.',
  unknown:
    'Whether the client certificate is revoked is not known: no list of its authority is in force.',
  'not-ours': UNKNOWN_AUTHORITY,
}

interface Read {
  readonly facts: CertificateFacts | null
  readonly fingerprint: string
}

export function createCertificateAuthenticator(options: {
  readonly book: TrustBook
  readonly clock: Clock
  readonly read: ReadCertificate
  readonly authorities: Pick<Authorities, 'judge'>
}): CertificateAuthenticator {
  const { book, clock, read, authorities } = options
  const known = new Map<string, Read>()
  /** By fingerprint, under one version of the rules. */
  const judgements = new Map<string, Judged>()
  let version = ''

  const factsOf = (der: Buffer): Read => {
    const fingerprint = hash('sha256', der, 'hex')
    const before = known.get(fingerprint)
    if (before !== undefined) return before
    const facts = { facts: read(der, fingerprint), fingerprint }
    if (known.size >= READ_MAX) known.clear()
    known.set(fingerprint, facts)
    return facts
  }
  const judged = (rules: readonly TrustRule[], { facts, fingerprint }: Read): Judged => {
    const judgement = judge(rules, facts)
    if (judgements.size >= READ_MAX) judgements.clear()
    judgements.set(fingerprint, judgement)
    return judgement
  }
  return (certificate) => {
    const { der, problem } = certificate
    if (problem !== '') return refused(DETAILS[problem] ?? UNKNOWN_AUTHORITY)
    const one = factsOf(der)
    const nowMs = clock.nowMs()
    const flaw =
      one.facts === null
        ? UNREADABLE
        : (flawOf(one.facts, nowMs) ?? STANDINGS[authorities.judge(certificate, nowMs)])
    if (flaw !== null) return refused(flaw)
    const { fingerprint } = one
    const inForce = book.version()
    if (inForce !== version) {
      judgements.clear()
      version = inForce
    }
    const before = judgements.get(fingerprint)
    if (before !== undefined) return { kind: 'known', fingerprint, ...before }
    const rules = book.rules()
    if (!(rules instanceof Promise)) return { kind: 'known', fingerprint, ...judged(rules, one) }
    return rules.then(
      // What another process changed meanwhile counts for this request only.
      (read) => ({ kind: 'known', fingerprint, ...judge(read, one.facts) }),
      (error: unknown) => {
        throw fail('identity.unavailable', '', error)
      },
    )
  }
}

const UNREADABLE = 'The client certificate cannot be read in one way only.'

/** TLS judged the chain when the connection began; a connection may outlive its certificate. */
function flawOf(facts: CertificateFacts, nowMs: number): string | null {
  if (nowMs >= facts.notAfterMs) return DETAILS['CERT_HAS_EXPIRED'] ?? ''
  // RFC 5280 4.2.1.12 lets a certificate without purposes serve all of them; a caller must have this one.
  if (!facts.isForClients) return DETAILS['INVALID_PURPOSE'] ?? ''
  return facts.isAuthority ? 'A certificate of an authority proves no caller.' : null
}

function judge(rules: readonly TrustRule[], facts: CertificateFacts | null): Judged {
  if (facts === null) return { principal: null, hasEnded: false }
  let hasEnded = false
  const issuer = String(facts.claims['issuer'])
  for (const rule of rules) {
    if (rule.kind !== 'certificate' || (rule.issuer !== '' && rule.issuer !== issuer)) continue
    const principal = principalBy(rule, facts.claims, 'mtls')
    if (principal === null) continue
    if (rule.endedAtMs !== null) {
      hasEnded = true
      continue
    }
    const certificate = String(facts.claims['fingerprint'])
    return { principal: { ...principal, issuer, certificate }, hasEnded: false }
  }
  return { principal: null, hasEnded }
}

function refused(detail: string): CertificateVerdict {
  return { kind: 'refused', detail }
}
