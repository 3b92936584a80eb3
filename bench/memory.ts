/** Memory: a burst of 120 KB bodies on 200 connections, and what is left of it afterwards. */
import { promptBody } from './bodies.ts'
import { load } from './load.ts'
import { startCustody, usageOf } from './processes.ts'
import type { Upstream } from './processes.ts'

export interface MemoryRow {
  readonly idleMib: number
  readonly afterFirstMib: number
  readonly afterThirdMib: number
}

export async function memoryRow(
  upstream: Upstream,
  scale: number,
  say: (line: string) => void,
): Promise<MemoryRow> {
  await using target = await startCustody(upstream)
  const bodies = Array.from({ length: 200 }, (_, at) =>
    promptBody(122_880, 60_000, 60_000 + at, false),
  )
  const idleMib = usageOf(target.pid).rssMib
  const after: number[] = []
  for (let burst = 0; burst < 3; burst += 1) {
    await load(target, {
      concurrency: 200,
      count: Math.max(200, Math.round(2000 * scale)),
      bodyOf: (at) => bodies[at % bodies.length] ?? Buffer.alloc(0),
    })
    await new Promise((resolve) => setTimeout(resolve, 3000))
    after.push(usageOf(target.pid).rssMib)
  }
  say(
    `memory: idle ${idleMib.toFixed(0)} MiB, after bursts ${after.map((mib) => mib.toFixed(0)).join(', ')} MiB`,
  )
  return { idleMib, afterFirstMib: after[0] ?? 0, afterThirdMib: after[2] ?? 0 }
}
