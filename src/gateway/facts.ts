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
  return {
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
    ...(exchange.inspection === null
      ? {}
      : {
          findings: exchange.inspection.findings,
          uninspected: exchange.inspection.uninspected,
        }),
    policy: exchange.masking?.version ?? '',
    ...(exchange.decision === null ? {} : { decision: exchange.decision }),
    ...(exchange.novelty === null
      ? {}
      : { novelty: { blocks: exchange.novelty.newBlocks, bytes: exchange.novelty.newBytes } }),
    ...(exchange.conversation?.reading == null
      ? {}
      : { context: exchange.conversation.reading.links }),
  }
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
export function approvalFacts({ heldBy, sentSplices }: Exchange): Partial<ClosingFacts> {
  return {
    ...(heldBy === null ? {} : { approval: heldBy }),
    ...(sentSplices === null ? {} : { sentSplices }),
  }
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
  return {
    endedAtMs: at.nowMs,
    state: aborted ? 'interrupted' : 'refused',
    outcome,
    errorCode: error.code,
    ...(exchange.lock === '' ? {} : { lock: exchange.lock }),
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
    ...approvalFacts(exchange),
  }
}
