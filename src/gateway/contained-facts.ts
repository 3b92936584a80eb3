/** What of an exchange a lock may be on, as far as its steps have learned it. */
import type { ContainedFacts, LockRow } from '../model/containment.ts'
import { declaredConversation } from '../model/declared-conversation.ts'
import { linkedConversation } from '../model/linked-conversation.ts'
import type { Principal } from '../model/principal.ts'
import type { Exchange } from './exchange.ts'
import { modelOf, viewOf } from './exchange.ts'
import type { GatewayParts } from './parts.ts'

/** Null where no lock holds; else the exchange keeps its id. */
export function lockOn(
  exchange: Exchange,
  { containment }: Pick<GatewayParts, 'containment'>,
): LockRow | null {
  return containment.size() === 0 ? null : containment.check(containedFacts(exchange))
}

function containedFacts(exchange: Exchange): ContainedFacts {
  const { principal, tags, routing, inspection } = exchange
  const links = viewOf(exchange)?.links ?? {}
  return {
    principal: principal?.id ?? '',
    people: peopleBehind(principal),
    keys: [principal?.keyId ?? '', principal?.certificate ?? ''],
    services: [principal?.service ?? '', tags.service],
    upstream: routing?.upstream.name ?? '',
    model: modelOf(exchange) ?? '',
    conversation: declaredConversation({ principal, tags, links }).conversation ?? '',
    linked: () =>
      (exchange.conversation?.reading?.ends() ?? []).map((end) =>
        linkedConversation(principal?.id ?? '', end),
      ),
    findings: inspection?.findings.map(({ fingerprint }) => fingerprint) ?? [],
  }
}

function peopleBehind(principal: Principal | null): readonly string[] {
  if (principal === null) return []
  return [principal.id, principal.owner ?? '', principal.actor ?? '']
}
