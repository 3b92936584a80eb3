/** Makes the opening record durable. No record, no forward. */
import { GatewayError, fail } from '../../model/errors.ts'
import type { Exchange } from '../exchange.ts'
import { openingFacts, recordedBody } from '../facts.ts'
import { recordableHeaders, recordableTarget } from '../headers.ts'
import type { GatewayParts } from '../parts.ts'
import type { StepResult } from '../pipeline.ts'
import { secretHeaders, upstreamHeaders } from '../upstream-headers.ts'

export async function open(exchange: Exchange, parts: GatewayParts): Promise<StepResult> {
  const { routing, caller } = exchange
  if (routing === null) return fail('internal')
  const headers = upstreamHeaders(exchange, routing)
  exchange.upstreamHeaders = headers instanceof Promise ? await headers : headers
  exchange.sent = {
    method: caller.method,
    target: recordableTarget(routing.path),
    httpVersion: '1.1',
    headers: recordableHeaders(
      ['host', routing.origin.slice(routing.origin.indexOf('//') + 2), ...exchange.upstreamHeaders],
      secretHeaders(routing),
    ),
  }
  if (caller.gone) return fail('request.aborted')
  const facts = openingFacts(exchange)
  exchange.opening = facts
  try {
    exchange.recording = await parts.recorder.open({
      facts,
      body: recordedBody(exchange),
    })
    return null
  } catch (error) {
    return error instanceof GatewayError ? error : fail('evidence.unavailable', '', error)
  }
}
