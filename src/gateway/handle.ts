/** Runs one exchange through the pipeline; the only place of the data plane that catches what nobody expected. */
import { newExchangeId } from '../lib/ids.ts'
import { GatewayError, fail } from '../model/errors.ts'
import type { ClosingFacts } from '../model/record.ts'
import type { Caller } from './caller.ts'
import { renderRefusal } from './error-answer.ts'
import { NO_SIGHT, NO_TAGS } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { openingFacts, recordedBody, refusalFacts, requestHead } from './facts.ts'
import { forward } from './forward.ts'
import type { GatewayParts } from './parts.ts'
import { refuseOpened } from './refuse-opened.ts'
import { STEPS_BEFORE_FORWARD } from './pipeline.ts'
import type { StepResult } from './pipeline.ts'
import { isTokenRequest, serveToken } from './token-endpoint.ts'

/** Never rejects. Resolves when the exchange is settled. `refusal` stops it before the first step (an upgrade, say). */
export async function handle(
  caller: Caller,
  parts: GatewayParts,
  refusal: GatewayError | null,
): Promise<void> {
  if (refusal === null && isTokenRequest(caller)) {
    await serveToken(caller, parts)
    await delivered(caller, parts.settings().limits.idleMs)
    return
  }
  const exchange = arrive(caller, parts)
  const full = parts.admission.enter(exchange.settings.limits)
  parts.inFlight.enter(exchange)
  try {
    const stopped = refusal ?? full ?? (await runSteps(exchange, parts))
    const facts =
      stopped === null ? await relayed(exchange, parts) : await stop(exchange, parts, stopped)
    parts.observer.settled(exchange, facts)
  } catch (fault) {
    parts.observer.faulted(exchange, fault)
    await abandon(exchange, parts)
  } finally {
    parts.inFlight.leave(exchange)
    if (exchange.heldBytes > 0) parts.admission.release(exchange.heldBytes)
    await delivered(caller, exchange.settings.limits.idleMs)
    if (full === null) parts.admission.leave()
  }
}

/** An exchange is over when its answer has left this process: a drain must not cut what is still on its way. */
async function delivered(caller: Caller, idleMs: number): Promise<void> {
  const timer = setTimeout(() => caller.cut(), idleMs)
  await caller.sent()
  clearTimeout(timer)
  caller.dropBody()
}

function arrive(caller: Caller, parts: GatewayParts): Exchange {
  const receivedAtMs = parts.clock.nowMs()
  return {
    id: newExchangeId(receivedAtMs),
    receivedAtMs,
    arrivedAt: parts.clock.monotonicMs(),
    caller,
    settings: parts.settings(),
    received: requestHead(caller),
    principal: null,
    tags: NO_TAGS,
    routing: null,
    body: { kind: 'none' },
    tape: null,
    heldBytes: 0,
    route: null,
    masking: null,
    sight: NO_SIGHT,
    inspection: null,
    uninspectable: false,
    conversation: null,
    novelty: null,
    decision: null,
    answerRules: null,
    answerDecision: null,
    maskedBody: null,
    restorable: new Map(),
    held: null,
    heldBy: null,
    begun: null,
    sentSplices: null,
    sent: null,
    upstreamHeaders: [],
    opening: null,
    recording: null,
    cutBy: null,
    onCut: null,
    lock: '',
  }
}

async function runSteps(exchange: Exchange, parts: GatewayParts): Promise<StepResult> {
  try {
    for (const [, step] of STEPS_BEFORE_FORWARD) {
      const result = step(exchange, parts)
      const stopped = result instanceof Promise ? await result : result
      if (stopped !== null) return stopped
      // From the opening record on, the relay ends it.
      if (exchange.cutBy !== null && exchange.recording === null) return exchange.cutBy
    }
    return null
  } catch (error) {
    // What a room threw from the closed table is an answer; anything else is a fault.
    if (error instanceof GatewayError) return error
    throw error
  }
}

function relayed(exchange: Exchange, parts: GatewayParts): Promise<ClosingFacts> {
  const { routing, recording } = exchange
  if (routing === null || recording === null) throw fail('internal')
  exchange.tape = null
  return forward(exchange, routing, recording, parts)
}

function stop(
  exchange: Exchange,
  parts: GatewayParts,
  error: GatewayError,
): ClosingFacts | Promise<ClosingFacts> {
  const { recording } = exchange
  return recording === null
    ? refuse(exchange, parts, error)
    : refuseOpened(exchange, parts, recording, error)
}

function refuse(exchange: Exchange, parts: GatewayParts, error: GatewayError): ClosingFacts {
  const answer = renderRefusal(exchange, parts, error)
  const facts = refusalFacts(
    exchange,
    error,
    { nowMs: parts.clock.nowMs(), monotonicMs: parts.clock.monotonicMs() },
    answer.body.length,
  )
  // Threat: a stranger could fill the disk with refused bodies; they are kept only of callers that are known.
  const body = exchange.principal === null ? { kind: 'none' as const } : recordedBody(exchange)
  parts.recorder.refuse(
    { facts: openingFacts(exchange), body: body.kind === 'streamed' ? { kind: 'none' } : body },
    facts,
  )
  const { caller } = exchange
  if (!caller.gone && error.code !== 'request.aborted') {
    caller.head(answer.status, answer.headers)
    caller.end(answer.body)
  }
  return facts
}

/** After a fault of our own: the caller gets `internal` if it has had nothing, and the record is closed all the same. */
async function abandon(exchange: Exchange, parts: GatewayParts): Promise<void> {
  const { caller, recording } = exchange
  const error = fail('internal')
  const at = { nowMs: parts.clock.nowMs(), monotonicMs: parts.clock.monotonicMs() }
  try {
    const facts = refusalFacts(exchange, error, at, 0)
    if (recording === null)
      parts.recorder.refuse({ facts: openingFacts(exchange), body: { kind: 'none' } }, facts)
    else await recording.close({ ...facts, state: 'interrupted', outcome: 'upstream-failed' })
  } catch (second) {
    parts.observer.faulted(exchange, second)
  }
  if (caller.gone) return
  if (caller.answered) {
    caller.cut()
    return
  }
  const answer = renderRefusal(exchange, parts, error)
  caller.head(answer.status, answer.headers)
  caller.end(answer.body)
}
