/** Which conversation an exchange belongs to, as far as it can be known before it is sent. */
import { declaredConversation } from '../../model/declared-conversation.ts'
import type { ContextLinks } from '../../model/record.ts'
import type { Exchange } from '../exchange.ts'
import { viewOf } from '../exchange.ts'
import { scopeOf } from '../masking/scope.ts'
import type { ConversationMemory } from './memory.ts'
import type { ContextReader } from './context.ts'

export interface Conversations {
  readonly reader: ContextReader
  readonly memory: ConversationMemory
}

export interface ConversationView {
  /** `cv_…` as the caller declares it, else one made of the first context that is known. */
  readonly id: string
  /** Under which it is remembered. */
  readonly name: string
  readonly links: ContextLinks | null
  /** Fingerprints that it has sent before. */
  readonly carried: ReadonlySet<string>
}

const NOTHING: ReadonlySet<string> = new Set()

export function conversationOf(
  { reader, memory }: Conversations,
  exchange: Exchange,
): ConversationView {
  const { body, principal, tags } = exchange
  const view = viewOf(exchange)
  const links =
    view === null || body.kind !== 'whole' || view.blocks.length === 0
      ? null
      : reader.read(view.blocks, body.plain)
  // Another caller's conversation is none of this one's, whatever it declares.
  const scope = scopeOf(principal)
  const declared = declaredConversation({ principal, tags, links: view?.links ?? {} })
  if (declared.conversation !== null) {
    const name = `${scope}\0declared\0${declared.conversation}`
    return {
      id: declared.conversation,
      name,
      links,
      carried: memory.find([name])?.values ?? NOTHING,
    }
  }
  const name = `${scope}\0context\0${links?.end ?? exchange.id}`
  const prior = memory.find([
    name,
    ...(links?.parent == null ? [] : [`${scope}\0context\0${links.parent}`]),
  ])
  return {
    id: prior?.conversation ?? `cx_${links?.end ?? exchange.id}`,
    name,
    links,
    carried: prior?.values ?? NOTHING,
  }
}

/** Remembers what leaves. */
export function rememberSent({ memory }: Conversations, exchange: Exchange): void {
  const { conversation, inspection } = exchange
  if (conversation === null) return
  const fingerprints = (inspection?.findings ?? []).map(({ fingerprint }) => fingerprint)
  const isKnown = fingerprints.every((value) => conversation.carried.has(value))
  memory.sent(conversation.name, {
    conversation: conversation.id,
    values: isKnown ? conversation.carried : new Set([...conversation.carried, ...fingerprints]),
  })
}
