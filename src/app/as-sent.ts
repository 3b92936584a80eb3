/** An exchange as it went out: prompt and answer with the masks that were carried out, in place of what was received. */
import type { RecordedChunk, RecordedExchange } from '../evidence/reader.ts'
import type { Splice } from '../model/record.ts'
import { replacementBytes, spliced } from '../lib/spliced.ts'
import { DECODED_BYTES_MAX, decodePieces } from './decode-pieces.ts'
import { headerOf } from './recorded-answer.ts'

export async function asSent(exchange: RecordedExchange): Promise<RecordedExchange> {
  return withSentAnswer(await withSentRequest(exchange))
}

async function withSentRequest(exchange: RecordedExchange): Promise<RecordedExchange> {
  const { facts, closing, requestBody, requestBlocks } = exchange
  const splices = closing?.sentSplices ?? facts.requestSplices
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
  if (closing === null || answerHead?.origin === 'gateway') return exchange
  if (closing.status !== closing.upstreamStatus) return { ...exchange, answerChunks: [] }
  if (closing.answerSplices.length === 0 && closing.outcome === 'answered') return exchange
  return {
    ...exchange,
    answerChunks: released(shownChunks(answerChunks, closing.answerSplices), closing.releasedBytes),
  }
}

/** A replacement was shown when the last byte that it stands for had come. */
function shownChunks(
  chunks: readonly RecordedChunk[],
  splices: readonly Splice[],
): readonly RecordedChunk[] {
  const total = chunks.reduce((sum, chunk) => sum + chunk.bytes.length, 0)
  let start = 0
  let next = 0
  return chunks.map((chunk) => {
    const end = start + chunk.bytes.length
    // What was still held when the answer ended came behind its last byte.
    const isLast = end === total
    const parts: Buffer[] = []
    let from = start
    for (; next < splices.length; next += 1) {
      const splice = splices[next]
      if (splice === undefined || (splice.start >= end && !isLast)) break
      if (splice.start > from) parts.push(chunk.bytes.subarray(from - start, splice.start - start))
      from = Math.min(Math.max(from, splice.end), end)
      if (splice.end > end) break
      parts.push(replacementBytes(splice))
    }
    parts.push(chunk.bytes.subarray(from - start))
    start = end
    return { ...chunk, bytes: Buffer.concat(parts) }
  })
}

function released(chunks: readonly RecordedChunk[], bytes: number): readonly RecordedChunk[] {
  let left = bytes
  return chunks.map((chunk) => {
    const shown = chunk.bytes.subarray(0, Math.max(0, left))
    left -= chunk.bytes.length
    return { ...chunk, bytes: shown }
  })
}

function moved(offset: number, splices: readonly Splice[]): number {
  let by = 0
  for (const splice of splices)
    if (splice.end <= offset) by += replacementBytes(splice).length - (splice.end - splice.start)
  return offset + by
}
