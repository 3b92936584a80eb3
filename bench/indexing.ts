/**
 * What the trace index costs the whole gateway at full load: `node bench/indexing.ts`, about a minute and a half.
 * Two gateways, one that indexes and one that does not, are loaded in turns. `--page` writes `docs/reference/trace-speed.md`.
 */
import { writeFile } from 'node:fs/promises'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { openTracing } from '../src/app/open-tracing.ts'
import { openStore } from '../src/store/store.ts'
import { promptBody } from './bodies.ts'
import { load, quantile } from './load.ts'
import { startCustody, startUpstream, threadsOf, type Target } from './processes.ts'

const CALLERS = 32
const ROUND_MS = Number(process.env['ROUND_MS'] ?? 5_000)
/** Of both gateways. The rounds of a pair change places, so that what grows hurts both alike. */
const PAIRS = Number(process.env['PAIRS'] ?? 6)
const WARM = 1_500
/** What is measured of a round ends with the index: a gateway whose index is further behind does not keep up. */
const LAG_MAX_MS = 8_000
const HEADERS = { 'x-sandbox-script': JSON.stringify({ bytes: 1500 }) }

interface Round {
  readonly perSecond: number
  /** Microseconds an exchange: of the thread that serves, of all threads until the index has everything. */
  readonly serving: number
  readonly all: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly lagMs: number
}

let sent = 0
const bodyOf = (): Buffer => promptBody(10_240, 2048, (sent += 1), false)

async function warm(target: Target): Promise<number> {
  const startedAt = performance.now()
  await load(target, { concurrency: CALLERS, count: WARM, bodyOf, headers: HEADERS })
  return WARM / ((performance.now() - startedAt) / 1000)
}

async function round(
  target: Target,
  count: number,
  isBehind: () => Promise<boolean>,
): Promise<Round> {
  const bodies = Array.from({ length: count }, bodyOf)
  const before = threadsOf(target.pid)
  const result = await load(target, {
    concurrency: CALLERS,
    count,
    bodyOf: (at) => bodies[at] ?? Buffer.alloc(0),
    headers: HEADERS,
  })
  if (result.failed > 0) throw new Error(`${result.failed} exchanges failed`)
  const loaded = threadsOf(target.pid)
  const endedAt = performance.now()
  while ((await isBehind()) && performance.now() - endedAt < LAG_MAX_MS) await pause(50)
  const lagMs = performance.now() - endedAt
  const after = threadsOf(target.pid)
  const micros = (of: ReadonlyMap<string, number>, names: readonly string[]): number =>
    names.reduce((sum, name) => sum + (of.get(name) ?? 0) - (before.get(name) ?? 0), 0) /
    1000 /
    count
  return {
    perSecond: count / result.seconds,
    serving: micros(loaded, ['main']),
    all: micros(after, [...after.keys()]),
    p50Ms: quantile(result.latencies, 0.5),
    p99Ms: quantile(result.latencies, 0.99),
    lagMs,
  }
}

const load1 = (loadavg()[0] ?? 0).toFixed(1)
await using upstream = await startUpstream()
await using indexed = await startCustody(upstream)
await using unindexed = await startCustody(upstream, { indexes: false })
const storage = { kind: 'sqlite', folder: indexed.folder } as const
await using store = await openStore(storage)
await using tracing = await openTracing({ folder: indexed.folder, storage }, store, () => '')
const isBehind = (): Promise<boolean> => tracing.parts.isBehind()
const never = (): Promise<boolean> => Promise.resolve(false)

await warm(unindexed)
await warm(indexed)
const perSecond = (await warm(unindexed)) * (ROUND_MS / 1000)
const count = Math.ceil(perSecond)
const rounds: { readonly with: Round; readonly without: Round }[] = []
for (let pair = 0; pair < PAIRS; pair += 1) {
  const isFirst = pair % 2 === 0
  const before = isFirst ? await round(unindexed, count, never) : null
  const one = await round(indexed, count, isBehind)
  rounds.push({ with: one, without: before ?? (await round(unindexed, count, never)) })
}

const median = (values: readonly number[]): number => quantile(values, 0.5)
const of = (which: 'with' | 'without', field: keyof Round): number =>
  median(rounds.map((pair) => pair[which][field]))
/** Of the rounds that stood next to each other. */
const ratio = (field: keyof Round): number =>
  median(rounds.map((pair) => pair.with[field] / pair.without[field]))
const row = (what: string, field: keyof Round, digits: number): string =>
  `| ${what} | ${of('without', field).toFixed(digits)} | ${of('with', field).toFixed(digits)} | ${ratio(field).toFixed(3)} |`
const lags = rounds.map((pair) => pair.with.lagMs)
const table = `| median of ${PAIRS} rounds of ${count} exchanges | without | with | ratio |
|---|---|---|---|
${row('exchanges a second', 'perSecond', 0)}
${row('CPU of the serving thread, us an exchange', 'serving', 0)}
${row('CPU of all threads, us an exchange', 'all', 0)}
${row('latency, p50, ms', 'p50Ms', 1)}
${row('latency, p99, ms', 'p99Ms', 1)}

Behind at the end of a round: ${(median(lags) / 1000).toFixed(1)} s in the middle, ${(Math.max(...lags) / 1000).toFixed(1)} s at most, after rounds of ${(count / of('with', 'perSecond')).toFixed(1)} s.
`
process.stdout.write(table)

if (process.argv.includes('--page')) {
  const { model = 'an unknown processor' } = cpus()[0] ?? {}
  await writeFile(
    join(import.meta.dirname, '..', 'docs', 'reference', 'trace-speed.md'),
    `# Indexing at full load: figures

Written by \`node bench/indexing.ts --page\` on ${cpus().length} cores of ${model}, with a load of ${load1} on the machine from other work when it began (above
1 the rates mean little; the CPU figures still do). Two gateways, alike but for the trace index, are loaded in turns by ${CALLERS} callers without a pause:
prompts of 10 KB, 2 KB of them new, answers of 1.5 KB, recorded strictly; callers and upstream share the cores. A ratio is the median over the rounds
that stood next to each other.

${table}
The bars: exchanges a second at least 0.95 of those without, CPU of the serving thread at most 1.05, and an index that has everything soon after the load
ends. All threads together may cost more: the index is made on what the gateway leaves idle ([the trace index](../design/trace-index.md)).
`,
  )
}
