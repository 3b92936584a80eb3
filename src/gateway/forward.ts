/** Sends the recorded request upstream: the caller's bytes, whole or as they stream in through the recorder. */
import { fail } from '../model/errors.ts'
import type { ClosingFacts } from '../model/record.ts'
import type { Recording } from '../model/recorder.ts'
import type { Exchange, Routing } from './exchange.ts'
import type { GatewayParts } from './parts.ts'
import { Relay } from './relay.ts'

/** Resolves with the closing facts once the exchange is settled, on every path. */
export function forward(
  exchange: Exchange,
  routing: Routing,
  recording: Recording,
  parts: GatewayParts,
): Promise<ClosingFacts> {
  return new Promise((settled) => {
    const relay = new Relay(exchange, routing, recording, parts, settled)
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
      return body.bytes
    case 'streamed':
      return recordedUpload(exchange, body.begun, recording, parts)
  }
}

/** Each piece is recorded, and in the strict modes durable, before it is sent on; the provider's pace sets ours. */
async function* recordedUpload(
  exchange: Exchange,
  begun: readonly Buffer[],
  recording: Recording,
  parts: GatewayParts,
): AsyncGenerator<Buffer> {
  const { bodyBytesMax } = exchange.settings.limits
  const isLenient = exchange.route?.mode === 'best-effort'
  let total = 0
  const record = async (chunk: Buffer): Promise<void> => {
    total += chunk.length
    if (total > bodyBytesMax) throw fail('limit.body', `The limit is ${bodyBytesMax} bytes.`)
    recording.requestChunk(chunk, parts.clock.monotonicMs())
    if (!isLenient) await recording.durable()
  }
  for (const chunk of begun) {
    await record(chunk)
    yield chunk
  }
  for await (const chunk of exchange.caller.body as AsyncIterable<Buffer>) {
    await record(chunk)
    yield chunk
  }
}
