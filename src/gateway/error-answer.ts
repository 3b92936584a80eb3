/** Puts an error into the caller's dialect, so that its SDK shows one readable message and does not send the prompt again. */
import type { Dialect, RenderedError } from '../model/dialect.ts'
import type { GatewayError } from '../model/errors.ts'
import type { Recording } from '../model/recorder.ts'
import { statusFor } from './claude-code.ts'
import type { Exchange } from './exchange.ts'
import { headerValue, recordableHeaders } from './headers.ts'
import type { GatewayParts } from './parts.ts'
import { belowPrefix, readTarget } from './request-target.ts'

export interface ErrorAnswer {
  readonly status: number
  /** Names and values alternating. */
  readonly headers: readonly string[]
  readonly body: Buffer
}

/** Seconds; SDKs that retry by themselves wait this long. */
const RETRY_AFTER_S = '1'

/** An allowed exchange says nothing of the policy: what rules only watch must not change a byte. */
export function exchangeHeaders({ id, decision }: Exchange): string[] {
  const headers = ['x-custody-exchange', id]
  if (decision === null || decision.verdict === 'allow') return headers
  headers.push('x-custody-decision', decision.verdict, 'x-custody-rule', decision.deciding ?? '')
  return headers
}

export function renderRefusal(
  exchange: Exchange,
  parts: GatewayParts,
  error: GatewayError,
): ErrorAnswer {
  const rendered: RenderedError = speakerFor(exchange, parts).renderError(
    exchange.routing?.surface ?? null,
    {
      code: error.code,
      status: error.status,
      message: error.hint === '' ? error.message : `${error.message} ${error.hint}`,
      exchangeId: exchange.id,
    },
  )
  return {
    status: statusFor(exchange, error, rendered.status),
    headers: [
      ...Object.entries(rendered.headers).flat(),
      'content-length',
      String(rendered.body.length),
      'x-should-retry',
      String(error.retryable),
      ...(error.retryable ? ['retry-after', RETRY_AFTER_S] : []),
      ...(error.status === 426 ? ['upgrade', 'h2c'] : []),
      ...exchangeHeaders(exchange),
    ],
    body: exchange.caller.method === 'HEAD' ? Buffer.alloc(0) : rendered.body,
  }
}

export function recordRefusal(recording: Recording, answer: ErrorAnswer, atMs: number): void {
  const headers = recordableHeaders(answer.headers)
  recording.answerHead({ status: answer.status, headers }, 'gateway', atMs)
  recording.answerChunk(answer.body, atMs)
}

/** The dialect the caller most likely speaks, also when the exchange was refused before it had a route. */
function speakerFor(exchange: Exchange, parts: GatewayParts): Dialect {
  if (exchange.routing !== null) return exchange.routing.dialect
  const headers = exchange.caller.rawHeaders
  if (headerValue(headers, 'anthropic-version') !== null) return parts.dialectByName('anthropic')
  if (headerValue(headers, 'x-goog-api-key') !== null) return parts.dialectByName('gemini')
  const reading = readTarget(exchange.caller.rawTarget)
  if (reading.kind === 'target') {
    const { path, query } = reading.target
    for (const upstream of exchange.settings.upstreams) {
      if (belowPrefix(path, upstream.name) !== null) return parts.dialectByName(upstream.dialect)
    }
    const claimant = parts.claimantOf({ method: exchange.caller.method, path, query })
    if (claimant !== null) return claimant
  }
  return parts.dialectByName('openai')
}
