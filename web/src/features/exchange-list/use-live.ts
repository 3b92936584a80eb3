/** What happens now: exchanges newer than the loaded list, and newer states of those in it. Bounded, and batched. */
import { useEffect, useReducer, useRef, useState } from 'react'
import { followEvents } from '../../api/event-stream.ts'
import type { StreamState } from '../../api/event-stream.ts'
import { liveUrl } from '../../api/exchanges.ts'
import type { Exchange, Filters } from '../../api/exchanges.ts'

export interface LiveRows {
  readonly stream: StreamState | 'off' | 'failed'
  /** Newest state of everything heard of, by id. */
  readonly heard: ReadonlyMap<string, Exchange>
  /** Grows with each batch. */
  readonly tick: number
}

interface LiveOptions {
  readonly filters: Filters
  readonly generation: number
  readonly isOn: boolean
  /** The list is too old to be continued: it has to be loaded again. */
  readonly onReset: () => void
}

/** The list is loaded again before so many have gathered that the page would feel it. */
const HEARD_MAX = 2_000
const BATCH_MS = 150

export function useLive({ filters, generation, isOn, onReset }: LiveOptions): LiveRows {
  const [stream, setStream] = useState<LiveRows['stream']>('connecting')
  const [tick, heardMore] = useReducer((count: number) => count + 1, 0)
  const heard = useRef(new Map<string, Exchange>())
  const reset = useRef(onReset)
  useEffect(() => {
    reset.current = onReset
  })
  const url = liveUrl(filters)
  useEffect(() => {
    heard.current = new Map()
    heardMore()
  }, [url, generation])
  useEffect(() => {
    if (!isOn) {
      setStream('off')
      return
    }
    const stop = new AbortController()
    let timer: ReturnType<typeof setTimeout> | null = null
    const flush = (): void => {
      timer = null
      if (heard.current.size > HEARD_MAX) reset.current()
      else heardMore()
    }
    followEvents({
      url,
      signal: stop.signal,
      onState: setStream,
      onEvent: ({ type, text }) => {
        if (type === 'reset') reset.current()
        if (type !== 'exchange') return
        const exchange = readExchange(text)
        if (exchange === null) return
        heard.current.set(exchange.id, exchange)
        timer ??= setTimeout(flush, BATCH_MS)
      },
    }).catch(() => setStream('failed'))
    return () => {
      stop.abort()
      if (timer !== null) clearTimeout(timer)
    }
  }, [url, isOn])
  return { stream, heard: heard.current, tick }
}

function readExchange(text: string): Exchange | null {
  try {
    // The event is written by the same build that this type comes from.
    return JSON.parse(text) as Exchange
  } catch {
    return null
  }
}
