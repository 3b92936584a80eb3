/** Turns what the API says of an exchange into what is shown of it, as text and as JSON. */
import type { Content } from '../../api/contract/content.ts'
import type { ExchangeDetail } from '../../api/contract/exchanges.ts'
import { headerOf } from '../../app/recorded-answer.ts'
import { exchangeJson } from '../exchange-columns.ts'
import { bytesJson } from '../exchange-document.ts'
import type {
  ShownAnswer,
  ShownClosing,
  ShownExchange,
  ShownHead,
  ShownRequest,
} from '../shown-exchange.ts'
import type { RemoteExchange } from './remote-exchange.ts'

export function remoteShown(remote: RemoteExchange): ShownExchange {
  const { detail, content } = remote
  return {
    head: remoteHead(detail, content),
    request: content === null ? null : shownRequest(content.request),
    answer: content === null ? null : shownAnswer(remote, content.answer),
  }
}

function remoteHead(detail: ExchangeDetail, content: Content | null): ShownHead {
  const { exchange, principal } = detail
  return {
    ...exchange,
    principal: principal === null ? null : { ...principal, keyId: exchange.keyId },
    declared: detail.declared,
    links: detail.links,
    linked: exchange.linked,
    waited: detail.held,
    received: content?.request.received ?? null,
    sent: content?.request.sent ?? null,
    closing: remoteClosing(detail),
  }
}

export function remoteClosing({
  exchange,
  usage,
  responseModel,
  upstreamStatus,
}: ExchangeDetail): ShownClosing | null {
  const { outcome, endedAtMs, durationMs, firstByteMs, errorCode, status } = exchange
  if (outcome === null || endedAtMs === null || durationMs === null || usage === null) return null
  return {
    outcome,
    endedAtMs,
    durationMs,
    firstByteMs,
    errorCode,
    status,
    upstreamStatus,
    upstreamAddress: null,
    responseModel,
    usage,
  }
}

function shownRequest(request: Content['request']): ShownRequest {
  const { kind, bytes, blocks, text } = request
  if (kind === 'none' || kind === 'unreadable') return { kind }
  return kind === 'blocks' ? { kind, bytes, blocks } : { kind, bytes, text }
}

function shownAnswer(remote: RemoteExchange, answer: Content['answer']): ShownAnswer | 'none' {
  const { head, bytes, chunks, problem, assembled } = answer
  if (head === null) return 'none'
  return {
    status: head.status,
    origin: head.origin,
    contentType: headerOf(head.headers, 'content-type') ?? '',
    bytes,
    chunks,
    problem,
    view: assembled,
    body: () => remote.raw('answer', true),
  }
}

/** The document of a local `show --json`, of which the API gives all but frames, request chunks and a few facts. */
export async function remoteDocument(remote: RemoteExchange) {
  const { detail, content, mode } = remote
  const { exchange } = detail
  const closing = remoteClosing(detail)
  return {
    ...exchangeJson(exchange),
    content: content === null ? null : mode,
    facts: factsDocument(detail, content),
    closing: closing === null ? null : closingDocument(detail, closing),
    request: content === null ? null : await requestDocument(remote, content.request),
    answer: content === null ? null : await answerDocument(remote, content.answer),
    problems: content?.problems ?? [],
  }
}

/** By the names of the opening record. */
function factsDocument(detail: ExchangeDetail, content: Content | null) {
  const { exchange, declared, links, toolNames, policy } = detail
  const { id, receivedAtMs, remoteAddress, upstream, dialect, surface, route } = exchange
  const { mode, retentionClass, model, stream } = exchange
  return {
    id,
    receivedAtMs,
    principal: remoteHead(detail, content).principal,
    tags: declared,
    remoteAddress,
    upstream,
    dialect,
    surface,
    route,
    mode,
    retentionClass,
    model,
    stream,
    toolNames,
    links,
    policy,
    received: content?.request.received ?? null,
    sent: content?.request.sent ?? null,
  }
}

/** By the names of the closing record. */
function closingDocument(
  { exchange, responseId }: ExchangeDetail,
  { upstreamAddress: _unknown, ...closing }: ShownClosing,
) {
  const { state, answerBytes, finishReason } = exchange
  return { ...closing, state, answerBytes, finishReason, responseId }
}

async function requestDocument(remote: RemoteExchange, request: Content['request']) {
  const hasBody = request.kind === 'blocks' || request.kind === 'opaque'
  return {
    head: request.received,
    sentHead: request.sent,
    body: hasBody ? bytesJson(await remote.raw('request', false)) : null,
    blocks: request.blocks.map(({ start, end, role, id }) => ({ start, end, role, id })),
  }
}

async function answerDocument(remote: RemoteExchange, answer: Content['answer']) {
  const { head, assembled } = answer
  if (head === null) return { head: null, body: null, view: null, chunks: [] }
  const body = await remote.raw('answer', false)
  const chunks: { atMs: number; base64: string }[] = []
  for await (const { atMs, offset, bytes } of remote.steps()) {
    chunks.push({ atMs, base64: body.subarray(offset, offset + bytes).toString('base64') })
  }
  return { head, body: bytesJson(body), view: assembled, chunks }
}
