/** Authorities and client certificates of a test's own, made on the spot. */
import type { webcrypto } from 'node:crypto'
import * as asn1js from 'asn1js'
import * as pkijs from 'pkijs'

export interface IssuedCertificate {
  /** The certificate, in PEM. */
  readonly cert: string
  readonly key: string
  readonly der: Buffer
}

export interface Authority extends IssuedCertificate {
  readonly issue: (wish: CertificateWish) => Promise<IssuedCertificate>
  /** An authority that this one issued. */
  readonly below: (name: string) => Promise<Authority>
  /** A list of revoked certificates, in PEM. */
  readonly revoke: (wish: RevocationWish) => Promise<string>
}

export interface RevocationWish {
  readonly certificates: readonly IssuedCertificate[]
  readonly fromMs?: number
  /** Null leaves the next update out. */
  readonly untilMs?: number | null
  /** Marks the list as one of some certificates only. */
  readonly isPartial?: boolean
}

export interface CertificateWish {
  readonly subject?: readonly (readonly [oid: string, text: string])[]
  readonly uris?: readonly string[]
  readonly dns?: readonly string[]
  readonly emails?: readonly string[]
  /** Object identifiers of the extended key usage; null leaves the extension out. */
  readonly purposes?: readonly string[] | null
  readonly isAuthority?: boolean
  readonly notBeforeMs?: number
  readonly notAfterMs?: number
}

export const CN = '2.5.4.3'
export const OU = '2.5.4.11'
export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'

const HOUR_MS = 3_600_000
let serial = 1

export async function makeAuthority(name: string): Promise<Authority> {
  const keys = await newKeys()
  return authorityOf(name, keys, { name: [[CN, name]], key: keys.privateKey })
}

interface Issuer {
  readonly name: readonly (readonly [oid: string, text: string])[]
  readonly key: webcrypto.CryptoKey
}

async function authorityOf(
  name: string,
  keys: webcrypto.CryptoKeyPair,
  parent: Issuer,
): Promise<Authority> {
  const subject = [[CN, name]] as const
  const wish = { subject, isAuthority: true, purposes: null }
  const certificate = await made(wish, keys.publicKey, parent)
  return {
    below: async (its) =>
      authorityOf(its, await newKeys(), { name: subject, key: keys.privateKey }),
    revoke: (revoked) => listOf(revoked, { name: subject, key: keys.privateKey }),
    ...(await packed(certificate, keys.privateKey)),
    issue: async (wish) => {
      const own = await newKeys()
      const issuer = { name: subject, key: keys.privateKey }
      return packed(await made(wish, own.publicKey, issuer), own.privateKey)
    },
  }
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
}

async function made(
  wish: CertificateWish,
  publicKey: webcrypto.CryptoKey,
  issuer: Issuer,
): Promise<pkijs.Certificate> {
  const certificate = new pkijs.Certificate()
  certificate.version = 2
  serial += 1
  certificate.serialNumber = new asn1js.Integer({ value: serial })
  certificate.issuer.typesAndValues.push(...issuer.name.map(attribute))
  certificate.subject.typesAndValues.push(...(wish.subject ?? []).map(attribute))
  certificate.notBefore.value = new Date(wish.notBeforeMs ?? Date.now() - HOUR_MS)
  certificate.notAfter.value = new Date(wish.notAfterMs ?? Date.now() + HOUR_MS)
  certificate.extensions = extensionsOf(wish)
  await certificate.subjectPublicKeyInfo.importKey(publicKey)
  await certificate.sign(issuer.key, 'SHA-256')
  return certificate
}

async function listOf(
  { certificates, fromMs, untilMs, isPartial = false }: RevocationWish,
  issuer: Issuer,
): Promise<string> {
  const list = new pkijs.CertificateRevocationList()
  list.version = 1
  list.issuer.typesAndValues.push(...issuer.name.map(attribute))
  list.thisUpdate = new pkijs.Time({ value: new Date(fromMs ?? Date.now() - HOUR_MS) })
  if (untilMs !== null)
    list.nextUpdate = new pkijs.Time({ value: new Date(untilMs ?? Date.now() + HOUR_MS) })
  if (certificates.length > 0)
    list.revokedCertificates = certificates.map(
      ({ der }) =>
        new pkijs.RevokedCertificate({
          userCertificate: pkijs.Certificate.fromBER(new Uint8Array(der)).serialNumber,
          revocationDate: new pkijs.Time({ value: new Date() }),
        }),
    )
  if (isPartial) {
    const part = new pkijs.IssuingDistributionPoint({ onlyContainsUserCerts: true })
    list.crlExtensions = new pkijs.Extensions({
      extensions: [extension('2.5.29.28', part, true)],
    })
  }
  await list.sign(issuer.key, 'SHA-256')
  return pem('X509 CRL', Buffer.from(list.toSchema(true).toBER()))
}

function attribute([type, value]: readonly [string, string]): pkijs.AttributeTypeAndValue {
  return new pkijs.AttributeTypeAndValue({ type, value: new asn1js.Utf8String({ value }) })
}

function extensionsOf(wish: CertificateWish): pkijs.Extension[] {
  const { uris = [], dns = [], emails = [], isAuthority = false } = wish
  const purposes = wish.purposes === undefined ? [CLIENT_AUTH] : wish.purposes
  const names = [
    ...uris.map((value) => new pkijs.GeneralName({ type: 6, value })),
    ...dns.map((value) => new pkijs.GeneralName({ type: 2, value })),
    ...emails.map((value) => new pkijs.GeneralName({ type: 1, value })),
  ]
  return [
    extension('2.5.29.19', new pkijs.BasicConstraints({ cA: isAuthority }), true),
    ...(names.length === 0
      ? []
      : [extension('2.5.29.17', new pkijs.AltName({ altNames: names }), false)]),
    ...(purposes === null
      ? []
      : [extension('2.5.29.37', new pkijs.ExtKeyUsage({ keyPurposes: [...purposes] }), false)]),
  ]
}

function extension(
  extnID: string,
  value: { toSchema: () => { toBER: () => ArrayBuffer } },
  critical: boolean,
): pkijs.Extension {
  return new pkijs.Extension({ extnID, critical, extnValue: value.toSchema().toBER() })
}

async function packed(
  certificate: pkijs.Certificate,
  privateKey: webcrypto.CryptoKey,
): Promise<IssuedCertificate> {
  const der = Buffer.from(certificate.toSchema(true).toBER())
  const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', privateKey))
  return { cert: pem('CERTIFICATE', der), key: pem('PRIVATE KEY', key), der }
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
