/** Compares checkouts of Custody under one load: CPU per exchange of each thread, in turns, so that a busy machine hurts all alike. */
import { freshBody, promptBody } from './bodies.ts'
import { load, quantile } from './load.ts'
import { startCustody, startUpstream, TARGETS, threadsOf } from './processes.ts'
import type { Target } from './processes.ts'

// node bench/compare.ts [--rounds 20] [--callers 16] [--fresh] [--stream] [bare] [masking] [portkey] CHECKOUT…
const words = process.argv.slice(2)
const option = (name: string, otherwise: number): number => {
  const at = words.indexOf(`--${name}`)
  return at === -1 ? otherwise : Number(words.splice(at, 2)[1])
}
const flag = (name: string): boolean => {
  const at = words.indexOf(`--${name}`)
  if (at !== -1) words.splice(at, 1)
  return at !== -1
}
const rounds = option('rounds', 20)
const callers = option('callers', 16)
const fresh = flag('fresh')
const streams = flag('stream')
const checkouts = words

const BURST = 300
const WARM = 1500

const bodies = Array.from({ length: WARM + rounds * BURST }, (_, at) =>
  fresh ? freshBody(10_240, at, streams) : promptBody(10_240, 2048, at, streams),
)
const script = streams ? { events: 50, intervalMs: 20 } : { bytes: 1500 }
const headers = { 'x-sandbox-script': JSON.stringify(script) }

/** Microseconds of each thread for an exchange of one burst, and what the caller waited. */
async function burst(target: Target, from: number): Promise<ReadonlyMap<string, number>> {
  const before = threadsOf(target.pid)
  const result = await load(target, {
    concurrency: callers,
    count: BURST,
    bodyOf: (at) => bodies[(from + at) % bodies.length] ?? Buffer.alloc(0),
    headers,
  })
  const after = threadsOf(target.pid)
  if (result.failed > 0) throw new Error(`${result.failed} exchanges failed`)
  const micros = new Map<string, number>()
  for (const [name, time] of after)
    micros.set(name, (time - (before.get(name) ?? 0)) / 1000 / BURST)
  micros.set(
    'all',
    micros.values().reduce((sum, time) => sum + time, 0),
  )
  micros.set('ms', quantile(streams ? result.firstBytes : result.latencies, 0.5))
  return micros
}

await using upstream = await startUpstream()
await using stack = new AsyncDisposableStack()
const targets = new Map<string, Target>()
for (const checkout of checkouts) {
  const target = stack.use(
    checkout === 'bare' || checkout === 'masking' || checkout === 'portkey'
      ? await TARGETS[checkout](upstream)
      : await startCustody(upstream, { checkout }),
  )
  targets.set(checkout, target)
  for (let at = 0; at < WARM; at += BURST) await burst(target, at)
}
const found = new Map(checkouts.map((checkout) => [checkout, new Map<string, number[]>()]))
for (let round = 0; round < rounds; round += 1) {
  for (const [checkout, target] of targets) {
    for (const [name, value] of await burst(target, WARM + round * BURST)) {
      const values = found.get(checkout)
      values?.set(name, [...(values.get(name) ?? []), value])
    }
  }
}
for (const [checkout, values] of found) {
  // The better quarter: what else runs on the machine only ever adds.
  const cells = Array.from(values, ([name, all]) => `${name} ${quantile(all, 0.25).toFixed(1)}`)
  console.log(`${checkout}: ${cells.join('  ')}`)
}
