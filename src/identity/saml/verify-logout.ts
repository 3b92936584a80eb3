/** Judges a logout request of an identity provider that came by redirect: signed over its very query, fresh, for us. */
import { verify } from 'node:crypto'
import { inflateRawSync } from 'node:zlib'
import {
  NS,
  XmlRefused,
  attributeOf,
  childOf,
  childrenOf,
  isNamed,
  readXml,
  textOf,
  timeOf,
} from './strict-xml.ts'

const HASHES: Readonly<Record<string, string>> = {
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256': 'sha256',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512': 'sha512',
}
const INFLATED_MAX = 64 * 1024
/** Longest that a request without an end of its own counts. */
const FRESH_MS = 5 * 60 * 1000

export interface LogoutRules {
  readonly issuer: string
  readonly certificates: readonly string[]
  readonly destination: string
  readonly nowMs: number
  readonly skewMs: number
}

export interface VerifiedLogout {
  readonly id: string
  readonly subject: string
  /** Empty: every login session of the subject. */
  readonly sessionIndexes: readonly string[]
  readonly relayState: string
  readonly expiresAtMs: number
}

/** `query` as on the wire, without `?`. Throws `XmlRefused`. */
export async function verifyLogoutRequest(
  query: string,
  rules: LogoutRules,
): Promise<VerifiedLogout> {
  const raw = rawPairs(query)
  const signed = ['SAMLRequest', 'RelayState', 'SigAlg']
    .filter((name) => raw.has(name))
    .map((name) => `${name}=${raw.get(name) ?? ''}`)
    .join('&')
  const value = (name: string): string => decoded(raw.get(name) ?? '')
  const hash = HASHES[value('SigAlg')]
  const signature = Buffer.from(value('Signature'), 'base64')
  const holds =
    hash !== undefined &&
    signature.length > 0 &&
    rules.certificates.some((certificate) =>
      verify(hash, Buffer.from(signed), certificate, signature),
    )
  if (!holds) throw new XmlRefused('the signature does not hold')
  const { root } = await readXml(inflated(value('SAMLRequest')))
  if (!isNamed(root, NS.protocol, 'LogoutRequest')) throw new XmlRefused('no logout request')
  if (textOf(childOf(root, NS.assertion, 'Issuer')) !== rules.issuer)
    throw new XmlRefused('made by somebody else')
  const destination = attributeOf(root, 'Destination')
  if (destination !== '' && destination !== rules.destination)
    throw new XmlRefused('for another recipient')
  const issuedAtMs = timeOf(root, 'IssueInstant')
  if (issuedAtMs === null || issuedAtMs > rules.nowMs + rules.skewMs)
    throw new XmlRefused('made in the future')
  const expiresAtMs = (timeOf(root, 'NotOnOrAfter') ?? issuedAtMs + FRESH_MS) + rules.skewMs
  if (rules.nowMs >= expiresAtMs) throw new XmlRefused('too late')
  return {
    id: attributeOf(root, 'ID'),
    subject: textOf(childOf(root, NS.assertion, 'NameID')),
    sessionIndexes: childrenOf(root, NS.protocol, 'SessionIndex').map(textOf),
    relayState: value('RelayState'),
    expiresAtMs,
  }
}

/** What was signed is the query as it was written; a name that comes twice could be signed once and read once. */
function rawPairs(query: string): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>()
  for (const pair of query.split('&')) {
    const at = pair.indexOf('=')
    const name = at < 0 ? pair : pair.slice(0, at)
    if (pairs.has(name)) throw new XmlRefused('a field that comes twice')
    pairs.set(name, at < 0 ? '' : pair.slice(at + 1))
  }
  return pairs
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw new XmlRefused('a query that is none')
  }
}

function inflated(base64: string): string {
  try {
    const bytes = Buffer.from(base64, 'base64')
    return inflateRawSync(bytes, { maxOutputLength: INFLATED_MAX }).toString('utf8')
  } catch (error) {
    throw new XmlRefused('not deflated, or too large', { cause: error })
  }
}
