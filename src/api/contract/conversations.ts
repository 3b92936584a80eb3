/** Conversations: exchanges that belong together, and by which evidence they were put together. */
import { z } from '@hono/zod-openapi'
import { PageQuery, TimeMs, apiRoute, json, pageOf } from './common.ts'
import { Exchange, ExchangeFilters, ExchangeParam } from './exchanges.ts'

const ConversationMethod = z.enum(['declared-id', 'response-chain', 'context', 'single']).openapi({
  description:
    'declared-id: the caller sent one id with each exchange. response-chain: each exchange names the answer before it. context: each holds what was said before. single: nothing links it to another.',
})

export const Conversation = z
  .object({
    id: z.string(),
    method: ConversationMethod,
    by: z.string().openapi({ example: 'header x-claude-code-session-id' }),
    principal: z.string(),
    exchanges: z.number().int(),
    firstAtMs: TimeMs,
    lastAtMs: TimeMs,
    lastExchange: z.string(),
    holds: z.array(z.string()).openapi({
      description: 'Legal holds on all of it, or on everything that its principal sends.',
    }),
  })
  .openapi('Conversation')
export type Conversation = z.infer<typeof Conversation>

export const Thread = z
  .object({
    id: z.string().nullable(),
    method: ConversationMethod,
    by: z.string(),
    truncated: z.boolean(),
    exchanges: z
      .array(
        z.object({
          exchange: Exchange,
          parent: z
            .string()
            .nullable()
            .openapi({ description: 'The exchange that it continues; null when none is known.' }),
          link: z.enum(['named', 'context', 'likely', 'unsure', 'none']).openapi({
            description:
              'named: it names the answer before it. context: it holds the context of the other and its answer. likely: the answer could not be compared. unsure: there are candidates and none is certain. none: it continues nothing.',
          }),
          attemptOf: z
            .string()
            .nullable()
            .openapi({ description: 'The first attempt of the same request.' }),
        }),
      )
      .openapi({ description: 'Oldest first.' }),
  })
  .openapi('Thread')
export type Thread = z.infer<typeof Thread>

const tags = ['conversations']

export const listConversations = apiRoute('conversations.list', {
  method: 'get',
  path: '/conversations',
  tags,
  summary: 'Conversations that callers declared by an id, latest first',
  request: { query: z.object({ ...ExchangeFilters, ...PageQuery }) },
  responses: { 200: json(pageOf(Conversation), 'A page.') },
})

export const readConversation = apiRoute('conversations.read', {
  method: 'get',
  path: '/conversations/{id}',
  tags,
  summary: 'The thread of one declared conversation',
  request: { params: z.object({ id: z.string().regex(/^cv_[0-9a-z]{26}$/) }) },
  responses: { 200: json(Thread, 'Its exchanges.') },
})

export const readExchangeThread = apiRoute('conversations.read', {
  method: 'get',
  path: '/exchanges/{id}/conversation',
  tags,
  summary: 'The thread that an exchange belongs to',
  request: { params: ExchangeParam },
  responses: { 200: json(Thread, 'Its exchanges.') },
})
