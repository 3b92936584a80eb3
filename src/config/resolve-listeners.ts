/** Resolves where the gateway listens: addresses, TLS files, and whether they can work together. */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { errorCode } from '../lib/error-code.ts'
import { isLoopback } from './base-url.ts'
import type { Address, TlsFiles } from './config.ts'
import type { Path } from './problems.ts'
import { parseAddress } from './quantities.ts'
import { pathOf, report } from './resolve-context.ts'
import type { ResolveContext } from './resolve-context.ts'
import type { CheckedConfig } from './schema.ts'

export function resolveListeners(
  checked: CheckedConfig,
  context: ResolveContext,
): readonly [listen: Address, admin: Address] {
  const listen = resolveAddress('listen', checked.listen, context)
  const admin = resolveAddress('admin', checked.admin, context)
  if (listen.port !== 0 && listen.port === admin.port && overlaps(listen.host, admin.host)) {
    report(context, ['admin'], {
      message: 'listen and admin use the same port',
      found: String(admin.port),
      allowed: 'two different ports',
      hint: 'Callers and operators connect to different listeners.',
    })
  }
  if (
    checked.tls === undefined &&
    !context.refused.sections.has('tls') &&
    !isLoopback(listen.host)
  ) {
    context.warnings.push(
      'listen: other machines send their keys in clear text; you MUST set tls or put a TLS proxy in front',
    )
  }
  if (!isLoopback(admin.host)) {
    context.warnings.push('admin: reachable from other machines; keep callers away from it')
  }
  return [listen, admin]
}

const isAnyAddress = (host: string): boolean => host === '0.0.0.0' || host === '::'

function overlaps(one: string, other: string): boolean {
  const local = (host: string): string => (host === 'localhost' ? '127.0.0.1' : host)
  return local(one) === local(other) || isAnyAddress(one) || isAnyAddress(other)
}

function resolveAddress(
  key: 'listen' | 'admin',
  written: string,
  context: ResolveContext,
): Address {
  const reading = parseAddress(written)
  if (reading.kind === 'address') return reading.address
  report(context, [key], {
    message: 'the value is not an address to listen on',
    found: `a text of ${String(written.length)} characters`,
    allowed: 'host:port; an IPv6 host in brackets; port 0 for any free one',
    hint: reading.hint,
  })
  return { host: '127.0.0.1', port: 0 }
}

export function resolveTls(checked: CheckedConfig, context: ResolveContext): TlsFiles | null {
  if (checked.tls === undefined) return null
  const certFile = pathOf(['tls', 'certFile'], checked.tls.certFile, context)
  const keyFile = pathOf(['tls', 'keyFile'], checked.tls.keyFile, context)
  const cert = readPem(['tls', 'certFile'], certFile, context)
  const key = readPem(['tls', 'keyFile'], keyFile, context)
  if (cert !== null && key !== null) {
    try {
      createSecureContext({ cert, key })
    } catch (error) {
      report(context, ['tls'], {
        message: 'certificate and key cannot be used together',
        allowed: 'two PEM files that belong together, the key without a passphrase',
        hint: errorCode(error) || 'unreadable',
      })
    }
  }
  return { certFile, keyFile, clientCertificates: clientCertificates(checked.tls, context) }
}

function clientCertificates(
  { clientCertificates: written }: NonNullable<CheckedConfig['tls']>,
  context: ResolveContext,
): TlsFiles['clientCertificates'] {
  if (written === undefined) return null
  const path: Path = ['tls', 'clientCertificates', 'caFile']
  const caFile = pathOf(path, written.caFile, context)
  const pem = readPem(path, caFile, context)
  if (pem !== null && !holdsAuthorities(pem.toString('utf8'))) {
    report(context, path, {
      message: 'the file holds no certificates of authorities',
      allowed: 'one or more certificates in PEM, each with CA:TRUE',
      hint: 'A certificate of a caller is none; take that of the authority that issued it.',
    })
  }
  const { required, whenCrlUnknown } = written
  return { caFile, crlFile: crlFile(written.crlFile, context), whenCrlUnknown, required }
}

/** Whether the authorities signed its lists is found out where they are opened. */
function crlFile(written: string | undefined, context: ResolveContext): string | null {
  if (written === undefined) return null
  const path: Path = ['tls', 'clientCertificates', 'crlFile']
  const file = pathOf(path, written, context)
  const pem = readPem(path, file, context)
  if (pem !== null && !pem.includes('-----BEGIN X509 CRL-----')) {
    report(context, path, {
      message: 'the file holds no list of revoked certificates',
      allowed: 'one or more lists in PEM, each as X509 CRL',
      hint: 'openssl crl -inform DER -in list.crl -out list.pem makes one of DER.',
    })
  }
  return file
}

function holdsAuthorities(pem: string): boolean {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []
  try {
    return found.length > 0 && found.every((one) => new X509Certificate(one).ca)
  } catch {
    return false
  }
}

function readPem(path: Path, file: string, context: ResolveContext): Buffer | null {
  try {
    return readFileSync(file)
  } catch (error) {
    report(context, path, {
      message: 'the file cannot be read',
      hint: `${errorCode(error) || 'unreadable'}: ${file}`,
    })
    return null
  }
}
