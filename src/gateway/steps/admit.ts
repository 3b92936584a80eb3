/** Refuses requests whose framing, host or method could be read in two ways, and those over the limits. */
import { fail } from '../../model/errors.ts'
import type { StepResult } from '../pipeline.ts'
import type { Exchange } from '../exchange.ts'
import { headerCount, headerValue } from '../headers.ts'

const METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
])
const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/
/** RFC 9110 5.5: a field value holds visible characters, space, tab and obs-text; nothing that ends a line. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const UNSAFE_VALUE = /[\u0000-\u0008\u000a-\u001f\u007f]/

export function admit(exchange: Exchange): StepResult {
  const { caller } = exchange
  const headers = caller.rawHeaders
  if (!METHODS.has(caller.method))
    return fail(
      'request.method',
      METHODS.has(caller.method.toUpperCase()) ? 'Methods are upper-case.' : '',
    )
  const named = headerValue(headers, 'host')
  const host = headerValue(headers, ':authority') ?? named
  if (host === null || !HOST.test(host)) return fail('request.bad-host')
  if (headerCount(headers, 'host') > 1) return fail('request.bad-host')
  // RFC 9113 8.3.1: `host` beside `:authority` must name the same.
  if (named !== null && named !== host) return fail('request.bad-host')
  // Threat: request smuggling (RFC 9112 6.1). The parser refuses most of it; two length headers must never reach us.
  if (headerCount(headers, 'content-length') > 1) return fail('request.bad-header')
  const coding = headerValue(headers, 'transfer-encoding')
  if (coding !== null) {
    if (headerCount(headers, 'content-length') > 0)
      return fail('request.bad-header', 'Content-Length and Transfer-Encoding exclude each other.')
    // RFC 9112 6.1: HTTP/1.0 knows no transfer codings, and no other coding than chunked is undone here.
    if (coding.toLowerCase() !== 'chunked' || headerCount(headers, 'transfer-encoding') > 1)
      return fail('request.bad-header', 'The only transfer coding is chunked.')
    if (caller.httpVersion !== '1.1')
      return fail('request.bad-header', 'Transfer-Encoding needs HTTP/1.1.')
  }
  for (let i = 1; i < headers.length; i += 2) {
    if (UNSAFE_VALUE.test(headers[i] ?? '')) return fail('request.bad-header')
  }
  if (headerCount(headers, 'authorization') > 1) return fail('identity.conflicting')
  return null
}
