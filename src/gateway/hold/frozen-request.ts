/** Freezes what people are asked about: digests of the bytes, who proved to be whom, where it goes, what was found. */
import { createHash, hash } from 'node:crypto'
import { NONE } from '../../lib/json/tape.ts'
import type { JsonTape } from '../../lib/json/tape.ts'
import type { AskedRule, FindingKind, FrozenRequest } from '../../model/approval.ts'
import type { Decision } from '../../model/decision.ts'
import type { FindingRecord } from '../../model/masking.ts'
import type { Principal } from '../../model/principal.ts'
import { isStreamAsked, modelOf, viewOf } from '../exchange.ts'
import type { CallerBody, Exchange, Routing } from '../exchange.ts'

type WholeBody = Extract<CallerBody, { readonly kind: 'whole' }>

export function frozenRequest(
  exchange: Exchange,
  known: {
    readonly principal: Principal
    readonly routing: Routing
    readonly body: WholeBody
    readonly decision: Decision
    readonly asks: readonly AskedRule[]
    readonly conversation: string | null
  },
): FrozenRequest {
  const { principal, routing, body, decision, asks } = known
  const model = modelOf(exchange) ?? ''
  const place = [principal.id, routing.upstream.name, routing.dialect.name, model]
  const digest = createHash('sha256').update(JSON.stringify([...place, routing.surface.kind]))
  for (const piece of withoutStream(body.plain, exchange.tape)) digest.update(piece)
  return {
    exchange: exchange.id,
    digest: digest.digest('hex'),
    bodyDigest: hash('sha256', body.bytes, 'hex'),
    policy: decision.policy,
    principal: principal.id,
    principalKind: principal.kind,
    proof: principal.method,
    service: principal.service,
    declaredService: exchange.tags.service,
    keyId: principal.keyId,
    people: [principal.owner ?? '', principal.actor ?? ''].filter((one) => one !== ''),
    claims: principal.claims,
    conversation: known.conversation,
    upstream: routing.upstream.name,
    surface: routing.surface.name,
    model,
    stream: isStreamAsked(exchange),
    toolNames: viewOf(exchange)?.toolNames ?? [],
    requestBytes: body.bytes.length,
    kinds: kindsOf(exchange.inspection?.findings ?? [], asks),
  }
}

/** A client that gives up streaming sends the same prompt with `stream` changed: it is the same request. */
function withoutStream(body: Buffer, tape: JsonTape | null): readonly Buffer[] {
  if (tape === null) return [body]
  const node = tape.member(tape.root, 'stream')
  if (node === NONE || tape.kind(node) !== 'boolean') return [body]
  return [body.subarray(0, tape.start(node)), body.subarray(tape.end(node))]
}

function kindsOf(
  findings: readonly FindingRecord[],
  asks: readonly AskedRule[],
): readonly FindingKind[] {
  const asked = new Set(asks.flatMap((ask) => ask.findings))
  const fresh = new Set(asks.flatMap((ask) => ask.newFindings))
  const kinds = new Map<string, { readonly all: Set<string>; readonly fresh: Set<string> }>()
  for (const { entity, fingerprint } of findings) {
    if (!asked.has(fingerprint)) continue
    const kind = kinds.get(entity) ?? { all: new Set<string>(), fresh: new Set<string>() }
    kinds.set(entity, kind)
    kind.all.add(fingerprint)
    if (fresh.has(fingerprint)) kind.fresh.add(fingerprint)
  }
  return [...kinds].map(([entity, kind]) => ({
    entity,
    count: kind.all.size,
    fresh: kind.fresh.size,
  }))
}
