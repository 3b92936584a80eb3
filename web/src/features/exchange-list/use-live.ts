/** What happens now: exchanges newer than the loaded list, and newer states of those in it. Bounded, and batched. */
import { useEffect, useRef, useState } from 'react'
import { followEvents } from '../../api/event-stream.ts'
import type { StreamState } from '../../api/event-stream.ts'
import { liveUrl } from '../../api/exchanges.ts'
import type { Exchange, Filters } from '../../api/exchanges.ts'

export interface LiveRows {
  readonly stream: StreamState | 'off' | 'failed'
  /** Newest state of everything heard of, by id. */
  readonly heard: ReadonlyMap<string, Exchange>
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
const NOTHING: LiveRows['heard'] = new Map()

export function useLive({ filters, generation, isOn, onReset }: LiveOptions): LiveRows {
  const [stream, setStream] = useState<LiveRows['stream']>('connecting')
  const [heard, setHeard] = useState<LiveRows['heard']>(NOTHING)
  const reset = useRef(onReset)
  useEffect(() => {
    reset.current = onReset
  })
  const url = liveUrl(filters)
  useEffect(() => setHeard(NOTHING), [url, generation])
  useEffect(() => {
    if (!isOn) {
      setStream('off')
      return
    }
    const stop = new AbortController()
    const batch = new Map<string, Exchange>()
    let timer: ReturnType<typeof setTimeout> | null = null
    const flush = (): void => {
      timer = null
      const news = [...batch]
      batch.clear()
      setHeard((before) => new Map([...before, ...news]))
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
        batch.set(exchange.id, exchange)
        timer ??= setTimeout(flush, BATCH_MS)
      },
    }).catch(() => setStream('failed'))
    return () => {
      stop.abort()
      if (timer !== null) clearTimeout(timer)
    }
  }, [url, isOn])
  useEffect(() => {
    if (heard.size > HEARD_MAX) reset.current()
  }, [heard])
  return { stream, heard }
}

function readExchange(text: string): Exchange | null {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: the event is written by the same build that the type comes from
    return JSON.parse(text) as Exchange
  } catch {
    return null
  }
}
