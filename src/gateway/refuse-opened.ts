/** Answers an exchange that stops behind its opening record, before anything was sent: the close record first, then the caller. */
import { fail } from '../model/errors.ts'
import type { GatewayError } from '../model/errors.ts'
import type { ClosingFacts } from '../model/record.ts'
import type { Recording } from '../model/recorder.ts'
import { recordRefusal, renderRefusal } from './error-answer.ts'
import type { Exchange } from './exchange.ts'
import { refusalFacts } from './facts.ts'
import { begunBytes, endOfBegun, recordBegun } from './hold/begun-answer.ts'
import type { GatewayParts } from './parts.ts'

export async function refuseOpened(
  exchange: Exchange,
  parts: GatewayParts,
  recording: Recording,
  error: GatewayError,
): Promise<ClosingFacts> {
  const isAborted = error.code === 'request.aborted' || exchange.caller.gone
  const refusal = refusalOf(exchange, parts, error)
  const at = { nowMs: parts.clock.nowMs(), monotonicMs: parts.clock.monotonicMs() }
  const bytes = isAborted ? refusal.begunBytes : refusal.bytes
  const facts = refusalFacts(exchange, error, at, bytes, refusal.status)
  refusal.record(recording, isAborted, at.monotonicMs)
  const closed = recording.close(facts)
  if (exchange.route?.mode === 'best-effort') closed.catch(() => undefined)
  else {
    try {
      await closed
    } catch (cause) {
      const failed = fail('evidence.failed', '', cause)
      if (!exchange.caller.gone) refusalOf(exchange, parts, failed).deliver()
      return { ...facts, state: 'interrupted', outcome: 'evidence-failed', errorCode: failed.code }
    }
  }
  if (!isAborted && !exchange.caller.gone) refusal.deliver()
  return facts
}

interface Refusal {
  readonly status: number
  /** In all, and of what the caller has had before. */
  readonly bytes: number
  readonly begunBytes: number
  readonly record: (recording: Recording, isAborted: boolean, atMs: number) => void
  readonly deliver: () => void
}

function refusalOf(exchange: Exchange, parts: GatewayParts, error: GatewayError): Refusal {
  const { begun, caller } = exchange
  if (begun !== null) {
    const last = endOfBegun(exchange, error)
    return {
      status: begun.status,
      bytes: begunBytes(begun) + (last?.length ?? 0),
      begunBytes: begunBytes(begun),
      record: (recording, isAborted, atMs) =>
        recordBegun(recording, exchange, isAborted ? null : error, atMs),
      deliver: () => (last === null ? caller.cut() : caller.end(last)),
    }
  }
  const answer = renderRefusal(exchange, parts, error)
  return {
    status: error.status,
    bytes: answer.body.length,
    begunBytes: 0,
    record: (recording, isAborted, atMs) => {
      if (!isAborted) recordRefusal(recording, answer, atMs)
    },
    deliver: () => {
      caller.head(answer.status, answer.headers)
      caller.end(answer.body)
    },
  }
}
