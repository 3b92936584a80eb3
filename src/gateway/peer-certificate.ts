/** The client certificate of a connection, as TLS verified it; what a header says of one is never looked at. */
import { TLSSocket } from 'node:tls'
import type { PeerCertificate } from '../model/principal.ts'

const CHAIN_MAX = 10
const known = new WeakMap<object, PeerCertificate | null>()

/** `connection` is what lives as long as the connection does: the socket, or the session of HTTP/2. */
export function peerCertificate(connection: object, socket: object): PeerCertificate | null {
  const before = known.get(connection)
  if (before !== undefined) return before
  const certificate = socket instanceof TLSSocket ? read(socket) : null
  known.set(connection, certificate)
  return certificate
}

function read(socket: TLSSocket): PeerCertificate | null {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return null
  const problem = socket.authorized ? '' : codeOf(socket.authorizationError)
  const chain: Buffer[] = []
  let issuer = certificate.issuerCertificate
  while (issuer !== undefined && chain.length < CHAIN_MAX) {
    chain.push(issuer.raw)
    const next = issuer.issuerCertificate
    issuer = next === issuer ? undefined : next
  }
  return { der: certificate.raw, chain, problem }
}

/** Node puts the code of OpenSSL there, as text or as an error. */
function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code)
  return typeof error === 'string' && error !== '' ? error : 'UNVERIFIED'
}
