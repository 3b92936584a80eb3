/** Makes the closing facts of an exchange: how it ended, what it cost, when each thing happened. */
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import { spliced } from '../lib/spliced.ts'
import { EMPTY_USAGE } from '../model/dialect.ts'
import type { AnswerReading, AnswerView } from '../model/dialect.ts'
import type { GatewayError } from '../model/errors.ts'
import type { ClosingFacts, Outcome } from '../model/record.ts'
import type { AnswerSample } from './answer-sample.ts'
import type { ContextReader } from './conversation/context.ts'
import { addApproval, type Draft } from './facts.ts'
import { begunBytes, begunSplice } from './hold/begun-answer.ts'
import type { Exchange, Routing } from './exchange.ts'
import type { AnswerReport } from './masking/answer-masking.ts'

export interface Ending {
  /** Null where nothing was masked. */
  readonly masked: AnswerReport | null
  readonly outcome: Outcome
  readonly error: GatewayError | null
  readonly callerStatus: number | null
  readonly upstreamStatus: number | null
  readonly upstreamAddress: string | null
  readonly answerBytes: number
  readonly releasedBytes: number
  readonly firstByteMs: number | null
  readonly nowMs: number
  readonly monotonicMs: number
  readonly sample: AnswerSample
  readonly contentType: string
  readonly contentEncoding: string | null
}

/** An exchange is complete when the caller was given a whole answer, whatever it said. */
function stateOf(outcome: Outcome): ClosingFacts['state'] {
  switch (outcome) {
    case 'answered':
    case 'gateway-error':
      return 'complete'
    case 'refused':
      return 'refused'
    case 'caller-aborted':
    case 'upstream-failed':
    case 'evidence-failed':
    case 'contained':
    case 'crashed':
      return 'interrupted'
  }
}

function isRead({ surface: { kind } }: Routing, status: number | null): boolean {
  const isReadable = kind === 'generate' || kind === 'embed' || kind === 'count'
  return isReadable && status !== null && status < 300
}

/** Of bytes that are not encoded. Of a long stream, all the other streams would notice it to be read when it has ended. */
export function readingAsItComes(
  routing: Routing,
  status: number,
  contentType: string,
): AnswerReading | null {
  return isRead(routing, status)
    ? (routing.dialect.readAsItComes?.(routing.surface, contentType) ?? null)
    : null
}

export function closingFacts(
  exchange: Exchange,
  routing: Routing,
  contexts: ContextReader,
  ending: Ending,
): ClosingFacts {
  const answer = isRead(routing, ending.upstreamStatus)
    ? (ending.sample.view() ??
      routing.dialect.readAnswer(routing.surface, ending.contentType, plainSample(ending)))
    : null
  // Assigned, not spread: copying members of objects of several shapes is slow, and this is done for each exchange.
  const facts: Draft<ClosingFacts> = {
    endedAtMs: ending.nowMs,
    state: stateOf(ending.outcome),
    outcome: ending.outcome,
    errorCode: ending.error?.code ?? null,
    status: exchange.begun?.status ?? ending.callerStatus,
    upstreamStatus: ending.upstreamStatus,
    upstreamAddress: ending.upstreamAddress,
    answerBytes: ending.answerBytes,
    releasedBytes:
      ending.releasedBytes + (exchange.begun === null ? 0 : begunBytes(exchange.begun)),
    firstByteMs: ending.firstByteMs,
    durationMs: ending.monotonicMs - exchange.arrivedAt,
    finishReason: answer?.finishReason ?? null,
    responseId: answer?.responseId ?? null,
    responseModel: answer?.model ?? null,
    usage: answer?.usage ?? EMPTY_USAGE,
    answerSplices:
      exchange.begun === null
        ? (ending.masked?.splices ?? [])
        : [begunSplice(exchange.begun), ...(ending.masked?.splices ?? [])],
  }
  if (exchange.lock !== '') facts.lock = exchange.lock
  const answerDigest = shownDigest(answer, routing, contexts, ending)
  if (answerDigest !== null) facts.answerDigest = answerDigest
  addApproval(facts, exchange)
  if (exchange.answerDecision !== null) facts.decision = exchange.answerDecision
  if (ending.masked !== null) {
    facts.findings = ending.masked.findings
    facts.uninspected = ending.masked.uninspected
    if (ending.masked.keptAt.length > 0) facts.keptAt = ending.masked.keptAt
  }
  return facts
}

/** Of what the caller was shown, because that is what comes back in the next request: masks, where there were any. */
function shownDigest(
  answer: AnswerView | null,
  { dialect, surface }: Routing,
  contexts: ContextReader,
  { sample, masked, contentType, contentEncoding }: Ending,
): string | null {
  if (answer === null || !sample.isWhole()) return null
  const splices = masked?.splices ?? []
  if (splices.length === 0) return contexts.answer(answer)
  // Splices count in the bytes as they came.
  if ((contentEncoding ?? 'identity').trim().toLowerCase() !== 'identity') return null
  const shown = dialect.readAnswer(surface, contentType, spliced(sample.bytes(), splices))
  return contexts.answer(shown)
}

const PLAIN_MAX = 4 * 1024 * 1024

type Decompress = (bytes: Buffer, options: { maxOutputLength: number }) => Buffer

const DECOMPRESS: ReadonlyMap<string, Decompress> = new Map<string, Decompress>([
  ['gzip', gunzipSync],
  ['x-gzip', gunzipSync],
  ['deflate', inflateSync],
  ['br', brotliDecompressSync],
  ['zstd', zstdDecompressSync],
])

/** Usage is a convenience of the index: an answer that does not decode simply has none. */
function plainSample(ending: Ending): Buffer {
  const bytes = ending.sample.bytes()
  const decompress = DECOMPRESS.get(ending.contentEncoding?.trim().toLowerCase() ?? '')
  if (decompress === undefined) return bytes
  if (!ending.sample.isWhole()) return Buffer.alloc(0)
  try {
    return decompress(bytes, { maxOutputLength: PLAIN_MAX })
  } catch {
    return Buffer.alloc(0)
  }
}
