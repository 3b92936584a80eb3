/** Makes a create that is sent again give the first answer instead of a second thing. */
import { hash } from 'node:crypto'
import type { Context } from 'hono'
import type { Operation } from '../identity/permissions.ts'
import { fail } from '../model/errors.ts'
import type { ApiEnv, ApiParts } from './parts.ts'

const KEEP_MS = 24 * 60 * 60 * 1000

/**
 * `create` runs at most once for a key. What it returns as `stored` is kept for repeats, so it must hold no secret:
 * what is shown once is shown once.
 */
export async function idempotent<Body extends object>(
  context: Context<ApiEnv>,
  parts: ApiParts,
  operation: Operation,
  create: () => Promise<{ readonly answer: Body; readonly stored: Body }>,
): Promise<Body> {
  const key = context.req.header('idempotency-key')
  if (key === undefined) return (await create()).answer
  const person = context.get('signedIn').person.id
  const nowMs = parts.clock.nowMs()
  const table = parts.control.idempotency
  const requestHash = hash('sha256', `${context.req.path}\n${await context.req.text()}`, 'hex')
  const known = await table.claim(
    { person, key, operation, requestHash, createdAtMs: nowMs, answer: null },
    nowMs - KEEP_MS,
  )
  if (known !== null) {
    if (known.operation !== operation || known.requestHash !== requestHash) {
      throw fail('api.key-reused')
    }
    if (known.answer === null) throw fail('api.in-progress')
    context.header('idempotency-replayed', 'true')
    context.get('audit').add({ details: { replayed: true } })
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: the first call of the same operation stored it
    return JSON.parse(known.answer.body) as Body
  }
  try {
    const { answer, stored } = await create()
    await table.complete(person, key, { status: 201, body: JSON.stringify(stored) })
    return answer
  } catch (error) {
    await table.release(person, key)
    throw error
  }
}
