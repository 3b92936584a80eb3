/** The authorities of client certificates as they are now: who issued a certificate, and whether it was revoked since. */
import { X509Certificate } from 'node:crypto'
import type { PeerCertificate } from '../../model/principal.ts'
import { pemBlocks } from './pem-blocks.ts'
import { serialOf } from './revocation-list.ts'
import type { RevocationList } from './revocation-list.ts'

export interface AuthorityFacts {
  readonly authorities: readonly X509Certificate[]
  /** Null where the operator keeps none. */
  readonly lists: readonly RevocationList[] | null
  /** What becomes of a certificate that no list in force speaks of. */
  readonly whenUnknown: 'refuse' | 'pass'
}

export type CertificateStanding = 'good' | 'revoked' | 'unknown' | 'not-ours'

export interface Authorities {
  readonly replace: (facts: AuthorityFacts) => void
  readonly judge: (certificate: PeerCertificate, nowMs: number) => CertificateStanding
}

interface Link {
  readonly serial: string
  readonly issuer: string
}

export function authoritiesIn(pem: string): readonly X509Certificate[] {
  return pemBlocks('CERTIFICATE', pem).map((der) => new X509Certificate(der))
}

export function createAuthorities(first: AuthorityFacts): Authorities {
  let facts = first
  /** One for each connection; null where its chain leads to no authority of ours. */
  let chains = new WeakMap<PeerCertificate, readonly Link[] | null>()
  const linksOf = (certificate: PeerCertificate): readonly Link[] | null => {
    const known = chains.get(certificate)
    if (known !== undefined) return known
    const links = linked([certificate.der, ...certificate.chain], facts.authorities)
    chains.set(certificate, links)
    return links
  }
  return {
    replace: (next) => {
      facts = next
      chains = new WeakMap()
    },
    judge: (certificate, nowMs) => {
      // TLS judged the chain when the connection began; authorities change while connections live.
      const links = linksOf(certificate)
      if (links === null) return 'not-ours'
      const { lists, whenUnknown } = facts
      if (lists === null) return 'good'
      let isUnknown = false
      for (const { serial, issuer } of links) {
        const its = lists.filter(({ authority }) => authority === issuer)
        // A list that is out of date still names what was revoked.
        if (its.some(({ revoked }) => revoked.has(serial))) return 'revoked'
        isUnknown ||= !its.some(({ fromMs, untilMs }) => fromMs <= nowMs && nowMs < untilMs)
      }
      return isUnknown && whenUnknown === 'refuse' ? 'unknown' : 'good'
    },
  }
}

/** From the certificate up to the first authority of ours. */
function linked(
  ders: readonly Buffer[],
  authorities: readonly X509Certificate[],
): readonly Link[] | null {
  const chain = ders.map((der) => new X509Certificate(der))
  const links: Link[] = []
  for (const [at, one] of chain.entries()) {
    if (at > 0 && authorities.some((ours) => ours.fingerprint256 === one.fingerprint256))
      return links
    const issuer = authorities.find((ours) => isIssuedBy(one, ours))
    if (issuer !== undefined)
      return [...links, { serial: serialOf(one), issuer: issuer.fingerprint256 }]
    const next = chain[at + 1]
    if (next === undefined || !isIssuedBy(one, next)) return null
    links.push({ serial: serialOf(one), issuer: next.fingerprint256 })
  }
  return null
}

function isIssuedBy(one: X509Certificate, other: X509Certificate): boolean {
  return other.ca && one.checkIssued(other) && one.verify(other.publicKey)
}
