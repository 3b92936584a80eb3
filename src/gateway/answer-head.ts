/** The head of an answer as its caller gets it: nothing in it leads past the gateway. */
import { exchangeHeaders } from './error-answer.ts'
import type { Exchange, Routing } from './exchange.ts'
import { headersForCaller, headerValue } from './headers.ts'

/** Google's resumable uploads: whoever has the address sends the file there, and needs no credential. */
const UPLOAD_ADDRESSES: ReadonlySet<string> = new Set([
  'x-goog-upload-url',
  'x-goog-upload-control-url',
])
const UPLOAD_PATH = '/upload/'

export function answerHead(
  flatHeaders: readonly string[],
  exchange: Exchange,
  routing: Routing,
): readonly string[] {
  const head = headersForCaller(flatHeaders)
  const safe =
    routing.surface.name === 'gemini.upload' ? uploadsThroughHere(head, exchange, routing) : head
  return [...safe, ...exchangeHeaders(exchange)]
}

/** An address elsewhere is left out: an upload that this gateway cannot record does not begin. */
function uploadsThroughHere(
  head: readonly string[],
  exchange: Exchange,
  routing: Routing,
): readonly string[] {
  const out: string[] = []
  for (let i = 0; i + 1 < head.length; i += 2) {
    const name = head[i] ?? ''
    const value = head[i + 1] ?? ''
    const isAddress = UPLOAD_ADDRESSES.has(name.toLowerCase())
    const shown = isAddress ? throughHere(value, exchange, routing) : value
    if (shown !== null) out.push(name, shown)
  }
  return out
}

/** The same upload by the way this request came; null when it leads elsewhere. */
function throughHere(address: string, exchange: Exchange, routing: Routing): string | null {
  const { rawHeaders, rawTarget } = exchange.caller
  const url = URL.parse(address)
  const host = headerValue(rawHeaders, 'host') ?? headerValue(rawHeaders, ':authority')
  if (url === null || url.origin !== URL.parse(routing.origin)?.origin || host === null) return null
  const [path = ''] = rawTarget.split('?')
  const here = path.indexOf(UPLOAD_PATH)
  const there = url.pathname.indexOf(UPLOAD_PATH)
  if (here < 0 || there < 0) return null
  // Said by a proxy in front or by the caller; it decides only what this caller itself is told.
  const isHttps =
    exchange.settings.servesTls || headerValue(rawHeaders, 'x-forwarded-proto') === 'https'
  const origin = `${isHttps ? 'https' : 'http'}://${host}`
  return `${origin}${path.slice(0, here)}${url.pathname.slice(there)}${url.search}`
}
