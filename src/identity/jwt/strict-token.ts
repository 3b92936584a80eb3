/** Reads a compact JWS before any cryptography: one spelling per token, nothing that lets the token choose its key. */
import { scanJson } from '../../lib/json/scan.ts'
import type { JwtAlgorithm } from '../../model/trust.ts'
import { JWT_ALGORITHMS } from '../../model/trust.ts'

/** RFC 8725 asks for bounds; the largest tokens seen from CI systems are below 4 KiB. */
const TOKEN_CHARS_MAX = 16 * 1024
const HEADER_BYTES_MAX = 2 * 1024
const JSON_LIMITS = { depthMax: 8, elementsMax: 2000 }
const KID = /^[\x20-\x7e]{1,512}$/
const AUDIENCES_MAX = 20
const CLAIM_CHARS_MAX = 2048

/**
 * Threats: `jwk`, `jku`, `x5u`, `x5c` let the token bring or fetch its own key (CVE-2018-0114, SSRF); `crit` and `b64`
 * change what is signed (RFC 7797); `zip`, `enc` and `epk` belong to encryption, which is never expected; `cty` nests.
 */
const REFUSED_HEADERS = [
  'jwk',
  'jku',
  'x5u',
  'x5c',
  'crit',
  'b64',
  'zip',
  'enc',
  'epk',
  'cty',
  'apu',
  'apv',
  'p2s',
  'p2c',
]
/** RFC 8725 3.11: a token made for another purpose (logout, DPoP, events, key binding) never signs a caller in. */
const TYPES = ['jwt', 'at+jwt', 'application/jwt', 'application/at+jwt']

export interface TokenHeader {
  readonly alg: JwtAlgorithm
  readonly kid: string | null
}

export interface TokenClaims {
  /** Empty only for SVIDs, whose subject names the trust domain. */
  readonly iss: string
  readonly sub: string
  readonly aud: readonly string[]
  readonly azp: string
  readonly expMs: number
  readonly nbfMs: number | null
  readonly iatMs: number | null
  readonly jti: string
  readonly all: Readonly<Record<string, unknown>>
}

/** Why it is no token of ours; names the rule that was broken, quotes nothing. */
export type TokenFlaw =
  | 'size'
  | 'spelling'
  | 'parts'
  | 'header'
  | 'algorithm'
  | 'header-parameter'
  | 'type'
  | 'key-id'
  | 'claims'
  | 'issuer'
  | 'audience'
  | 'time'

interface Flawed {
  readonly kind: 'flawed'
  readonly flaw: TokenFlaw
}

export type SignedReading =
  | { readonly kind: 'signed'; readonly header: TokenHeader; readonly payload: Buffer }
  | Flawed

export type TokenReading =
  | { readonly kind: 'token'; readonly header: TokenHeader; readonly claims: TokenClaims }
  | Flawed

/** Text that is meant to be a JWT (or a JWE), well-formed or not: base64url of `{` begins so. */
export function looksLikeToken(text: string): boolean {
  return /^e[wyA-Za-z0-9_-][^.]*\./.test(text)
}

export function readToken(text: string): TokenReading {
  const reading = readSigned(text)
  if (reading.kind === 'flawed') return reading
  const written = objectOf(reading.payload)
  if (written === null) return flawed('claims')
  const claims = readClaims(written)
  if (typeof claims === 'string') return flawed(claims)
  return { kind: 'token', header: reading.header, claims }
}

/** The form alone, whatever was signed. */
export function readSigned(text: string): SignedReading {
  if (text.length > TOKEN_CHARS_MAX) return flawed('size')
  const parts = text.split('.')
  if (parts.length !== 3) return flawed('parts')
  const [head = '', payload = '', tail = ''] = parts
  const headerBytes = decoded(head)
  const payloadBytes = decoded(payload)
  if (headerBytes === null || payloadBytes === null || decoded(tail) === null)
    return flawed('spelling')
  if (headerBytes.length > HEADER_BYTES_MAX) return flawed('size')
  const header = objectOf(headerBytes)
  if (header === null) return flawed('header')
  const checked = readHeader(header)
  if (typeof checked === 'string') return flawed(checked)
  return { kind: 'signed', header: checked, payload: payloadBytes }
}

function flawed(flaw: TokenFlaw): Flawed {
  return { kind: 'flawed', flaw }
}

/**
 * Threat: whitespace, padding and loose trailing bits give one token many spellings, and whoever compares tokens (deny
 * lists, replay, caches) sees different ones.
 */
function decoded(part: string): Buffer | null {
  if (!/^[A-Za-z0-9_-]+$/.test(part)) return null
  const bytes = Buffer.from(part, 'base64url')
  return bytes.toString('base64url') === part ? bytes : null
}

/** Refuses duplicate names, bad UTF-8 and depth: two readers must not see two tokens. */
function objectOf(bytes: Buffer): Readonly<Record<string, unknown>> | null {
  if (scanJson(bytes, JSON_LIMITS).kind === 'problem') return null
  const value: unknown = JSON.parse(bytes.toString('utf8'))
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  return { ...value }
}

function readHeader(header: Readonly<Record<string, unknown>>): TokenHeader | TokenFlaw {
  if (REFUSED_HEADERS.some((name) => Object.hasOwn(header, name))) return 'header-parameter'
  const { alg, kid, typ } = header
  const known = JWT_ALGORITHMS.find((name) => name === alg)
  if (known === undefined) return 'algorithm'
  if (typ !== undefined && (typeof typ !== 'string' || !TYPES.includes(typ.toLowerCase())))
    return 'type'
  if (kid === undefined) return { alg: known, kid: null }
  return typeof kid === 'string' && KID.test(kid) ? { alg: known, kid } : 'key-id'
}

function readClaims(all: Readonly<Record<string, unknown>>): TokenClaims | TokenFlaw {
  const { aud, exp, nbf, iat } = all
  const texts = ['iss', 'sub', 'azp', 'client_id', 'jti'].map((name) => textClaim(all[name]))
  const [iss, sub, azp, clientId, jti] = texts
  if (iss === null || iss === undefined) return 'issuer'
  if (sub === null || sub === undefined || azp === null || azp === undefined) return 'claims'
  if (clientId === null || clientId === undefined || jti === null || jti === undefined)
    return 'claims'
  if (iss === '' && !sub.startsWith('spiffe://')) return 'issuer'
  const audiences = typeof aud === 'string' ? [aud] : aud
  if (!isTextList(audiences) || audiences.length === 0 || audiences.length > AUDIENCES_MAX)
    return 'audience'
  const times = [exp, nbf, iat].map(secondsOf)
  const [expMs, nbfMs, iatMs] = times
  if (expMs === null || expMs === undefined) return 'time'
  if (Number.isNaN(expMs) || Number.isNaN(nbfMs ?? 0) || Number.isNaN(iatMs ?? 0)) return 'time'
  return {
    iss,
    sub,
    aud: audiences,
    azp: azp === '' ? clientId : azp,
    expMs,
    nbfMs: nbfMs ?? null,
    iatMs: iatMs ?? null,
    jti,
    all,
  }
}

/** Empty when absent, null when it is not a short text. */
function textClaim(value: unknown): string | null {
  if (value === undefined) return ''
  return typeof value === 'string' && value !== '' && value.length <= CLAIM_CHARS_MAX ? value : null
}

function isTextList(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.every((item) => typeof item === 'string' && item !== '' && item.length <= CLAIM_CHARS_MAX)
  )
}

/** Null when absent, NaN when it is no time. */
function secondsOf(value: unknown): number | null {
  if (value === undefined) return null
  if (typeof value !== 'number' || !(value > 0) || value > 1e11) return Number.NaN
  return value * 1000
}
