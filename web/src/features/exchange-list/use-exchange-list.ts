/** All that the live page knows: the search read from its text, its rows, its counts, and whether it follows. */
import { useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useState } from 'react'
import { facetsQuery, histogramQuery } from '../../api/exchanges.ts'
import type { Exchange, Facets, Filters, Histogram } from '../../api/exchanges.ts'
import { filtersOf, timeWindow } from '../query/filters.ts'
import type { TimeWindow } from '../query/filters.ts'
import { readQuery } from '../query/grammar.ts'
import type { Query } from '../query/grammar.ts'
import { useLive } from './use-live.ts'
import type { LiveRows } from './use-live.ts'
import { usePages } from './use-pages.ts'
import type { Pages } from './use-pages.ts'

export interface ExchangeListState {
  readonly query: Query
  readonly filters: Filters
  readonly window: TimeWindow
  readonly facets: Facets | undefined
  readonly histogram: Histogram | undefined
  readonly pages: Pages
  readonly rows: { readonly length: number; readonly at: (index: number) => Exchange | null }
  /** Exact when all rows are loaded; else as last counted; null while not known. */
  readonly total: number | null
  /** New exchanges that are not shown while one reads further down. */
  readonly waiting: number
  readonly stream: LiveRows['stream']
  readonly isPaused: boolean
  readonly generation: number
  readonly togglePause: () => void
  readonly reload: () => void
  readonly onView: (first: number, last: number, isAtTop: boolean) => void
}

const BUCKETS = 72
/** How often the counts follow a list that follows what happens. */
const COUNTS_MS = 5_000

export function useExchangeList(text: string): ExchangeListState {
  const [{ anchorMs, generation }, setAnchor] = useState(() => ({
    anchorMs: Date.now(),
    generation: 0,
  }))
  const [nowMs, setNowMs] = useState(anchorMs)
  const [isPaused, setPaused] = useState(false)
  const [view, setView] = useState({ first: 0, last: 0, isAtTop: true })
  const query = useMemo(() => readQuery(text), [text])
  const window = useMemo(() => timeWindow(query, anchorMs), [query, anchorMs])
  const filters = useMemo(() => filtersOf(query, window), [query, window])
  const reload = useCallback(() => {
    setNowMs(Date.now())
    setAnchor((before) => ({ anchorMs: Date.now(), generation: before.generation + 1 }))
  }, [])
  const isReadable = query.problem === null
  const isOn = window.slides && !isPaused && isReadable
  const live = useLive({ filters, generation, isOn, onReset: reload })
  const pages = usePages(filters, generation, {
    // Following begins before the list is loaded, so that nothing falls between the two.
    isEnabled: isReadable && (live.stream !== 'connecting' || generation > 0),
    ...view,
  })
  useEffect(() => {
    if (!isOn) return
    const timer = setInterval(() => setNowMs(Date.now()), COUNTS_MS)
    return () => clearInterval(timer)
  }, [isOn])

  const head = useMemo(() => newerThan(live.heard, pages.newestId), [live.heard, pages.newestId])
  const [seen, setSeen] = useState<readonly string[]>([])
  useEffect(() => {
    if (view.isAtTop && !isPaused) setSeen(head.map(({ id }) => id))
  }, [head, view.isAtTop, isPaused])
  const shown = useMemo(() => {
    const ids = new Set(seen)
    return head.filter(({ id }) => ids.has(id))
  }, [head, seen])

  const drawn = useMemo(() => timeWindow(query, nowMs), [query, nowMs])
  const facets = useQuery({
    ...facetsQuery(filters, isOn ? nowMs : anchorMs),
    enabled: isReadable,
  })
  const histogram = useQuery({
    ...histogramQuery(filters, { fromMs: drawn.fromMs, toMs: drawn.toMs, buckets: BUCKETS }),
    enabled: isReadable,
  })
  const onView = useCallback(
    (first: number, last: number, isAtTop: boolean) =>
      setView((before) =>
        before.first === first && before.last === last && before.isAtTop === isAtTop
          ? before
          : { first, last, isAtTop },
      ),
    [],
  )
  return {
    query,
    filters,
    window: drawn,
    facets: facets.data,
    histogram: histogram.data,
    pages,
    rows: {
      length: shown.length + pages.length,
      at: (index) => {
        const row = shown[index] ?? pages.row(index - shown.length)
        return row === null ? null : (live.heard.get(row.id) ?? row)
      },
    },
    total: pages.isComplete ? head.length + pages.length : (facets.data?.total ?? null),
    waiting: head.length - shown.length,
    stream: live.stream,
    isPaused,
    generation,
    togglePause: () => setPaused((before) => !before),
    reload,
    onView,
  }
}

/** Ids sort by time, so what is newer than the loaded list is told by its id; newest first. */
function newerThan(
  heard: ReadonlyMap<string, Exchange>,
  newestId: string | null,
): readonly Exchange[] {
  if (newestId === null) return []
  return [...heard.values()]
    .filter(({ id }) => id > newestId)
    .toSorted((one, other) => (one.id < other.id ? 1 : -1))
}
