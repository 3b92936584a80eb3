/** Finds the id by which a caller says that exchanges belong together. */
import { hash } from 'node:crypto'
import type { DeclaredTags, Principal } from './principal.ts'

const HEADERS = [
  'x-claude-code-session-id',
  'session-id',
  'thread-id',
  'x-session-id',
  'helicone-session-id',
]
/** Ids of accounts and caches are left out: they live longer than a conversation. */
const LINKS = [
  'conversation',
  'session_id',
  'metadata.session_id',
  'metadata.conversation_id',
  'metadata.thread_id',
  'client_metadata.session_id',
  'client_metadata.conversation_id',
  'client_metadata.thread_id',
]
const ID_CHARS = 26

export interface ConversationFacts {
  readonly principal: Pick<Principal, 'id'> | null
  readonly tags: DeclaredTags
  readonly links: Readonly<Record<string, string>>
}

export interface DeclaredConversation {
  readonly conversation: string | null
  readonly conversationBy: string | null
}

/**
 * The principal is part of the id: a caller who declares somebody else's session id starts a conversation of their own
 * instead of writing into a stranger's.
 */
export function declaredConversation(facts: ConversationFacts): DeclaredConversation {
  const found = declared(facts)
  if (found === null) return { conversation: null, conversationBy: null }
  const [by, value] = found
  const digest = hash('sha256', JSON.stringify([facts.principal?.id ?? '', value]), 'hex')
  return { conversation: `cv_${digest.slice(0, ID_CHARS)}`, conversationBy: by }
}

function declared(facts: ConversationFacts): readonly [by: string, value: string] | null {
  for (const name of HEADERS) {
    const value = facts.tags.headers[name]
    if (value !== undefined && value !== '') return [`header ${name}`, value]
  }
  for (const name of LINKS) {
    const value = facts.links[name]
    if (value !== undefined && value !== '') return [`body ${name}`, value]
  }
  return null
}
