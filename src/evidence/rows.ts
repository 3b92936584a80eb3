/** Derives index rows from what the frames hold; live recording and reindex use the same functions. */
import { NO_DECISION, withDecision } from './decision-columns.ts'
import { NO_FINDINGS, withFindings, type FindingLists } from './finding-rows.ts'
import { declaredConversation } from '../model/declared-conversation.ts'
import type { ClosingFacts, ExchangeRow, FrameAddress, OpeningFacts } from '../model/record.ts'

function headerValue(facts: OpeningFacts, name: string): string {
  const found = facts.received.headers.find(
    (header) => header[0].length === name.length && header[0].toLowerCase() === name,
  )
  return found?.[1] ?? ''
}

function pathOf(target: string): string {
  const query = target.indexOf('?')
  return query < 0 ? target : target.slice(0, query)
}

export interface OpenedAt {
  readonly address: FrameAddress
  readonly requestBytes: number
  readonly storedBytes: number
}

export function openRow(facts: OpeningFacts, at: OpenedAt): ExchangeRow {
  return {
    id: facts.id,
    state: 'open',
    outcome: null,
    receivedAtMs: facts.receivedAtMs,
    endedAtMs: null,
    principal: facts.principal?.id ?? '',
    principalKind: facts.principal?.kind ?? '',
    keyId: facts.principal?.keyId ?? null,
    service: facts.principal?.service ?? '',
    declaredService: facts.tags.service,
    remoteAddress: facts.remoteAddress,
    userAgent: headerValue(facts, 'user-agent'),
    upstream: facts.upstream,
    dialect: facts.dialect,
    surface: facts.surface,
    route: facts.route,
    mode: facts.mode,
    retentionClass: facts.retentionClass,
    method: facts.received.method,
    path: pathOf(facts.received.target),
    model: facts.model,
    stream: facts.stream,
    status: null,
    errorCode: null,
    finishReason: null,
    inputTokens: null,
    outputTokens: null,
    requestBytes: at.requestBytes,
    answerBytes: 0,
    storedBytes: at.storedBytes,
    firstByteMs: null,
    durationMs: null,
    ...declaredConversation(facts),
    responseId: null,
    previousResponse: facts.links['previous_response_id'] ?? null,
    tools: facts.toolNames,
    ...withFindings(NO_FINDINGS, 'request', facts.findings),
    ...withDecision(NO_DECISION, facts.decision),
    contextEnd: facts.context?.end ?? null,
    contextParent: facts.context?.parent ?? null,
    contextAnswer: facts.context?.answer ?? null,
    answerDigest: null,
    instance: at.address.instance,
    openSegment: at.address.segment,
    openOffset: at.address.offset,
    closeSegment: null,
    closeOffset: null,
  }
}

export interface ClosedAt {
  readonly address: FrameAddress
  /** Null keeps what the opening said. */
  readonly requestBytes: number | null
  readonly storedBytes: number
}

function listsOf({ findingsIn, entities, rules, fingerprints }: ExchangeRow): FindingLists {
  return { findingsIn, entities, rules, fingerprints }
}

export function closedRow(row: ExchangeRow, facts: ClosingFacts, at: ClosedAt): ExchangeRow {
  return {
    ...row,
    state: facts.state,
    outcome: facts.outcome,
    endedAtMs: facts.endedAtMs,
    status: facts.status,
    errorCode: facts.errorCode,
    finishReason: facts.finishReason,
    inputTokens: facts.usage.inputTokens,
    outputTokens: facts.usage.outputTokens,
    requestBytes: at.requestBytes ?? row.requestBytes,
    answerBytes: facts.answerBytes,
    storedBytes: at.storedBytes,
    firstByteMs: facts.firstByteMs,
    durationMs: facts.durationMs,
    responseId: facts.responseId,
    ...withFindings(listsOf(row), 'answer', facts.findings),
    ...withDecision(row, facts.decision),
    answerDigest: facts.answerDigest ?? null,
    closeSegment: at.address.segment,
    closeOffset: at.address.offset,
  }
}
