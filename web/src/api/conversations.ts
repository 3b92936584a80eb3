/** Conversations: the list of declared ones, and the thread of one or of an exchange. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { Reveal, listReveals } from '../../../src/api/contract/content.ts'
import type {
  Conversation,
  Thread,
  listConversations,
  readConversation,
  readExchangeThread,
} from '../../../src/api/contract/conversations.ts'
import { call } from './client.ts'

export type { Conversation, Thread }

const CONVERSATIONS_PER_PAGE = 50
const firstPage = (): string | null => null

export const conversationsQuery = infiniteQueryOptions({
  queryKey: ['conversations'],
  queryFn: ({ signal, pageParam }): Promise<{ items: Conversation[]; next: string | null }> =>
    call<typeof listConversations>('get', '/conversations', {
      signal,
      query: {
        limit: CONVERSATIONS_PER_PAGE,
        ...(pageParam === null ? {} : { cursor: pageParam }),
      },
    }),
  initialPageParam: firstPage(),
  getNextPageParam: ({ next }) => next,
})

/** By the id that its caller declared, or by one of its exchanges. */
export type ThreadOf = { readonly conversation: string } | { readonly exchange: string }

export function threadQuery(of: ThreadOf) {
  return queryOptions({
    queryKey: ['thread', of],
    queryFn: ({ signal }): Promise<Thread> =>
      'conversation' in of
        ? call<typeof readConversation>('get', '/conversations/{id}', {
            signal,
            params: { id: of.conversation },
          })
        : call<typeof readExchangeThread>('get', '/exchanges/{id}/conversation', {
            signal,
            params: { id: of.exchange },
          }),
    staleTime: 15_000,
  })
}

/** One's own open reveals. */
export const openRevealsQuery = queryOptions({
  queryKey: ['reveals', 'active'],
  queryFn: async ({ signal }): Promise<readonly Reveal[]> => {
    const page = await call<typeof listReveals>('get', '/reveals', {
      signal,
      query: { active: 'true', limit: 200 },
    })
    return page.items
  },
})
