/** Follows exchanges of a control plane live, taking the stream up again where it broke off. */
import { Exchange, followExchanges } from '../../api/contract/exchanges.ts'
import { say } from '../output.ts'
import { pause } from '../pause.ts'
import type { ApiClient } from './api-client.ts'
import { checked, unreachable } from './api-client.ts'
import { serverEvents } from './event-stream.ts'
import { RemoteFailure } from './remote-failure.ts'
import type { RemoteFilter } from './remote-exchanges.ts'
import { PAGE_MAX, filterQuery, remotePages } from './remote-exchanges.ts'

type Filter = RemoteFilter

const RETRY_MIN_MS = 500
const RETRY_MAX_MS = 10_000
/** The server writes every two seconds. */
const SILENCE_MAX_MS = 30_000

interface Following {
  readonly api: ApiClient
  readonly filter: Filter
  readonly signal: AbortSignal
  lastEventId: string | null
  /** Open exchanges and those since the asked time are listed once, after the stream has begun. */
  isListed: boolean
}

/** Ends when `signal` aborts. Throws `RemoteFailure` when the server refuses, or was never reached. */
export async function* remoteTail(
  api: ApiClient,
  filter: Filter,
  signal: AbortSignal,
): AsyncGenerator<Exchange> {
  const following: Following = { api, filter, signal, lastEventId: null, isListed: false }
  let retryMs = RETRY_MIN_MS
  while (!signal.aborted) {
    try {
      for await (const exchange of once(following)) {
        retryMs = RETRY_MIN_MS
        yield exchange
      }
      // The server ends every stream after some minutes.
      await pause(RETRY_MIN_MS, signal)
    } catch (error) {
      if (signal.aborted) return
      const failure = error instanceof RemoteFailure ? error : unreachable(api.baseUrl, error)
      if (!following.isListed || isFinal(failure)) throw failure
      say(`warning: the connection was lost; trying again in ${retryMs / 1000} s`)
      await pause(retryMs, signal)
      retryMs = Math.min(retryMs * 2, RETRY_MAX_MS)
    }
  }
}

function isFinal({ status }: RemoteFailure): boolean {
  return status !== null && status < 500 && status !== 429
}

async function* once(following: Following): AsyncGenerator<Exchange> {
  const { api, filter, lastEventId } = following
  using silence = new Silence(following.signal)
  const answer = await api.open(
    followExchanges,
    {
      query: filterQuery(filter),
      headers: lastEventId === null ? {} : { 'last-event-id': lastEventId },
    },
    silence.signal,
  )
  if (answer.body === null) return
  const seen = new Set<string>()
  for await (const event of serverEvents(answer.body)) {
    silence.broken()
    if (event === 'alive') continue
    if (event.id !== null) following.lastEventId = event.id
    if (event.event === 'reset') {
      say('warning: too much happened at once; some exchanges are not shown')
    } else if (event.event === 'ready' && !following.isListed) {
      for (const exchange of await before(api, filter)) {
        seen.add(`${exchange.id} ${exchange.state}`)
        yield exchange
      }
      following.isListed = true
    } else if (event.event === 'exchange') {
      const exchange = checked(Exchange, event.data, api.baseUrl)
      if (!seen.delete(`${exchange.id} ${exchange.state}`)) yield exchange
    }
  }
}

/** In order of arrival. */
async function before(api: ApiClient, filter: Filter): Promise<readonly Exchange[]> {
  const rows = new Map<string, Exchange>()
  const collect = async (asked: Filter, limit: number): Promise<void> => {
    for await (const page of remotePages(api, asked, limit)) {
      for (const row of page) rows.set(row.id, row)
    }
  }
  if (filter.state === undefined || filter.state === 'open') {
    await collect({ ...filter, state: 'open' }, PAGE_MAX)
  }
  if (filter.sinceMs !== undefined) await collect(filter, Number.POSITIVE_INFINITY)
  return [...rows.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

/** Aborts with the command, or when nothing has come for too long. */
class Silence {
  readonly #abort = new AbortController()
  readonly #timer: NodeJS.Timeout
  readonly signal: AbortSignal

  constructor(signal: AbortSignal) {
    this.signal = AbortSignal.any([signal, this.#abort.signal])
    this.#timer = setTimeout(() => {
      this.#abort.abort(new DOMException('nothing came', 'TimeoutError'))
    }, SILENCE_MAX_MS)
  }

  broken(): void {
    this.#timer.refresh()
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#abort.abort()
  }
}
