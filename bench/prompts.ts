/** Whole answers: throughput, CPU per exchange and latency by body size, for each target in turn. */
import { freshBody, promptBody } from './bodies.ts'
import { load, quantile } from './load.ts'
import { TARGETS, usageOf } from './processes.ts'
import type { Upstream } from './processes.ts'

export interface PromptRow {
  readonly body: string
  readonly concurrency: number
  readonly target: string
  readonly perSecond: number
  readonly cpuMicros: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly rssMib: number
  readonly failed: number
}

interface Shape {
  readonly name: string
  readonly count: number
  readonly bodyOf: (at: number) => Buffer
}

const SCRIPT = { 'x-sandbox-script': JSON.stringify({ bytes: 1500 }) }

/** Bodies are made before the clock starts. */
function shape(name: string, count: number, make: (at: number) => Buffer): Shape {
  const bodies = Array.from({ length: Math.max(count, 50) }, (_, at) => make(at))
  return { name, count, bodyOf: (at) => bodies[at % bodies.length] ?? Buffer.alloc(0) }
}

export async function promptRows(
  upstream: Upstream,
  scale: number,
  say: (line: string) => void,
): Promise<PromptRow[]> {
  const many = (count: number): number => Math.max(50, Math.round(count * scale))
  const shapes: Shape[] = [
    shape('1 KB, all new', many(6000), (at) => freshBody(1024, at, false)),
    shape('10 KB, 2 KB new', many(6000), (at) => promptBody(10_240, 2048, at, false)),
    shape('10 KB, all new', many(4000), (at) => freshBody(10_240, 10_000 + at, false)),
    shape('120 KB, 2 KB new', many(1500), (at) => promptBody(122_880, 2048, 20_000 + at, false)),
    shape('1 MB, 2 KB new', many(200), (at) => promptBody(1_048_576, 2048, 30_000 + at, false)),
  ]
  const rows: PromptRow[] = []
  for (const [name, start] of Object.entries(TARGETS)) {
    await using target = await start(upstream)
    for (const { name: body, count, bodyOf } of shapes) {
      for (const concurrency of callersOf(name, body)) {
        await load(target, {
          concurrency,
          count: Math.min(400, count),
          bodyOf: (at) => bodyOf(count - 1 - at),
          headers: SCRIPT,
        })
        const before = usageOf(target.pid)
        const result = await load(target, { concurrency, count, bodyOf, headers: SCRIPT })
        const after = usageOf(target.pid)
        rows.push({
          body,
          concurrency,
          target: target.name,
          perSecond: count / result.seconds,
          cpuMicros: ((after.cpuSeconds - before.cpuSeconds) / count) * 1e6,
          p50Ms: quantile(result.latencies, 0.5),
          p99Ms: quantile(result.latencies, 0.99),
          rssMib: after.rssMib,
          failed: result.failed,
        })
        say(
          `${name} ${body} x${concurrency}: ${(count / result.seconds).toFixed(0)}/s, ${rows.at(-1)?.cpuMicros.toFixed(0)} us CPU, ${result.failed} failed`,
        )
      }
    }
  }
  return rows
}

/** Masking is measured where its budget stands. */
function callersOf(target: string, body: string): readonly number[] {
  if (target === 'masking') return body.startsWith('10 KB') ? [16] : []
  return body.startsWith('10 KB, 2') ? [1, 16, 64] : [16]
}
