/** Answers an exchange that stops behind its opening record, before anything was sent: the close record first, then the caller. */
import { fail } from '../model/errors.ts'
import type { GatewayError } from '../model/errors.ts'
import type { ClosingFacts } from '../model/record.ts'
import type { Recording } from '../model/recorder.ts'
import { renderRefusal } from './error-answer.ts'
import type { ErrorAnswer } from './error-answer.ts'
import type { Exchange } from './exchange.ts'
import { refusalFacts } from './facts.ts'
import { recordableHeaders } from './headers.ts'
import type { GatewayParts } from './parts.ts'

export async function refuseOpened(
  exchange: Exchange,
  parts: GatewayParts,
  recording: Recording,
  error: GatewayError,
): Promise<ClosingFacts> {
  const isAborted = error.code === 'request.aborted' || exchange.caller.gone
  const answer = renderRefusal(exchange, parts, error)
  const at = { nowMs: parts.clock.nowMs(), monotonicMs: parts.clock.monotonicMs() }
  const facts = refusalFacts(exchange, error, at, isAborted ? 0 : answer.body.length)
  if (!isAborted) {
    const head = { status: answer.status, headers: recordableHeaders(answer.headers) }
    recording.answerHead(head, 'gateway', at.monotonicMs)
    recording.answerChunk(answer.body, at.monotonicMs)
  }
  const closed = recording.close(facts)
  if (exchange.route?.mode === 'best-effort') closed.catch(() => undefined)
  else {
    try {
      await closed
    } catch (cause) {
      const failed = fail('evidence.failed', '', cause)
      deliver(exchange, renderRefusal(exchange, parts, failed))
      return { ...facts, state: 'interrupted', outcome: 'evidence-failed', errorCode: failed.code }
    }
  }
  if (!isAborted) deliver(exchange, answer)
  return facts
}

function deliver({ caller }: Exchange, answer: ErrorAnswer): void {
  if (caller.gone) return
  caller.head(answer.status, answer.headers)
  caller.end(answer.body)
}
