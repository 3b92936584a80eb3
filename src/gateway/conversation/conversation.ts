/** Which conversation an exchange belongs to, as far as it can be known before it is sent. */
import { inTurns } from '../../lib/turns.ts'
import { declaredConversation } from '../../model/declared-conversation.ts'
import type { Exchange } from '../exchange.ts'
import { viewOf } from '../exchange.ts'
import { scopeOf } from '../masking/scope.ts'
import type { ConversationMemory, Remembered } from './memory.ts'
import type { ContextReader, ContextReading } from './context.ts'

export interface Conversations {
  readonly reader: ContextReader
  readonly memory: ConversationMemory
}

export interface ConversationView {
  /** `cv_…` as the caller declares it, else one made of the first context that is known. */
  readonly id: string
  /** Under which it is remembered. */
  readonly name: string
  readonly reading: ContextReading | null
  /** What it sent and was answered before, as this gateway saw it; null for the first turn. */
  readonly prior: Remembered | null
}

export function conversationOf(
  conversations: Conversations,
  exchange: Exchange,
): ConversationView | Promise<ConversationView> {
  const { body } = exchange
  const view = viewOf(exchange)
  const reading =
    view === null || body.kind !== 'whole' || view.blocks.length === 0
      ? null
      : inTurns(conversations.reader.reading(view.blocks, body.plain))
  return reading instanceof Promise
    ? reading.then((read) => viewWith(conversations, exchange, read))
    : viewWith(conversations, exchange, reading)
}

function viewWith(
  { memory }: Conversations,
  exchange: Exchange,
  reading: ContextReading | null,
): ConversationView {
  const { principal, tags } = exchange
  const view = viewOf(exchange)
  // Another caller's conversation is none of this one's, whatever it declares.
  const scope = scopeOf(principal)
  const declared = declaredConversation({ principal, tags, links: view?.links ?? {} })
  if (declared.conversation !== null) {
    const name = `${scope}\0declared\0${declared.conversation}`
    return { id: declared.conversation, name, reading, prior: memory.find([name]) }
  }
  const { end = exchange.id, parent = null } = reading?.links ?? {}
  const name = `${scope}\0context\0${end}`
  const prior = memory.find([name, ...(parent === null ? [] : [`${scope}\0context\0${parent}`])])
  return { id: prior?.conversation ?? `cx_${end}`, name, reading, prior }
}

/** Remembers what leaves. */
export function rememberSent({ memory }: Conversations, exchange: Exchange): void {
  const { conversation, inspection, novelty } = exchange
  if (conversation === null) return
  const { id, name, prior } = conversation
  const values: string[] = []
  const masked: string[] = []
  for (const { fingerprint, operator } of inspection?.findings ?? [])
    (operator === 'keep' ? values : masked).push(fingerprint)
  memory.sent(name, prior, { conversation: id, values, masked, blocks: novelty?.blocks ?? [] })
}

/** Remembers what came back, so that it is not new when the caller sends it along. */
export function rememberAnswer(
  { memory }: Conversations,
  { conversation }: Exchange,
  digest: string | undefined,
): void {
  if (conversation !== null && digest !== undefined) memory.answered(conversation.name, digest)
}
