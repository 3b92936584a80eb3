/** Reads the names and purposes of a client certificate (RFC 5280) from its bytes; judges nothing. */
import * as pkijs from 'pkijs'
import type { Claims } from '../jwt/claims.ts'

export interface CertificateFacts {
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** True when its extended key usage names client authentication. */
  readonly isForClients: boolean
  readonly isAuthority: boolean
  /** What trust rules look at: single values as texts, several as lists. */
  readonly claims: Claims
}

const OID = {
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const

/** RFC 5280 A.1; other attributes have no name here and are left out. */
const NAMES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
}

/** RFC 5280 4.2.1.6: the kinds of names that say who somebody is. */
const ALTERNATIVES: Readonly<Record<number, string>> = { 1: 'email', 2: 'dns', 6: 'uri' }

/** Null when the bytes are no certificate, or hold a name that could be read in two ways. */
export function readCertificate(der: Buffer, fingerprint: string): CertificateFacts | null {
  try {
    const certificate = pkijs.Certificate.fromBER(new Uint8Array(der))
    const names = new Map<string, string[]>()
    for (const [name, text] of [...subjectNames(certificate), ...alternativeNames(certificate)]) {
      // Threat: a NUL or another control ends the name for one reader and not for the next.
      if (text === '' || /\p{Cc}/u.test(text)) return null
      names.set(name, [...(names.get(name) ?? []), text])
    }
    const uris = names.get('uri') ?? []
    // SPIFFE X509-SVID 2: exactly one URI.
    if (uris.length > 1 && uris.some((uri) => uri.startsWith('spiffe://'))) return null
    return {
      notBeforeMs: certificate.notBefore.value.getTime(),
      notAfterMs: certificate.notAfter.value.getTime(),
      isForClients: purposesOf(certificate).includes(OID.clientAuth),
      isAuthority: isAuthority(certificate),
      claims: {
        ...Object.fromEntries(
          [...names].map(([name, texts]) => [name, texts.length === 1 ? texts[0] : texts]),
        ),
        issuer: textOf(certificate.issuer),
        subject: textOf(certificate.subject),
        serial: Buffer.from(certificate.serialNumber.valueBlock.valueHexView).toString('hex'),
        fingerprint,
      },
    }
  } catch {
    return null
  }
}

type Name = readonly [name: string, text: string]

function namesOf(name: pkijs.RelativeDistinguishedNames): readonly Name[] {
  return name.typesAndValues.map(({ type, value }) => [NAMES[type] ?? type, value.valueBlock.value])
}

function subjectNames({ subject }: pkijs.Certificate): readonly Name[] {
  return namesOf(subject).map(([name, text]) => [`subject.${name}`, text])
}

/** Like RFC 4514, in the order in which the certificate has it. */
function textOf(name: pkijs.RelativeDistinguishedNames): string {
  return namesOf(name)
    .map(([type, text]) => `${type}=${text.replaceAll(/[\\,+"<>;=]/g, String.raw`\$&`)}`)
    .join(',')
}

function extensionOf({ extensions = [] }: pkijs.Certificate, oid: string): unknown {
  return extensions.find(({ extnID }) => extnID === oid)?.parsedValue
}

function alternativeNames(certificate: pkijs.Certificate): readonly Name[] {
  const value = extensionOf(certificate, OID.subjectAltName)
  if (!(value instanceof pkijs.AltName)) return []
  return value.altNames.flatMap(({ type, value: text }): readonly Name[] => {
    const name = ALTERNATIVES[type]
    return name === undefined ? [] : [[name, String(text)]]
  })
}

function purposesOf(certificate: pkijs.Certificate): readonly string[] {
  const value = extensionOf(certificate, OID.extendedKeyUsage)
  return value instanceof pkijs.ExtKeyUsage ? value.keyPurposes : []
}

function isAuthority(certificate: pkijs.Certificate): boolean {
  const value = extensionOf(certificate, OID.basicConstraints)
  return value instanceof pkijs.BasicConstraints && value.cA
}
