/** Rows of a search as an indexed list of any length: pages are fetched where one looks and dropped where one does not. */
import { useQueries } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { PAGE_ROWS, pageQuery } from '../../api/exchanges.ts'
import type { Exchange, Filters } from '../../api/exchanges.ts'

export interface Pages {
  /** Rows known to exist, and a screen of unknown ones while more follow. */
  readonly length: number
  readonly isComplete: boolean
  /** Null while it is being fetched. */
  readonly row: (index: number) => Exchange | null
  readonly isPending: boolean
  readonly error: unknown
  /** Id of the newest row; empty when there is none; null while not known. */
  readonly newestId: string | null
  readonly retry: () => void
}

interface Known {
  readonly search: string
  /** `cursors[i]` opens page i; the first page needs none. */
  readonly cursors: readonly (string | undefined)[]
  readonly lastLength: number | null
  readonly newestId: string | null
}

const ROWS_AHEAD = 30

export function usePages(
  filters: Filters,
  generation: number,
  view: { readonly isEnabled: boolean; readonly first: number; readonly last: number },
): Pages {
  const search = JSON.stringify([filters, generation])
  const [stored, setKnown] = useState<Known>(() => nothingKnown(search))
  const known = stored.search === search ? stored : nothingKnown(search)
  const wanted = wantedPages(view, known.cursors.length)
  const results = useQueries({
    queries: wanted.map((index) => ({
      ...pageQuery(filters, generation, { index, cursor: known.cursors[index] }),
      enabled: view.isEnabled,
    })),
  })
  const pages = new Map(wanted.map((index, at) => [index, results[at]?.data]))
  const newest = pages.get(0)
  const tail = pages.get(known.cursors.length - 1)

  useEffect(() => {
    if (newest === undefined && tail === undefined) return
    setKnown((before) => {
      const base = before.search === search ? before : nothingKnown(search)
      const grown = tail === undefined ? base : withTail(base, known.cursors.length, tail)
      if (newest === undefined || grown.newestId !== null) return grown
      return { ...grown, newestId: newest.items[0]?.id ?? '' }
    })
  }, [search, newest, tail, known.cursors.length])

  const full = (known.cursors.length - 1) * PAGE_ROWS
  const failed = results.find(({ isError }) => isError)
  return {
    length: full + (known.lastLength ?? (known.newestId === null ? 0 : ROWS_AHEAD)),
    isComplete: known.lastLength !== null,
    row: (index) => pages.get(Math.floor(index / PAGE_ROWS))?.items[index % PAGE_ROWS] ?? null,
    isPending: known.newestId === null && failed === undefined,
    error: failed?.error ?? null,
    newestId: known.newestId,
    retry: () => {
      for (const result of results) if (result.isError) void result.refetch()
    },
  }
}

function nothingKnown(search: string): Known {
  return { search, cursors: [undefined], lastLength: null, newestId: null }
}

function withTail(
  known: Known,
  pages: number,
  tail: { readonly items: readonly Exchange[]; readonly next: string | null },
): Known {
  if (known.cursors.length !== pages || known.lastLength !== null) return known
  if (tail.next === null) return { ...known, lastLength: tail.items.length }
  return { ...known, cursors: [...known.cursors, tail.next] }
}

function wantedPages(
  view: { readonly first: number; readonly last: number },
  pages: number,
): number[] {
  const from = Math.min(Math.floor(Math.max(0, view.first) / PAGE_ROWS), pages - 1)
  const to = Math.min(Math.floor((Math.max(0, view.last) + ROWS_AHEAD) / PAGE_ROWS), pages - 1)
  return Array.from({ length: to - from + 1 }, (_, at) => from + at)
}
