/** Whether content is shown masked or as it was: revealed only while one's own reveal lasts, and forgotten when it ends. */
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { Mode } from '../../api/content.ts'
import type { ExchangeDetail } from '../../api/exchanges.ts'

export interface ContentMode {
  readonly mode: Mode
  /** Milliseconds the reveal lasts on; null without one. */
  readonly remainingMs: number | null
  readonly choose: (mode: Mode) => void
}

const TICK_MS = 1_000

export function useContentMode(detail: ExchangeDetail | undefined): ContentMode {
  const client = useQueryClient()
  const [chosen, choose] = useState<Mode>('revealed')
  const [nowMs, setNowMs] = useState(() => Date.now())
  const id = detail?.exchange.id ?? ''
  const expiresAtMs = detail?.reveal?.expiresAtMs ?? null
  const isOpen = expiresAtMs !== null && expiresAtMs > nowMs
  useEffect(() => {
    if (expiresAtMs === null) return
    setNowMs(Date.now())
    const timer = setInterval(() => setNowMs(Date.now()), TICK_MS)
    return () => clearInterval(timer)
  }, [expiresAtMs])
  useEffect(() => {
    if (isOpen || id === '') return
    client.removeQueries({
      predicate: ({ queryKey }) =>
        queryKey[0] === 'exchange' &&
        queryKey[1] === id &&
        JSON.stringify(queryKey).includes('revealed'),
    })
  }, [client, isOpen, id])
  return {
    mode: isOpen ? chosen : 'masked',
    remainingMs: isOpen ? expiresAtMs - nowMs : null,
    choose,
  }
}
