/** Streams: what a target adds to the first token and to the gaps between events, at 100 callers. */
import { promptBody } from './bodies.ts'
import { load, quantile } from './load.ts'
import { TARGETS, usageOf } from './processes.ts'
import type { Upstream } from './processes.ts'

export interface StreamRow {
  readonly events: number
  readonly target: string
  readonly firstByteP50Ms: number
  readonly firstByteP99Ms: number
  readonly gapP50Ms: number
  readonly gapP99Ms: number
  readonly cpuMicrosPerEvent: number
  readonly failed: number
}

const INTERVAL_MS = 20
const CALLERS = 100
/** Callers of a service do not begin in the same millisecond; those of a benchmark must be told not to. */
const STAGGER_MS = 11

export async function streamRows(
  upstream: Upstream,
  scale: number,
  say: (line: string) => void,
): Promise<StreamRow[]> {
  const rows: StreamRow[] = []
  const bodies = Array.from({ length: 300 }, (_, at) => promptBody(10_240, 2048, 40_000 + at, true))
  for (const name of ['direct', 'bare', 'custody', 'portkey'] as const) {
    const start = TARGETS[name]
    await using target = await start(upstream)
    // A process in its first second, its code not yet compiled, says nothing of the hours that follow.
    await load(target, {
      concurrency: CALLERS,
      count: 2 * CALLERS,
      bodyOf: (at) => bodies[at % bodies.length] ?? Buffer.alloc(0),
      headers: { 'x-sandbox-script': JSON.stringify({ events: 50, intervalMs: INTERVAL_MS }) },
      staggerMs: STAGGER_MS,
    })
    for (const events of [50, 500]) {
      const count = events === 50 ? Math.max(CALLERS, Math.round(600 * scale)) : CALLERS
      const headers = {
        'x-sandbox-script': JSON.stringify({ events, intervalMs: INTERVAL_MS }),
      }
      const before = usageOf(target.pid)
      const result = await load(target, {
        concurrency: CALLERS,
        count,
        bodyOf: (at) => bodies[at % bodies.length] ?? Buffer.alloc(0),
        headers,
        staggerMs: STAGGER_MS,
      })
      const after = usageOf(target.pid)
      rows.push({
        events,
        target: target.name,
        firstByteP50Ms: quantile(result.firstBytes, 0.5),
        firstByteP99Ms: quantile(result.firstBytes, 0.99),
        gapP50Ms: quantile(result.gaps, 0.5),
        gapP99Ms: quantile(result.gaps, 0.99),
        cpuMicrosPerEvent: ((after.cpuSeconds - before.cpuSeconds) / count / events) * 1e6,
        failed: result.failed,
      })
      say(
        `${name} stream of ${events}: first byte p50 ${rows.at(-1)?.firstByteP50Ms.toFixed(2)} ms, worst gap p50 ${rows.at(-1)?.gapP50Ms.toFixed(1)} ms`,
      )
    }
  }
  return rows
}
