/** Reads lists of revoked certificates (RFC 5280, 5): which authority signed each, until when it counts, and what it names. */
import type { X509Certificate } from 'node:crypto'
import * as asn1js from 'asn1js'
import * as pkijs from 'pkijs'
import { pemBlocks } from './pem-blocks.ts'

export interface RevocationList {
  /** SHA-256 of the certificate of the authority that signed it. */
  readonly authority: string
  readonly fromMs: number
  readonly untilMs: number
  /** Serial numbers, as `serialOf` writes them. */
  readonly revoked: ReadonlySet<string>
}

export type RevocationReading =
  | { readonly kind: 'lists'; readonly lists: readonly RevocationList[] }
  /** Completes "the file …". */
  | { readonly kind: 'problem'; readonly problem: string }

/** A list that is not signed by one of the authorities, or says less than it seems to, spoils the file. */
export async function readRevocationLists(
  pem: string,
  authorities: readonly X509Certificate[],
): Promise<RevocationReading> {
  const blocks = pemBlocks('X509 CRL', pem)
  if (blocks.length === 0) return problem('holds no X509 CRL in PEM')
  const lists: RevocationList[] = []
  for (const der of blocks) {
    const list = parsed(der)
    if (list === null) return problem('holds a list that cannot be read')
    // Deltas and lists of some certificates only say so in a critical extension; to take one for all would let revoked ones in.
    if (list.crlExtensions?.extensions.some(({ critical }) => critical) === true)
      return problem('holds a list of some certificates or changes only')
    const until = list.nextUpdate
    if (until === undefined) return problem('holds a list that does not say until when it counts')
    const signers = await signersOf(list, authorities)
    if (signers.length === 0)
      return problem('holds a list that none of the authorities of caFile signed')
    const revoked = new Set(
      (list.revokedCertificates ?? []).map(({ userCertificate }) =>
        serialText(Buffer.from(userCertificate.valueBlock.valueHexView).toString('hex')),
      ),
    )
    const [fromMs, untilMs] = [list.thisUpdate.value.getTime(), until.value.getTime()]
    for (const authority of signers) lists.push({ authority, fromMs, untilMs, revoked })
  }
  return { kind: 'lists', lists }
}

export function serialOf({ serialNumber }: X509Certificate): string {
  return serialText(serialNumber)
}

function serialText(hex: string): string {
  return hex.toLowerCase().replace(/^0+(?=.)/, '')
}

function problem(text: string): RevocationReading {
  return { kind: 'problem', problem: text }
}

function parsed(der: Buffer): pkijs.CertificateRevocationList | null {
  try {
    const { result, offset } = asn1js.fromBER(new Uint8Array(der))
    return offset === der.length ? new pkijs.CertificateRevocationList({ schema: result }) : null
  } catch {
    return null
  }
}

async function signersOf(
  list: pkijs.CertificateRevocationList,
  authorities: readonly X509Certificate[],
): Promise<readonly string[]> {
  const signers: string[] = []
  for (const { raw, fingerprint256 } of authorities) {
    const issuerCertificate = pkijs.Certificate.fromBER(new Uint8Array(raw))
    if (!list.issuer.isEqual(issuerCertificate.subject)) continue
    try {
      if (await list.verify({ issuerCertificate })) signers.push(fingerprint256)
    } catch {
      // An algorithm that cannot be checked has signed nothing.
    }
  }
  return signers
}
