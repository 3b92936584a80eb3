/** Says whether the signer of a time stamp is, or was certified by, an authority that somebody chose to trust. */
import { X509Certificate } from 'node:crypto'
import * as pkijs from 'pkijs'

/** Certificates between the signer and an authority. */
const DEPTH_MAX = 4

/** Certificates of PEM text; throws when there is none, or one cannot be read. */
export function readAuthorities(pem: string): readonly pkijs.Certificate[] {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  if (found.length === 0) throw new Error('it holds no certificate')
  return found.map((text) =>
    pkijs.Certificate.fromBER(new Uint8Array(new X509Certificate(text).raw)),
  )
}

/** `others` came with the token. Whether each was valid is asked of the time that the token names. */
export async function isTrusted(
  signer: pkijs.Certificate,
  others: readonly pkijs.Certificate[],
  authorities: readonly pkijs.Certificate[],
  timeMs: number,
): Promise<boolean> {
  let at = signer
  for (let depth = 0; depth < DEPTH_MAX; depth += 1) {
    if (!isValidAt(at, timeMs)) return false
    const here = at
    if (authorities.some((one) => isSame(one, here))) return true
    if ((await issuerAmong(here, authorities)) !== null) return true
    const next = await issuerAmong(
      here,
      others.filter((one) => !isSame(one, here) && mayIssue(one)),
    )
    if (next === null) return false
    at = next
  }
  return false
}

async function issuerAmong(
  certificate: pkijs.Certificate,
  candidates: readonly pkijs.Certificate[],
): Promise<pkijs.Certificate | null> {
  for (const candidate of candidates) {
    if (!candidate.subject.isEqual(certificate.issuer)) continue
    if (await certificate.verify(candidate).catch(() => false)) return candidate
  }
  return null
}

/** Threat: whoever holds a certificate for a server could certify a stamper with it. RFC 5280 4.2.1.9. */
function mayIssue({ extensions = [] }: pkijs.Certificate): boolean {
  const basic = extensions.find(({ extnID }) => extnID === '2.5.29.19')?.parsedValue
  return basic instanceof pkijs.BasicConstraints && basic.cA
}

const isValidAt = ({ notBefore, notAfter }: pkijs.Certificate, timeMs: number): boolean =>
  notBefore.value.getTime() <= timeMs && timeMs <= notAfter.value.getTime()

const isSame = (one: pkijs.Certificate, other: pkijs.Certificate): boolean =>
  Buffer.from(one.toSchema().toBER()).equals(Buffer.from(other.toSchema().toBER()))
