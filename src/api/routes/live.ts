/** Serves exchanges as they happen, as server-sent events that can be resumed. */
import { streamSSE } from 'hono/streaming'
import type { SSEStreamingApi } from 'hono/streaming'
import { matchesQuery } from '../../incident/matches-query.ts'
import type { Place } from '../../incident/change-feed.ts'
import type { ExchangeChange, ExchangeQuery } from '../../model/exchange-query.ts'
import { fail } from '../../model/errors.ts'
import { reachOf } from '../../identity/permissions.ts'
import { followExchanges } from '../contract/exchanges.ts'
import { signedIn } from '../guard.ts'
import { heldFor } from '../held.ts'
import type { ApiParts } from '../parts.ts'
import type { Registrar } from '../registrar.ts'
import { ownerOf } from '../registrar.ts'
import { queryOf } from '../filter-query.ts'
import { shownExchange } from '../shown.ts'
import type { Owner } from '../../incident/exchange-desk.ts'

/** Who missed more than this loads the list again. */
const MISSED_MAX = 1000
/** A reader slower than its stream is told to load the list again instead of filling our memory. */
const QUEUE_MAX = 2000
const STREAMS_MAX = 200
/** The query of a stream is made once; a browser comes back by itself and is judged anew. */
const STREAM_MS = 5 * 60 * 1000
/** A session that was ended or a role that was taken away must not live on in a stream. */
const JUDGE_MS = 2_000

export function liveRoutes({ app, parts, guarded }: Registrar): void {
  let streams = 0
  app.openapi(guarded(followExchanges), async (context) => {
    if (streams >= STREAMS_MAX) throw fail('api.rate')
    const owner = await ownerOf(context, parts)
    const query = queryOf(context.req.valid('query'), owner, parts.clock.nowMs())
    const last = placeOf(context.req.valid('header')['last-event-id'])
    // A proxy that buffers would make live late.
    context.header('x-accel-buffering', 'no')
    const reach = context.get('reach')
    const isStillAllowed = async (): Promise<boolean> => {
      try {
        const { roles } = await signedIn(context, parts, false)
        return reachOf('exchanges.live', roles) === reach
      } catch {
        return false
      }
    }
    return streamSSE(context, async (stream) => {
      streams += 1
      try {
        await serveLive(stream, parts, { query, owner, last, isStillAllowed })
      } finally {
        streams -= 1
      }
    })
  })
}

function placeOf(text: string | undefined): Place | null {
  const match = /^(\d{1,16})\.(ex_[0-9a-z]{26})?$/.exec(text ?? '')
  return match === null ? null : { seq: Number(match[1]), id: match[2] ?? '' }
}

async function serveLive(
  stream: SSEStreamingApi,
  parts: ApiParts,
  ask: {
    readonly query: ExchangeQuery
    readonly owner: Owner
    readonly last: Place | null
    readonly isStillAllowed: () => Promise<boolean>
  },
): Promise<void> {
  const queue = new ChangeQueue()
  const following = parts.feed.follow((changes) => queue.push(changes))
  stream.onAbort(() => queue.close())
  const end = setTimeout(() => queue.close(), STREAM_MS)
  end.unref()
  try {
    let from = await following.from
    await stream.writeSSE({ event: 'ready', data: '{}', id: idOf(ask.last ?? from) })
    const missed = ask.last === null ? [] : await missedSince(parts, ask.last)
    if (missed === null) await stream.writeSSE({ event: 'reset', data: '{}', id: idOf(from) })
    else {
      await send(stream, parts, missed, ask)
      from = placeAfter(missed) ?? ask.last ?? from
    }
    let judgedAtMs = parts.clock.monotonicMs()
    for (;;) {
      const changes = await queue.next(JUDGE_MS)
      if (changes === null || stream.aborted) return
      if (parts.clock.monotonicMs() - judgedAtMs >= JUDGE_MS) {
        if (!(await ask.isStillAllowed())) return
        judgedAtMs = parts.clock.monotonicMs()
      }
      if (changes.length === 0) await stream.write(': still here\n\n')
      if (queue.overflowed()) {
        await stream.writeSSE({ event: 'reset', data: '{}' })
        continue
      }
      await send(
        stream,
        parts,
        changes.filter((change) => isAfter(change, from)),
        ask,
      )
    }
  } finally {
    clearTimeout(end)
    following.stop()
  }
}

async function missedSince(
  parts: ApiParts,
  last: Place,
): Promise<readonly ExchangeChange[] | null> {
  const missed = await parts.desk.search.changes(last, MISSED_MAX + 1)
  return missed.length > MISSED_MAX ? null : missed
}

async function send(
  stream: SSEStreamingApi,
  parts: ApiParts,
  changes: readonly ExchangeChange[],
  ask: { readonly query: ExchangeQuery; readonly owner: Owner },
): Promise<void> {
  const wanted = changes.filter(({ row }) => matchesQuery(row, ask.query))
  const held = await heldFor(
    parts,
    ask.owner,
    wanted.map(({ row }) => row),
  )
  for (const change of wanted) {
    await stream.writeSSE({
      event: 'exchange',
      id: idOf({ seq: change.seq, id: change.row.id }),
      data: JSON.stringify(shownExchange(change.row, ask.owner, held.get(change.row.id))),
    })
  }
}

function idOf(place: Place): string {
  return `${place.seq}.${place.id}`
}

function placeAfter(changes: readonly ExchangeChange[]): Place | null {
  const end = changes.at(-1)
  return end === undefined ? null : { seq: end.seq, id: end.row.id }
}

function isAfter(change: ExchangeChange, place: Place): boolean {
  return change.seq > place.seq || (change.seq === place.seq && change.row.id > place.id)
}

/** Holds what one reader has not been sent yet. */
class ChangeQueue {
  #waiting: ExchangeChange[] = []
  #isClosed = false
  #overflowed = false
  #wake: (() => void) | null = null

  push(changes: readonly ExchangeChange[]): void {
    if (this.#waiting.length + changes.length > QUEUE_MAX) {
      this.#waiting = []
      this.#overflowed = true
    } else this.#waiting.push(...changes)
    this.#wake?.()
  }

  close(): void {
    this.#isClosed = true
    this.#wake?.()
  }

  /** True once after changes had to be dropped. */
  overflowed(): boolean {
    const was = this.#overflowed
    this.#overflowed = false
    return was
  }

  /** Empty after `idleMs` without a change; null when closed. */
  async next(idleMs: number): Promise<readonly ExchangeChange[] | null> {
    if (this.#waiting.length === 0 && !this.#isClosed && !this.#overflowed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, idleMs)
        timer.unref()
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      this.#wake = null
    }
    if (this.#isClosed) return null
    const changes = this.#waiting
    this.#waiting = []
    return changes
  }
}
