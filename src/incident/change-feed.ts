/** Tells everyone who follows which exchanges changed, from one look at the index for all of them. */
import type { ExchangeChange, ExchangeSearch } from '../model/exchange-query.ts'

const LOOK_EVERY_MS = 250
const CHANGES_PER_LOOK = 500

export interface Place {
  readonly seq: number
  readonly id: string
}

export interface ChangeFeed extends Disposable {
  /** Hears every change after the place of the newest one at the time it is asked; ends with `stop`. */
  readonly follow: (listener: (changes: readonly ExchangeChange[]) => void) => {
    readonly from: Promise<Place>
    readonly stop: () => void
  }
}

/** Looks only while somebody follows. */
export function createChangeFeed(
  search: ExchangeSearch,
  onFailure: (error: unknown) => void,
): ChangeFeed {
  const listeners = new Set<(changes: readonly ExchangeChange[]) => void>()
  let place: Promise<Place> | null = null
  let timer: NodeJS.Timeout | null = null
  let isClosed = false

  const look = async (): Promise<void> => {
    try {
      const from = await (place ?? search.newest())
      const changes = await search.changes(from, CHANGES_PER_LOOK)
      const end = changes.at(-1)
      if (end !== undefined) place = Promise.resolve({ seq: end.seq, id: end.row.id })
      if (changes.length > 0) for (const listener of listeners) listener(changes)
    } catch (error) {
      if (!isClosed) onFailure(error)
    }
    schedule()
  }
  const schedule = (): void => {
    timer = null
    if (listeners.size === 0 || isClosed) {
      place = null
      return
    }
    timer = setTimeout(() => void look(), LOOK_EVERY_MS)
    timer.unref()
  }
  return {
    follow: (listener) => {
      listeners.add(listener)
      if (place === null) {
        place = search.newest()
        // A failure is met again, and told, at the next look.
        place.catch(() => {
          place = null
        })
      }
      const from = place
      if (timer === null) schedule()
      return { from, stop: () => void listeners.delete(listener) }
    },
    [Symbol.dispose]: () => {
      isClosed = true
      listeners.clear()
      if (timer !== null) clearTimeout(timer)
    },
  }
}
