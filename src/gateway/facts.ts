/** Turns what the pipeline knows of an exchange into the facts that evidence keeps. */
import { tagsOf } from '../model/decision.ts'
import { EMPTY_USAGE } from '../model/dialect.ts'
import type { ClosingFacts, OpeningFacts, Outcome, RequestHead } from '../model/record.ts'
import type { RecordedBody } from '../model/recorder.ts'
import type { Exchange } from './exchange.ts'
import { isStreamAsked, modelOf, viewOf } from './exchange.ts'
import { recordableHeaders, recordableTarget } from './headers.ts'
import type { Caller } from './caller.ts'
import type { GatewayError } from '../model/errors.ts'

/** Facts while they are put together. */
export type Draft<Facts> = { -readonly [Member in keyof Facts]: Facts[Member] }

export function requestHead(caller: Caller): RequestHead {
  return {
    method: caller.method,
    target: recordableTarget(caller.rawTarget),
    httpVersion: caller.httpVersion,
    headers: recordableHeaders(caller.rawHeaders),
  }
}

export function openingFacts(exchange: Exchange): OpeningFacts {
  const { routing, route } = exchange
  const view = viewOf(exchange)
  // Assigned, not spread: copying members of objects of several shapes is slow, and this is done for each exchange.
  const facts: Draft<OpeningFacts> = {
    id: exchange.id,
    receivedAtMs: exchange.receivedAtMs,
    principal: exchange.principal,
    tags: exchange.tags,
    remoteAddress: exchange.caller.remoteAddress,
    upstream: routing?.upstream.name ?? '',
    dialect: routing?.dialect.name ?? null,
    surface: routing?.surface.name ?? '',
    route: route?.name ?? '',
    mode: route?.mode ?? 'strict',
    retentionClass: retentionClassOf(exchange),
    model: modelOf(exchange),
    stream: isStreamAsked(exchange),
    toolNames: view?.toolNames ?? [],
    links: view?.links ?? {},
    received: exchange.received,
    sent: exchange.sent,
    requestSplices: exchange.maskedBody === null ? [] : (exchange.inspection?.splices ?? []),
    policy: exchange.masking?.version ?? '',
  }
  const { inspection, decision, novelty, conversation } = exchange
  if (inspection !== null) {
    facts.findings = inspection.findings
    facts.uninspected = inspection.uninspected
  }
  if (decision !== null) facts.decision = decision
  if (novelty !== null) facts.novelty = { blocks: novelty.newBlocks, bytes: novelty.newBytes }
  const reading = conversation?.reading ?? null
  if (reading !== null) facts.context = reading.links
  return facts
}

/** What policy calls an exchange goes before where it went. */
function retentionClassOf({ settings, decision, route }: Exchange): string {
  const byTag = decision === null ? null : settings.retentionClassFor(tagsOf(decision))
  return byTag ?? route?.retentionClass ?? 'default'
}

export function recordedBody(exchange: Exchange): RecordedBody {
  const { body } = exchange
  switch (body.kind) {
    case 'none':
      return { kind: 'none' }
    case 'whole':
      return { kind: 'whole', bytes: body.bytes, spans: body.view?.blocks ?? [] }
    case 'streamed':
      return { kind: 'streamed' }
  }
}

/** How people decided, for the closing record. */
export function addApproval(
  facts: Draft<ClosingFacts>,
  { heldBy, sentSplices }: Pick<Exchange, 'heldBy' | 'sentSplices'>,
): void {
  if (heldBy !== null) facts.approval = heldBy
  if (sentSplices !== null) facts.sentSplices = sentSplices
}

/** Facts of an exchange that never reached a provider. */
export function refusalFacts(
  exchange: Exchange,
  error: GatewayError,
  at: { readonly nowMs: number; readonly monotonicMs: number },
  answerBytes: number,
  status = error.status,
): ClosingFacts {
  const aborted = error.code === 'request.aborted'
  const outcome: Outcome = aborted ? 'caller-aborted' : 'refused'
  const facts: Draft<ClosingFacts> = {
    endedAtMs: at.nowMs,
    state: aborted ? 'interrupted' : 'refused',
    outcome,
    errorCode: error.code,
    status: aborted && exchange.begun === null ? null : status,
    upstreamStatus: null,
    upstreamAddress: null,
    answerBytes,
    releasedBytes: answerBytes,
    firstByteMs: null,
    durationMs: at.monotonicMs - exchange.arrivedAt,
    finishReason: null,
    responseId: null,
    responseModel: null,
    usage: EMPTY_USAGE,
    answerSplices: [],
  }
  if (exchange.lock !== '') facts.lock = exchange.lock
  addApproval(facts, exchange)
  return facts
}
