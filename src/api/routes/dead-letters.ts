/** Serves dead letters: whoever checks on the gateway sees them, an admin has them sent again or gives them up. */
import type { Context } from 'hono'
import { fail } from '../../model/errors.ts'
import { dropDeadLetters, listDeadLetters, retryDeadLetters } from '../contract/dead-letters.ts'
import type { ApiEnv } from '../parts.ts'
import type { Registrar } from '../registrar.ts'

const LISTED_MAX = 200
const NAMED_CHARS_MAX = 2000

export function deadLetterRoutes({ app, parts, guarded }: Registrar): void {
  app.openapi(guarded(listDeadLetters), async (context) => {
    const { items, total } = await parts.deadLetters.list(LISTED_MAX)
    return context.json({ items: [...items], total }, 200)
  })
  app.openapi(guarded(retryDeadLetters), async (context) => {
    const { ids } = context.req.valid('json')
    return context.json(settled(context, ids, await parts.deadLetters.retry(ids)), 200)
  })
  app.openapi(guarded(dropDeadLetters), async (context) => {
    const { ids, reason } = context.req.valid('json')
    context.get('audit').add({ reason })
    return context.json(settled(context, ids, await parts.deadLetters.drop(ids)), 200)
  })
}

function settled(
  context: Context<ApiEnv>,
  ids: readonly string[],
  done: readonly string[],
): { done: string[]; unknown: string[] } {
  const unknown = ids.filter((id) => !done.includes(id))
  context.get('audit').add({
    target: done[0] ?? '',
    details: { letters: done.length, ids: done.join(', ').slice(0, NAMED_CHARS_MAX) },
  })
  if (done.length === 0) throw fail('api.not-found', 'None of them is a dead letter that waits.')
  return { done: [...done], unknown }
}
