/** Passes a body that is not held whole from the caller through the recorder to the provider, at the pace of the slowest. */
import { GatewayError, fail } from '../model/errors.ts'
import type { Recording } from '../model/recorder.ts'
import type { Caller } from './caller.ts'
import type { Exchange } from './exchange.ts'
import type { GatewayParts } from './parts.ts'

/** Each piece is recorded, and in the strict modes durable, before it is sent on. `begun` is emptied on the way. */
export async function* recordedUpload(
  exchange: Exchange,
  begun: Buffer[],
  recording: Recording,
  parts: GatewayParts,
): AsyncGenerator<Buffer> {
  const { bodyBytesMax, requestIdleMs } = exchange.settings.limits
  const isLenient = exchange.route?.mode === 'best-effort'
  let total = 0
  const record = async (chunk: Buffer): Promise<void> => {
    total += chunk.length
    if (total > bodyBytesMax) throw fail('limit.body', `The limit is ${bodyBytesMax} bytes.`)
    recording.requestChunk(chunk, parts.clock.monotonicMs())
    if (!isLenient) await recording.durable()
  }
  for (let chunk = begun.shift(); chunk !== undefined; chunk = begun.shift()) {
    await record(chunk)
    yield chunk
  }
  for await (const chunk of bodyChunks(exchange.caller, requestIdleMs)) {
    await record(chunk)
    yield chunk
  }
}

/**
 * The body piece by piece. Unlike the stream's own iterator it leaves the connection alone when it is given up, so that the
 * caller can still be answered; and it fails where that one ends in silence (an HTTP/2 stream that was reset).
 */
async function* bodyChunks(caller: Caller, idleMs: number): AsyncGenerator<Buffer> {
  const { body } = caller
  let wake = (): void => undefined
  let hasEnded = false
  let lost: GatewayError | null = null
  const onReadable = (): void => wake()
  const onEnd = (): void => {
    hasEnded = true
    wake()
  }
  const onLost = (error?: Error): void => {
    lost ??= error instanceof GatewayError ? error : fail('request.aborted')
    wake()
  }
  const idle = setTimeout(() => onLost(fail('request.timeout')), idleMs)
  body.on('readable', onReadable).on('end', onEnd).on('close', onLost).on('error', onLost)
  try {
    for (;;) {
      const chunk: Buffer | null = body.read()
      if (chunk !== null) {
        yield chunk
        idle.refresh()
        continue
      }
      if (hasEnded && caller.bodyIsWhole) return
      if (lost !== null) throw lost
      if (hasEnded || caller.gone) throw fail('request.aborted')
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  } finally {
    clearTimeout(idle)
    body.off('readable', onReadable).off('end', onEnd).off('close', onLost).off('error', onLost)
  }
}
