/** Reads an exchange of the data folder into what is shown of it. */
import { isUtf8 } from 'node:buffer'
import { DECODED_BYTES_MAX, decodePieces } from '../app/decode-pieces.ts'
import { headerOf, recordedAnswer } from '../app/recorded-answer.ts'
import type { RecordedExchange } from '../evidence/reader.ts'
import { blockParts } from '../incident/block-parts.ts'
import { linkedHere } from './exchange-columns.ts'
import type { ShownAnswer, ShownExchange, ShownHead, ShownRequest } from './shown-exchange.ts'

export async function recordedShown(
  exchange: RecordedExchange,
  holds: readonly string[] = [],
): Promise<ShownExchange> {
  return {
    head: { ...recordedHead(exchange), holds },
    request: await recordedRequest(exchange),
    answer: exchange.answerHead === null ? 'none' : await shownAnswer(exchange),
  }
}

function recordedHead({ facts, closing, row }: RecordedExchange): Omit<ShownHead, 'holds'> {
  return {
    ...facts,
    state: row.state,
    declared: facts.tags,
    links: { ...facts.links },
    linked: linkedHere(row),
    waited: closing?.approval ?? null,
    closing,
  }
}

async function recordedRequest(exchange: RecordedExchange): Promise<ShownRequest> {
  const { requestBody, requestBlocks, facts, row } = exchange
  if (requestBody === null) return { kind: row.requestBytes === 0 ? 'none' : 'unreadable' }
  const bytes = requestBody.length
  // A body that nothing could be read from is recorded as one block.
  if (requestBlocks.length === 0 || requestBlocks[0]?.end === bytes) {
    const encoding = headerOf(facts.received.headers, 'content-encoding')
    const body = Buffer.concat(
      (await decodePieces(encoding, [requestBody], DECODED_BYTES_MAX)).pieces,
    )
    return { kind: 'opaque', bytes, text: isUtf8(body) ? body.toString('utf8') : null }
  }
  const blocks = requestBlocks.map(({ start, end, role }) => ({
    role,
    bytes: end - start,
    parts: blockParts(requestBody.subarray(start, end), role),
  }))
  return { kind: 'blocks', bytes, blocks }
}

async function shownAnswer(exchange: RecordedExchange): Promise<ShownAnswer | 'none'> {
  const { answerHead, answerChunks } = exchange
  if (answerHead === null) return 'none'
  const answer = await recordedAnswer(exchange)
  const body = Buffer.concat(answer.pieces)
  return {
    status: answerHead.status,
    origin: answerHead.origin,
    contentType: answer.contentType,
    bytes: answerChunks.reduce((sum, chunk) => sum + chunk.bytes.length, 0),
    chunks: answerChunks.length,
    problem: answer.problem,
    view: answer.read(body),
    body: () => Promise.resolve(body),
  }
}
