/** One recorded exchange as one JSON object: everything the record holds, bytes as base64 and, where they are text, as text. */
import { isUtf8 } from 'node:buffer'
import type { RecordedChunk, RecordedExchange } from '../evidence/reader.ts'
import { ciRunOf } from '../incident/ci-run.ts'
import { exchangeJson } from './exchange-columns.ts'
import { recordedAnswer } from '../app/recorded-answer.ts'

interface BytesJson {
  readonly bytes: number
  readonly base64: string
  /** Null when the bytes are not UTF-8. */
  readonly text: string | null
}

export function bytesJson(bytes: Buffer): BytesJson {
  return {
    bytes: bytes.length,
    base64: bytes.toString('base64'),
    text: isUtf8(bytes) ? bytes.toString('utf8') : null,
  }
}

const chunksJson = (chunks: readonly RecordedChunk[]) =>
  chunks.map(({ bytes, atMs }) => ({ atMs, base64: bytes.toString('base64') }))

/** As the API says it: nobody known is an empty name, and the run of a CI job is read from its claims and tags. */
function namedPrincipal({ principal, tags }: RecordedExchange['facts']) {
  if (principal === null) return null
  const { owner = '', actor = '', rule = '', certificate = '' } = principal
  return { ...principal, owner, actor, rule, certificate, run: ciRunOf(principal, tags) }
}

/** `body` is null when there is none or it cannot be rebuilt; `problems` says which. */
export async function exchangeDocument(exchange: RecordedExchange, holds: readonly string[] = []) {
  const { row, facts, closing, requestBody, answerHead, answerChunks } = exchange
  const answer = await recordedAnswer(exchange)
  const answerBody = Buffer.concat(answerChunks.map((chunk) => chunk.bytes))
  return {
    ...exchangeJson(row),
    holds,
    facts: { ...facts, principal: namedPrincipal(facts) },
    closing,
    request: {
      head: facts.received,
      sentHead: facts.sent,
      body: requestBody === null ? null : bytesJson(requestBody),
      blocks: exchange.requestBlocks,
      chunks: chunksJson(exchange.requestChunks),
    },
    answer: {
      head: answerHead,
      body: answerHead === null ? null : bytesJson(answerBody),
      view: answerHead === null ? null : answer.read(Buffer.concat(answer.pieces)),
      chunks: chunksJson(answerChunks),
    },
    frames: exchange.frames,
    problems: exchange.problems,
  }
}
