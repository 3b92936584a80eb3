/** Reads a request body into memory up to a limit; beyond it hands back what came and leaves the rest in the stream. */
import { inTurns, joining } from '../lib/turns.ts'
import { GatewayError, fail } from '../model/errors.ts'
import type { Caller } from './caller.ts'

export type BodyReading =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  | { readonly kind: 'overflow'; readonly begun: Buffer[] }
  | { readonly kind: 'failure'; readonly error: GatewayError }

/** `mayHold(total)` is asked before more bytes are kept; false ends the reading with `limit.memory`. */
export function readBody(
  caller: Caller,
  bytesMax: number,
  idleMs: number,
  mayHold: (total: number) => boolean,
): Promise<BodyReading> {
  const { body } = caller
  if (caller.gone) return Promise.resolve({ kind: 'failure', error: fail('request.aborted') })
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let total = 0
    const timer = setTimeout(
      () => finish({ kind: 'failure', error: fail('request.timeout') }),
      idleMs,
    )
    const detach = (): void => {
      clearTimeout(timer)
      body.off('data', onData).off('end', onEnd).off('close', onLost).off('error', onLost)
    }
    const finish = (reading: BodyReading): void => {
      detach()
      if (reading.kind !== 'whole') body.pause()
      resolve(reading)
    }
    const onData = (chunk: Buffer): void => {
      timer.refresh()
      total += chunk.length
      chunks.push(chunk)
      if (total > bytesMax) finish({ kind: 'overflow', begun: chunks })
      else if (!mayHold(total)) finish({ kind: 'failure', error: fail('limit.memory') })
    }
    const onEnd = (): void => {
      // A reset HTTP/2 stream ends its readable side like a whole one.
      if (!caller.bodyIsWhole) {
        onLost()
        return
      }
      const [first] = chunks
      if (chunks.length === 1 && first !== undefined) {
        finish({ kind: 'whole', bytes: first })
        return
      }
      const joined = inTurns(joining(chunks))
      if (!(joined instanceof Promise)) {
        finish({ kind: 'whole', bytes: joined })
        return
      }
      // A stream that ended closes; a caller who leaves meanwhile is met at the next step.
      detach()
      joined.then((bytes) => resolve({ kind: 'whole', bytes }), reject)
    }
    const onLost = (error?: Error): void =>
      finish({
        kind: 'failure',
        error: error instanceof GatewayError ? error : fail('request.aborted'),
      })
    body.on('data', onData).on('end', onEnd).on('close', onLost).on('error', onLost)
  })
}
