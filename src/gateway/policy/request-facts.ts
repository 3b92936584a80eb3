/** Gathers what the policy may look at in a request. */
import { textHmacOf } from '../../lib/hmac.ts'
import type { BlockSpan } from '../../model/dialect.ts'
import { callerFacts, sizeFacts } from '../../policy/facts.ts'
import type { PolicyFacts, SeenFinding } from '../../policy/facts.ts'
import type { CallerBody, Exchange } from '../exchange.ts'
import { isStreamAsked, modelOf, viewOf } from '../exchange.ts'
import { noveltyOf } from '../conversation/novelty.ts'
import type { Novelty } from '../conversation/novelty.ts'
import type { GatewayParts } from '../parts.ts'

const NOTHING = Buffer.alloc(0)

export function requestFacts(exchange: Exchange, parts: GatewayParts): PolicyFacts {
  const view = viewOf(exchange)
  const blocks = view?.blocks ?? []
  const bytes = bodyBytes(exchange.body)
  const novelty = noveltyOf(
    exchange.conversation,
    blocks,
    exchange.body.kind === 'whole' ? exchange.body.plain : NOTHING,
  )
  exchange.novelty = novelty
  const newBytes = blocks.length === 0 ? bytes : novelty.newBytes
  return {
    ...callFacts(exchange, parts),
    moment: 'request',
    size: sizeFacts(bytes, newBytes),
    counts: {
      blocks: blocks.length,
      newBlocks: novelty.newBlocks,
      toolResults: blocks.filter(({ role }) => role === 'tool').length,
    },
    tools: view?.toolNames ?? [],
    findings: seenFindings(exchange, blocks, novelty),
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
    caller: callerFacts(principal),
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

/** A value is carried over when it was sent as it is, or stands only in what the model said. */
function seenFindings(
  { inspection, conversation }: Exchange,
  blocks: readonly BlockSpan[],
  { received }: Novelty,
): readonly SeenFinding[] {
  return (inspection?.findings ?? []).map(({ rule, entity, fingerprint, block }) => ({
    rule,
    entity,
    fingerprint,
    isNew:
      conversation?.prior?.values.has(fingerprint) !== true &&
      !(block !== null && received.has(block)),
    role: (block === null ? undefined : blocks[block]?.role) ?? 'other',
  }))
}
