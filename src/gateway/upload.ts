/** Passes a body that is not held whole from the caller through the recorder to the provider, at the pace of the slowest. */
import { GatewayError, fail } from '../model/errors.ts'
import type { Recording } from '../model/recorder.ts'
import type { Caller } from './caller.ts'
import type { Exchange } from './exchange.ts'
import type { GatewayParts } from './parts.ts'

/** Bytes recorded ahead of those sent on: one durable write then covers many pieces. */
const AHEAD_MAX = 2 * 1024 * 1024

/** Each piece is recorded, and in the strict modes durable, before it is sent on. `begun` is emptied on the way. */
export async function* recordedUpload(
  exchange: Exchange,
  begun: Buffer[],
  recording: Recording,
  parts: GatewayParts,
): AsyncGenerator<Buffer> {
  const { bodyBytesMax } = exchange.settings.limits
  const isLenient = exchange.route?.mode === 'best-effort'
  let total = 0
  const ahead = readAhead(wholeBody(exchange, begun), (chunk) => {
    total += chunk.length
    if (total > bodyBytesMax) throw fail('limit.body', `The limit is ${bodyBytesMax} bytes.`)
    recording.requestChunk(chunk, parts.clock.monotonicMs())
  })
  try {
    for (let ready = await ahead.take(); ready.length > 0; ready = await ahead.take()) {
      if (!isLenient) await recording.durable()
      for (const chunk of ready) {
        yield chunk
        ahead.passed(chunk.length)
      }
    }
  } finally {
    ahead.stop()
  }
}

async function* wholeBody(exchange: Exchange, begun: Buffer[]): AsyncGenerator<Buffer> {
  for (let chunk = begun.shift(); chunk !== undefined; chunk = begun.shift()) yield chunk
  yield* bodyChunks(exchange.caller, exchange.settings.limits.requestIdleMs)
}

interface ReadAhead {
  /** What has come since, at least one piece; empty at the end. Rejects with what ended the body too early. */
  readonly take: () => Promise<readonly Buffer[]>
  /** So many bytes make room for new ones. */
  readonly passed: (bytes: number) => void
  readonly stop: () => void
}

function readAhead(source: AsyncGenerator<Buffer>, record: (chunk: Buffer) => void): ReadAhead {
  let queue: Buffer[] = []
  let room = AHEAD_MAX
  let isOver = false
  let failure: unknown = null
  let wakeTaker = (): void => undefined
  let wakePump = (): void => undefined
  const isFull = (): boolean => room <= 0 && !isOver
  const isEmpty = (): boolean => queue.length === 0 && !isOver
  const pump = async (): Promise<void> => {
    for await (const chunk of source) {
      record(chunk)
      queue.push(chunk)
      room -= chunk.length
      wakeTaker()
      while (isFull()) {
        await new Promise<void>((resolve) => {
          wakePump = resolve
        })
      }
      if (isOver) return
    }
  }
  pump()
    .catch((error: unknown) => {
      failure = error
    })
    .finally(() => {
      isOver = true
      wakeTaker()
    })
  return {
    take: async () => {
      while (isEmpty()) {
        await new Promise<void>((resolve) => {
          wakeTaker = resolve
        })
      }
      if (queue.length === 0 && failure !== null) throw failure
      const ready = queue
      queue = []
      return ready
    },
    passed: (bytes) => {
      room += bytes
      wakePump()
    },
    stop: () => {
      isOver = true
      wakePump()
    },
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
  // A pause that we make ourselves, for the disk or the provider, is not the caller's.
  let isWaiting = false
  const idle = setTimeout(() => {
    if (isWaiting) onLost(fail('request.timeout'))
  }, idleMs)
  body.on('readable', onReadable).on('end', onEnd).on('close', onLost).on('error', onLost)
  try {
    for (;;) {
      const chunk: Buffer | null = body.read()
      if (chunk !== null) {
        yield chunk
        continue
      }
      if (hasEnded && caller.bodyIsWhole) return
      if (lost !== null) throw lost
      if (hasEnded || caller.gone) throw fail('request.aborted')
      isWaiting = true
      idle.refresh()
      await new Promise<void>((resolve) => {
        wake = resolve
      })
      isWaiting = false
    }
  } finally {
    clearTimeout(idle)
    body.off('readable', onReadable).off('end', onEnd).off('close', onLost).off('error', onLost)
  }
}
