/** Serves conversations: declared ones as a list, and the thread of one or of an exchange. */
import type { Owner } from '../../incident/exchange-desk.ts'
import type { Thread as FoundThread } from '../../incident/thread.ts'
import { fail } from '../../model/errors.ts'
import type { HoldScope } from '../../model/holds.ts'
import type { Thread } from '../contract/conversations.ts'
import {
  listConversations,
  readConversation,
  readExchangeThread,
} from '../contract/conversations.ts'
import type { Held } from '../held.ts'
import { heldFor } from '../held.ts'
import type { ApiParts } from '../parts.ts'
import type { Registrar } from '../registrar.ts'
import { ownerOf } from '../registrar.ts'
import { queryOf } from '../filter-query.ts'
import { shownExchange } from '../shown.ts'
import { exchangeCursor, visibleRow } from './exchanges.ts'

export function conversationRoutes({ app, parts, guarded }: Registrar): void {
  const { desk } = parts
  app.openapi(guarded(listConversations), async (context) => {
    const { cursor, limit, ...filter } = context.req.valid('query')
    const beforeExchange = exchangeCursor(cursor)
    const owner = await ownerOf(context, parts)
    const rows = await desk.search.conversations(queryOf(filter, owner, parts.clock.nowMs()), {
      limit: limit + 1,
      ...(beforeExchange === null ? {} : { beforeExchange }),
    })
    const items = rows.slice(0, limit)
    const active = owner === null ? await parts.keeping.holds.active() : []
    return context.json(
      {
        items: items.map((row) => ({
          ...row,
          method: 'declared-id' as const,
          holds: active.filter(({ scope }) => coversWhole(scope, row)).map(({ id }) => id),
        })),
        next: rows.length > limit ? (items.at(-1)?.lastExchange ?? null) : null,
      },
      200,
    )
  })
  app.openapi(guarded(readConversation), async (context) => {
    const { id } = context.req.valid('param')
    const owner = await ownerOf(context, parts)
    const thread = await desk.conversation(id, owner)
    if (thread === null) throw fail('api.not-found')
    await context.get('audit').shown({ target: id })
    return context.json(shownThread(thread, owner, await heldIn(parts, thread, owner)), 200)
  })
  app.openapi(guarded(readExchangeThread), async (context) => {
    const owner = await ownerOf(context, parts)
    const row = await visibleRow(context, parts, owner)
    const thread = await desk.thread(row, owner)
    await context.get('audit').shown({ target: row.id })
    return context.json(shownThread(thread, owner, await heldIn(parts, thread, owner)), 200)
  })
}

/** Holds on single exchanges of it, or on what a query matches, are told in its thread. */
function coversWhole(scope: HoldScope, row: { readonly id: string; readonly principal: string }) {
  return (
    (scope.kind === 'conversation' && scope.conversation === row.id) ||
    (scope.kind === 'principal' && scope.principal === row.principal)
  )
}

function heldIn(parts: ApiParts, { exchanges }: FoundThread, owner: Owner): Promise<Held> {
  return heldFor(
    parts,
    owner,
    exchanges.map(({ row }) => row),
  )
}

function shownThread(thread: FoundThread, owner: Owner, held: Held): Thread {
  return {
    ...thread,
    exchanges: thread.exchanges.map(({ row, parent, method, attemptOf }) => ({
      exchange: shownExchange(row, owner, held.get(row.id)),
      parent,
      link: method,
      attemptOf,
    })),
  }
}
