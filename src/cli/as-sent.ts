/** An exchange as it went out: prompt and answer with the masks that were carried out, in place of what was received. */
import type { RecordedExchange } from '../evidence/reader.ts'
import type { Splice } from '../model/record.ts'
import { replacementBytes, spliced } from '../lib/spliced.ts'
import { decodePieces } from '../app/decode-pieces.ts'
import { DECODED_BYTES_MAX, headerOf } from '../app/recorded-answer.ts'

export async function asSent(exchange: RecordedExchange): Promise<RecordedExchange> {
  return withSentAnswer(await withSentRequest(exchange))
}

async function withSentRequest(exchange: RecordedExchange): Promise<RecordedExchange> {
  const { facts, requestBody, requestBlocks } = exchange
  const splices = facts.requestSplices
  if (splices.length === 0 || requestBody === null) return exchange
  const { received } = facts
  // A masked body is sent plain, and its splices count in the decoded bytes.
  const decoded = await decodePieces(
    headerOf(received.headers, 'content-encoding'),
    [requestBody],
    DECODED_BYTES_MAX,
  )
  const headers = received.headers.filter(([name]) => name.toLowerCase() !== 'content-encoding')
  return {
    ...exchange,
    facts: { ...facts, received: { ...received, headers } },
    requestBody: spliced(Buffer.concat(decoded.pieces), splices),
    requestBlocks: requestBlocks.map((block) => ({
      ...block,
      start: moved(block.start, splices),
      end: moved(block.end, splices),
    })),
  }
}

/** What the caller was given: nothing of the provider's answer when the gateway answered in its place. */
function withSentAnswer(exchange: RecordedExchange): RecordedExchange {
  const { closing, answerChunks, answerHead } = exchange
  const [first] = answerChunks
  if (closing === null || first === undefined || answerHead?.origin === 'gateway') return exchange
  if (closing.status !== closing.upstreamStatus) return { ...exchange, answerChunks: [] }
  if (closing.answerSplices.length === 0 && closing.outcome === 'answered') return exchange
  const whole = spliced(
    Buffer.concat(answerChunks.map((chunk) => chunk.bytes)),
    closing.answerSplices,
  )
  return {
    ...exchange,
    answerChunks: [{ ...first, bytes: whole.subarray(0, closing.releasedBytes) }],
  }
}

function moved(offset: number, splices: readonly Splice[]): number {
  let by = 0
  for (const splice of splices)
    if (splice.end <= offset) by += replacementBytes(splice).length - (splice.end - splice.start)
  return offset + by
}
