/** Sends the recorded request upstream: the caller's bytes, whole or as they stream in through the recorder. */
import { rememberSent } from './conversation/conversation.ts'
import type { ClosingFacts } from '../model/record.ts'
import type { Recording } from '../model/recorder.ts'
import type { Exchange, Routing } from './exchange.ts'
import type { GatewayParts } from './parts.ts'
import { Relay } from './relay.ts'
import { recordedUpload } from './upload.ts'

/** Resolves with the closing facts once the exchange is settled, on every path; rejects only for a fault of our own. */
export function forward(
  exchange: Exchange,
  routing: Routing,
  recording: Recording,
  parts: GatewayParts,
): Promise<ClosingFacts> {
  // Only here: what people refused was never sent, and is as new as before when it comes again.
  rememberSent(parts.conversations, exchange)
  return new Promise((settled, faulted) => {
    const relay = new Relay(exchange, routing, recording, parts, { settled, faulted })
    if (exchange.cutBy !== null) {
      relay.cut(exchange.cutBy)
      return
    }
    exchange.onCut = (error) => relay.cut(error)
    relay.call = parts.upstreams.send(
      routing.upstream,
      {
        method: exchange.caller.method,
        origin: routing.origin,
        path: routing.path,
        headers: exchange.upstreamHeaders,
        body: upstreamBody(exchange, recording, parts),
      },
      exchange.settings.limits,
      relay,
    )
  })
}

function upstreamBody(
  exchange: Exchange,
  recording: Recording,
  parts: GatewayParts,
): Buffer | AsyncIterable<Buffer> | null {
  const { body } = exchange
  switch (body.kind) {
    case 'none':
      return null
    case 'whole':
      return exchange.maskedBody ?? body.bytes
    case 'streamed':
      return recordedUpload(exchange, body.begun, recording, parts)
  }
}
