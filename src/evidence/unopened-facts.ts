/** Says how an exchange ended whose opening was not durable in time. */
import { EMPTY_USAGE } from '../model/dialect.ts'
import type { ClosingFacts, OpeningFacts } from '../model/record.ts'

/** The end of an exchange whose opening came too late: refused, or (best effort) gone on without a recording. */
export function unopenedFacts(facts: OpeningFacts, nowMs: number): ClosingFacts {
  const goesOn = facts.mode === 'best-effort'
  return {
    endedAtMs: nowMs,
    state: goesOn ? 'interrupted' : 'refused',
    outcome: goesOn ? 'evidence-failed' : 'refused',
    errorCode: goesOn ? 'evidence.failed' : 'evidence.unavailable',
    status: goesOn ? null : 503,
    upstreamStatus: null,
    upstreamAddress: null,
    answerBytes: 0,
    releasedBytes: 0,
    firstByteMs: null,
    durationMs: Math.max(0, nowMs - facts.receivedAtMs),
    finishReason: null,
    responseId: null,
    responseModel: null,
    usage: EMPTY_USAGE,
    answerSplices: [],
  }
}
