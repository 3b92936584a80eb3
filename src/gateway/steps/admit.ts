/** First step: refuses requests whose framing, host or method could be read in two ways, and those over the limits. */
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
      `${METHODS.has(caller.method.toUpperCase()) ? 'Methods are upper-case.' : ''}`,
    )
  const host =
    headerValue(headers, caller.httpVersion === '2' ? ':authority' : 'host') ??
    headerValue(headers, 'host')
  if (host === null || !HOST.test(host)) return fail('request.bad-host')
  if (headerCount(headers, 'host') > 1) return fail('request.bad-host')
  // Threat: request smuggling (RFC 9112 6.1). The parser refuses most of it; two length headers must never reach us.
  if (headerCount(headers, 'content-length') > 1) return fail('request.bad-header')
  if (headerCount(headers, 'transfer-encoding') > 0 && headerCount(headers, 'content-length') > 0) {
    return fail('request.bad-header', 'Content-Length and Transfer-Encoding exclude each other.')
  }
  for (let i = 1; i < headers.length; i += 2) {
    if (UNSAFE_VALUE.test(headers[i] ?? '')) return fail('request.bad-header')
  }
  if (headerCount(headers, 'authorization') > 1) return fail('identity.conflicting')
  return null
}
