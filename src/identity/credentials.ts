/** Finds the credentials of a request in the places where clients put them; decides nothing about who they belong to. */
import type { HeaderList } from '../model/record.ts'
import { looksLikeGatewayKey } from './gateway-key.ts'
import { EXCHANGED_PREFIX } from './exchange/exchanged-token-authenticator.ts'

export type FoundCredentials =
  /** Distinct, in wire order. A gateway key stands alone: other credentials beside it do not count. */
  | { readonly kind: 'credentials'; readonly credentials: readonly string[] }
  | { readonly kind: 'none' }
  /** Two different gateway keys: nobody can say which one the caller meant. */
  | { readonly kind: 'conflicting' }
  /** An Authorization header in a scheme or shape that is not ours. */
  | { readonly kind: 'malformed' }
  /** Only an AWS signature, no gateway key as its session token: it proves knowledge of a secret that this gateway does not share. */
  | { readonly kind: 'sigv4'; readonly accessKeyId: string }

const SESSION_TOKEN = 'x-amz-security-token'
const BEARER = /^bearer(?:[ \t]+(\S+))?$/i
const SIGV4 = /^AWS4-[A-Z0-9-]+[ \t].*?Credential=([A-Za-z0-9]{1,128})\//

/**
 * `headers` as received: names and values in turn, as in Node's `rawHeaders`, or pairs. `query` with or without `?`.
 * Empty values count as absent: SDKs without a key send them.
 */
export function findCredentials(
  headers: readonly string[] | HeaderList,
  query: string,
): FoundCredentials {
  const found = new Set<string>()
  let other: FoundCredentials = { kind: 'none' }
  const take = (name: string, value: string): void => {
    if (!isCredentialHeader(name)) return
    const text = value.trim()
    if (text === '') return
    // Clients that can only sign carry a gateway key as their session token; one of AWS is no business of ours.
    if (name.length === SESSION_TOKEN.length && !looksLikeGatewayKey(text)) return
    if (name.length !== 'authorization'.length) {
      found.add(text)
      return
    }
    const bearer = BEARER.exec(text)
    if (bearer === null) other = notBearer(text, other)
    else if (bearer[1] !== undefined) found.add(bearer[1])
  }
  visit(headers, take)
  for (const key of queryKeys(query)) found.add(key)
  if (found.size === 0) return other
  const credentials = [...found]
  const gatewayKeys = credentials.filter(isOurs)
  if (gatewayKeys.length > 1) return { kind: 'conflicting' }
  return { kind: 'credentials', credentials: gatewayKeys.length === 1 ? gatewayKeys : credentials }
}

/** Keys and tokens that this gateway made itself. */
function isOurs(text: string): boolean {
  return looksLikeGatewayKey(text) || text.startsWith(EXCHANGED_PREFIX)
}

/** Most headers are told apart by the length of their name alone. */
function isCredentialHeader(name: string): boolean {
  switch (name.length) {
    case 7:
      return name.toLowerCase() === 'api-key'
    case 9:
      return name.toLowerCase() === 'x-api-key'
    case 13:
      return name.toLowerCase() === 'authorization'
    case 14:
      return name.toLowerCase() === 'x-goog-api-key'
    case SESSION_TOKEN.length:
      return name.toLowerCase() === SESSION_TOKEN
    default:
      return false
  }
}

function notBearer(text: string, before: FoundCredentials): FoundCredentials {
  const accessKeyId = SIGV4.exec(text)?.[1]
  if (accessKeyId === undefined || before.kind === 'malformed') return { kind: 'malformed' }
  return { kind: 'sigv4', accessKeyId }
}

function queryKeys(query: string): readonly string[] {
  if (query.length < 2) return []
  return new URLSearchParams(query).getAll('key').filter((key) => key !== '')
}

function visit(
  headers: readonly string[] | HeaderList,
  take: (name: string, value: string) => void,
): void {
  for (let i = 0; i < headers.length; i += 1) {
    const item = headers[i]
    if (item === undefined) return
    if (typeof item !== 'string') {
      take(item[0], item[1])
      continue
    }
    i += 1
    const value = headers[i]
    if (typeof value === 'string') take(item, value)
  }
}
