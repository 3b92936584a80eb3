/** Decides what headers pass in each direction: credentials, cookies, hop-by-hop and forged forwarding headers do not. */
import type { HeaderList } from '../model/record.ts'
import { REMOVED } from '../model/record.ts'

/** RFC 9110 7.6.1 and the older RFC 2616 13.5.1: meant for one connection only. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
])

/** Every place a caller may put a credential. None of them ever leaves the gateway or enters a record. */
const CREDENTIALS: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'x-api-key',
  'x-goog-api-key',
  'api-key',
  'cookie',
  'cookie2',
  'x-amz-security-token',
  'x-goog-iam-authorization-token',
  'anthropic-admin-api-key',
])

/** SigV4 headers of the caller sign a request that is not the one we send; the gateway signs its own. */
const CALLER_SIGNATURE: ReadonlySet<string> = new Set([
  'x-amz-date',
  'x-amz-content-sha256',
  'amz-sdk-invocation-id',
  'amz-sdk-request',
])

/** A caller could claim another address, host, path or method with these; behind us nobody may believe them. */
const FORWARDING: ReadonlySet<string> = new Set([
  'forwarded',
  'x-host',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-rewrite-url',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'true-client-ip',
  'cf-connecting-ip',
  'fastly-client-ip',
  'via',
  // RFC 9440 and its forerunners: a certificate counts only where TLS verified it here.
  'client-cert',
  'client-cert-chain',
  'x-client-cert',
  'x-ssl-cert',
  'ssl-client-cert',
  'x-arr-clientcert',
])
const FORWARDING_PREFIXES = ['x-forwarded', 'x-original-', 'x-ssl-client-', 'x-amzn-mtls-']

/** Framing is made anew for the connection to the provider; `expect` was answered by this server. */
const FRAMING: ReadonlySet<string> = new Set(['host', 'content-length', 'expect'])

const SECRET_ANSWER_HEADERS: ReadonlySet<string> = new Set(['set-cookie', 'set-cookie2'])

const OWN_PREFIX = 'x-custody-'

const SECRET_QUERY: ReadonlySet<string> = new Set([
  'key',
  'api_key',
  'api-key',
  'access_token',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-credential',
])

/** What is known of a header by its name alone. */
interface NameFacts {
  readonly lower: string
  /** Threat: servers behind CGI-like interfaces read `x_api_key` as `x-api-key`, so the two are one name here. */
  readonly comparable: string
  /** Never sent on, whoever receives the request. */
  readonly isDropped: boolean
  readonly isSecret: boolean
}

function factsOf(name: string): NameFacts {
  const lower = name.toLowerCase()
  const comparable = lower.includes('_') ? lower.replaceAll('_', '-') : lower
  return {
    lower,
    comparable,
    isDropped:
      comparable.startsWith(':') ||
      comparable.startsWith(OWN_PREFIX) ||
      FORWARDING_PREFIXES.some((prefix) => comparable.startsWith(prefix)) ||
      HOP_BY_HOP.has(comparable) ||
      CREDENTIALS.has(comparable) ||
      FORWARDING.has(comparable) ||
      FRAMING.has(comparable),
    isSecret: CREDENTIALS.has(comparable) || SECRET_ANSWER_HEADERS.has(comparable),
  }
}

/** By the name as it is spelled: each exchange asks about some sixty, and they are always the same. */
const known = new Map<string, NameFacts>()
/** Threat: callers choose names; what they make up must not fill the memory. */
const KNOWN_MAX = 1024
const KNOWN_CHARS_MAX = 64

function nameFacts(name: string): NameFacts {
  const found = known.get(name)
  if (found !== undefined) return found
  const facts = factsOf(name)
  if (name.length > KNOWN_CHARS_MAX) return facts
  if (known.size >= KNOWN_MAX) known.clear()
  known.set(name, facts)
  return facts
}

/**
 * Threat: a key in the wrong header (`X-Auth: cst_…`) or in the path would reach the provider and the record. What this
 * gateway hands out (gateway keys, API tokens, login links and sessions) is recognised by its shape wherever it stands.
 */
const OWN_SECRET = /c(?:st|pt|ll|ls)_[0-9A-Za-z]{20,}/g
const OWN_SECRET_LENGTH_MIN = 24

function holdsOwnSecret(value: string): boolean {
  return value.length >= OWN_SECRET_LENGTH_MIN && value.search(OWN_SECRET) !== -1
}

/** Header names in the `Connection` header: they are hop-by-hop too and go before anything is rewritten (RFC 9110 7.6.1). */
function connectionListed(flat: readonly string[]): ReadonlySet<string> | null {
  let listed: Set<string> | null = null
  for (let i = 0; i + 1 < flat.length; i += 2) {
    if (nameFacts(flat[i] ?? '').lower !== 'connection') continue
    const value = flat[i + 1] ?? ''
    if (value === 'keep-alive') continue
    for (const token of value.split(',')) {
      const name = token.trim().toLowerCase()
      // Threat: `Connection: authorization` must not be a way to drop the header that identifies or frames a request.
      if (name === '' || name === 'close' || name === 'keep-alive' || FRAMING.has(name)) continue
      listed ??= new Set()
      listed.add(name)
    }
  }
  return listed
}

/**
 * The headers to send to the provider, in the caller's order and spelling, as a flat list.
 * `dropBetas` lists values to take out of `anthropic-beta` for upstreams that refuse unknown ones.
 */
export function headersForUpstream(
  flat: readonly string[],
  options: { readonly dropBetas: readonly string[]; readonly signs: boolean },
): string[] {
  const listed = connectionListed(flat)
  const out: string[] = []
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = flat[i] ?? ''
    const value = flat[i + 1] ?? ''
    const { comparable, isDropped } = nameFacts(name)
    if (isDropped || listed?.has(comparable) === true || holdsOwnSecret(value)) continue
    if (options.signs && CALLER_SIGNATURE.has(comparable)) continue
    if (comparable === 'anthropic-beta' && options.dropBetas.length > 0) {
      const kept = value
        .split(',')
        .map((beta) => beta.trim())
        .filter((beta) => beta !== '' && !options.dropBetas.includes(beta))
      if (kept.length > 0) out.push(name, kept.join(','))
      continue
    }
    out.push(name, value)
  }
  return out
}

/** The headers to give to the caller: as the provider sent them, without what belongs to that connection. */
export function headersForCaller(flat: readonly string[]): string[] {
  const listed = connectionListed(flat)
  const out: string[] = []
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = flat[i] ?? ''
    const { lower } = nameFacts(name)
    if (HOP_BY_HOP.has(lower) || listed?.has(lower) === true || lower.startsWith(OWN_PREFIX))
      continue
    out.push(name, flat[i + 1] ?? '')
  }
  return out
}

const NONE_MORE: ReadonlySet<string> = new Set()

/**
 * The header list as evidence keeps it: same order and spelling, secret values replaced. `alsoSecret` holds the
 * lower-case names of headers in which the operator put secrets.
 */
export function recordableHeaders(
  flat: readonly string[],
  alsoSecret: ReadonlySet<string> = NONE_MORE,
): HeaderList {
  const out: [string, string][] = []
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = flat[i] ?? ''
    const { comparable, isSecret } = nameFacts(name)
    const value = flat[i + 1] ?? ''
    const secret = isSecret || alsoSecret.has(comparable) || holdsOwnSecret(value)
    out.push([name, secret ? REMOVED : value])
  }
  return out
}

/** Path and query as evidence keeps them: secret query values replaced, everything else byte for byte. */
export function recordableTarget(target: string): string {
  const at = target.indexOf('?')
  const shown = at === -1 ? target : target.slice(0, at) + mapSecretQuery(target.slice(at), REMOVED)
  return shown.replaceAll(OWN_SECRET, REMOVED)
}

/** The query without any credential of the caller (Gemini clients may send `?key=`). */
export function queryForUpstream(query: string): string {
  return query === '' ? '' : mapSecretQuery(query, null)
}

function mapSecretQuery(query: string, replacement: string | null): string {
  const parts: string[] = []
  for (const part of query.slice(1).split('&')) {
    if (replacement === null && holdsOwnSecret(part)) continue
    const equals = part.indexOf('=')
    const name = equals === -1 ? part : part.slice(0, equals)
    if (!SECRET_QUERY.has(decoded(name).toLowerCase())) parts.push(part)
    else if (replacement !== null) parts.push(`${name}=${replacement}`)
  }
  return parts.length === 0 ? '' : `?${parts.join('&')}`
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** First value of a header, or null. `name` is lower-case. */
export function headerValue(flat: readonly string[], name: string): string | null {
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const candidate = flat[i] ?? ''
    if (candidate.length === name.length && candidate.toLowerCase() === name)
      return flat[i + 1] ?? ''
  }
  return null
}

/** All values of a list header as one (RFC 9110 5.2), or null. `name` is lower-case. */
export function headerList(flat: readonly string[], name: string): string | null {
  let list: string | null = null
  for (let i = 0; i + 1 < flat.length; i += 2) {
    if (flat[i]?.length !== name.length || flat[i]?.toLowerCase() !== name) continue
    list = list === null ? (flat[i + 1] ?? '') : `${list}, ${flat[i + 1] ?? ''}`
  }
  return list
}

/** How often a header occurs. `name` is lower-case. */
export function headerCount(flat: readonly string[], name: string): number {
  let count = 0
  for (let i = 0; i + 1 < flat.length; i += 2)
    if (flat[i]?.length === name.length && flat[i]?.toLowerCase() === name) count += 1
  return count
}
