/** Gathers what the policy may look at in a request. */
import { textHmacOf } from '../../lib/hmac.ts'
import type { BlockSpan } from '../../model/dialect.ts'
import { estimatedTokens } from '../../policy/facts.ts'
import type { PolicyFacts, SeenFinding } from '../../policy/facts.ts'
import type { CallerBody, Exchange } from '../exchange.ts'
import { isStreamAsked, modelOf, viewOf } from '../exchange.ts'
import type { GatewayParts } from '../parts.ts'

export function requestFacts(exchange: Exchange, parts: GatewayParts): PolicyFacts {
  const view = viewOf(exchange)
  const blocks = view?.blocks ?? []
  const fresh = newBlocks(blocks)
  const bytes = bodyBytes(exchange.body)
  const newBytes =
    blocks.length === 0 ? bytes : fresh.reduce((sum, { start, end }) => sum + end - start, 0)
  return {
    ...callFacts(exchange, parts),
    moment: 'request',
    size: {
      bytes,
      newBytes,
      tokens: estimatedTokens(bytes),
      newTokens: estimatedTokens(newBytes),
    },
    counts: {
      blocks: blocks.length,
      newBlocks: fresh.length,
      toolResults: blocks.filter(({ role }) => role === 'tool').length,
    },
    tools: view?.toolNames ?? [],
    findings: seenFindings(exchange, blocks),
    inspection: exchange.uninspectable ? 'failed' : view === null ? 'unread' : 'done',
  }
}

/** What is the same for the request and for its answer. */
export function callFacts(
  exchange: Exchange,
  parts: GatewayParts,
): Omit<PolicyFacts, 'moment' | 'size' | 'counts' | 'tools' | 'findings' | 'inspection'> {
  const { principal, routing, route, tags } = exchange
  return {
    atMs: parts.clock.nowMs(),
    lot: textHmacOf(parts.masking.master)(
      `custody/canary/v1\0${exchange.conversation?.id ?? exchange.id}`,
    ),
    caller: {
      id: principal?.id ?? '',
      kind: principal?.kind ?? '',
      method: principal?.method ?? '',
      key: principal?.keyId ?? '',
      service: principal?.service ?? '',
      groups: principal?.groups ?? [],
      claims: principal?.claims ?? {},
    },
    declaredService: tags.service,
    upstream: routing?.upstream.name ?? '',
    dialect: routing?.dialect.name ?? '',
    surface: routing?.surface.name ?? '',
    route: route?.name ?? '',
    model: modelOf(exchange) ?? '',
    stream: isStreamAsked(exchange),
    conversation: exchange.conversation?.id ?? '',
  }
}

function bodyBytes(body: CallerBody): number {
  switch (body.kind) {
    case 'none':
      return 0
    case 'whole':
      return body.plain.length
    case 'streamed':
      return body.declaredBytes ?? body.begun.reduce((sum, chunk) => sum + chunk.length, 0)
  }
}

/** What stands behind the last word of the model. */
function newBlocks(blocks: readonly BlockSpan[]): readonly BlockSpan[] {
  const last = blocks.findLastIndex(({ role }) => role === 'assistant')
  return blocks.slice(last + 1)
}

function seenFindings(
  { inspection, conversation }: Exchange,
  blocks: readonly BlockSpan[],
): readonly SeenFinding[] {
  return (inspection?.findings ?? []).map(({ rule, entity, fingerprint, block }) => ({
    rule,
    entity,
    fingerprint,
    isNew: conversation?.carried.has(fingerprint) !== true,
    role: (block === null ? undefined : blocks[block]?.role) ?? 'other',
  }))
}
