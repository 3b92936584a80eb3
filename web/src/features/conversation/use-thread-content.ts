/** The content of the turns that are read, masked or, while a reveal of the conversation lasts, as it was. */
import { useQueries, useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useState } from 'react'
import { contentQuery } from '../../api/content.ts'
import type { Content, Mode } from '../../api/content.ts'
import { openRevealsQuery } from '../../api/conversations.ts'
import type { Thread } from '../../api/conversations.ts'
import { mayCall, useMe } from '../access/me.ts'

export interface TurnContent {
  readonly data: Content | undefined
  readonly error: unknown
}

export interface ThreadContent {
  readonly mayRead: boolean
  readonly mayReveal: boolean
  readonly mode: Mode
  /** When the open reveal ends; null without one. */
  readonly expiresAtMs: number | null
  readonly ofTurn: ReadonlyMap<string, TurnContent>
  /** A turn came into sight. */
  readonly want: (id: string) => void
}

/** A short thread is read at once; of a long one what comes into sight, because each reading is evidence. */
const AT_ONCE = 30

export function useThreadContent(thread: Thread | undefined): ThreadContent {
  const me = useMe()
  const [wanted, setWanted] = useState<ReadonlySet<string>>(new Set())
  const mayReveal = mayCall(me, 'content.reveal') && thread?.id != null
  const reveals = useQuery({ ...openRevealsQuery, enabled: mayReveal })
  const reveal = reveals.data?.find(
    ({ scope }) =>
      mayReveal && scope.kind === 'query' && scope.filter['conversation'] === thread.id,
  )
  const expiresAtMs = useUntil(reveal?.expiresAtMs ?? null)
  const mode: Mode = expiresAtMs === null ? 'masked' : 'revealed'
  const mayRead = mayCall(me, 'content.read')
  const ids = (thread?.exchanges ?? []).map(({ exchange }) => exchange.id)
  const read = mayRead ? ids.filter((id) => ids.length <= AT_ONCE || wanted.has(id)) : []
  // What was revealed is dropped from the cache as soon as nobody asks for it: when the reveal ends, or on leaving.
  const contents = useQueries({ queries: read.map((id) => contentQuery(id, mode)) })
  const want = useCallback(
    (id: string) => setWanted((before) => (before.has(id) ? before : new Set([...before, id]))),
    [],
  )
  return {
    mayRead,
    mayReveal,
    mode,
    expiresAtMs,
    ofTurn: new Map(
      read.map((id, at) => [id, { data: contents[at]?.data, error: contents[at]?.error ?? null }]),
    ),
    want,
  }
}

/** The moment itself until it has passed, then null. */
function useUntil(ms: number | null): number | null {
  const [passed, setPassed] = useState<number | null>(null)
  useEffect(() => {
    if (ms === null) return
    const timer = setTimeout(() => setPassed(ms), Math.max(0, ms - Date.now()))
    return () => clearTimeout(timer)
  }, [ms])
  return ms === null || ms === passed ? null : ms
}
