/** What is left until a moment, counted down each second. */
import { useEffect, useState } from 'react'
import { formatRemaining } from '../../ui/format.ts'

export function useNow(everyMs = 1_000): number {
  const [nowMs, setNowMs] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return nowMs
}

export function Countdown({ untilMs }: { readonly untilMs: number }) {
  const nowMs = useNow()
  return <time dateTime={new Date(untilMs).toISOString()}>{spanOf(untilMs - nowMs)}</time>
}

/** `3 h 59 min`; minutes and seconds where it is less. */
export function spanOf(ms: number): string {
  const minutes = Math.floor(Math.max(0, ms) / 60_000)
  if (minutes < 60) return formatRemaining(ms).replace(/ 0 s$/, '')
  const rest = minutes % 60
  return rest === 0 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} h ${rest} min`
}
