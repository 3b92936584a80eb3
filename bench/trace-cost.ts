/**
 * What the trace index costs while exchanges are recorded, in CPU, with and without it in turn: `node bench/trace-cost.ts`.
 * The recorder runs without a gateway before it, so that what the index adds stands out.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openTracing } from '../src/app/open-tracing.ts'
import { IndexThread } from '../src/app/trace-indexing.ts'
import { openEvidence, type Evidence } from '../src/evidence/open-evidence.ts'
import { silentTap } from '../src/evidence/record-tap.ts'
import { RecordFeed } from '../src/incident/trace/record-feed.ts'
import { systemClock } from '../src/lib/clock.ts'
import { newExchangeId } from '../src/lib/ids.ts'
import { openStore } from '../src/store/store.ts'
import { chatBody, closingFacts, openingFacts, type Message } from '../test/harness/evidence.ts'
import { prose } from './bodies.ts'

const EXCHANGES = Number(process.env['EXCHANGES'] ?? 6_000)
const ROUNDS = Number(process.env['ROUNDS'] ?? 4)
/** Exchanges at once. */
const CONCURRENCY = 16
const NEW_CHARS = 2_048
const BODY_CHARS = 10_240
const ANSWER_CHARS = 1_500

const history: readonly Message[] = Array.from({ length: 6 }, (_, n) => ({
  role: n === 0 ? ('system' as const) : ('user' as const),
  text: prose((BODY_CHARS - NEW_CHARS) / 6, 100 + n),
}))

/** Made before the clock starts. */
const prepared = Array.from({ length: EXCHANGES }, (_, n) => ({
  request: chatBody([...history, { role: 'user', text: prose(NEW_CHARS, 1_000_000 + n) }]),
  answer: Buffer.from(
    JSON.stringify({
      choices: [
        { index: 0, message: { role: 'assistant', content: prose(ANSWER_CHARS, 3_000_000 + n) } },
      ],
    }),
  ),
}))

async function recordAll({ recorder }: Evidence, from: number, to: number): Promise<void> {
  let next = from
  const one = async (): Promise<void> => {
    while (next < to) {
      const made = prepared[next]
      next += 1
      if (made === undefined) return
      const { bytes, spans } = made.request
      const facts = openingFacts({ id: newExchangeId(Date.now()) })
      const body = { kind: 'whole' as const, bytes, spans }
      const recording = await recorder.open({ facts, body })
      const at = performance.now()
      const headers = [['content-type', 'application/json']] as const
      recording.answerHead({ status: 200, headers }, 'upstream', at)
      recording.answerChunk(made.answer, at)
      await recording.close(closingFacts({ answerBytes: made.answer.length }))
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, one))
}

interface Cost {
  /** Microseconds of CPU for each exchange. */
  readonly all: number
  readonly mainThread: number
  readonly perSecond: number
  /** From the last record to an index that has everything. */
  readonly lagMs: number
}

type Mode = 'not at all' | 'as recorded' | 'from the record'

async function round(mode: Mode): Promise<Cost> {
  const folder = await mkdtemp(join(process.env['BENCH_FOLDER'] ?? tmpdir(), 'custody-trace-cost-'))
  try {
    await using store = await openStore({ kind: 'sqlite', folder })
    const feed = new RecordFeed()
    const evidence = await openEvidence({
      folder,
      index: store.index,
      clock: systemClock,
      limits: { freeBytesMin: 0 },
      tap: mode === 'as recorded' ? feed : silentTap,
    })
    const storage = { kind: 'sqlite', folder } as const
    const thread = new IndexThread({
      folder,
      storage,
      feed,
      onFault: (message) => console.error(message),
    })
    // The thread starts, and all code is compiled.
    const warm = Math.ceil(EXCHANGES / 6)
    await recordAll(evidence, 0, warm)
    if (mode === 'as recorded') await thread.caughtUp()
    await evidence.flush()
    const before = { all: process.cpuUsage(), main: process.threadCpuUsage() }
    const startedAt = performance.now()
    await recordAll(evidence, warm, EXCHANGES)
    const seconds = (performance.now() - startedAt) / 1000
    await evidence.flush()
    const lagFrom = performance.now()
    let main = process.threadCpuUsage(before.main)
    if (mode === 'as recorded') await thread.caughtUp()
    const lagMs = performance.now() - lagFrom
    if (mode === 'from the record') {
      await using tracing = await openTracing({ folder, storage }, store, () => '')
      await tracing.catchUp(() => false)
      main = process.threadCpuUsage(before.main)
    }
    const all = process.cpuUsage(before.all)
    const count = EXCHANGES - warm
    await thread.stop()
    await evidence[Symbol.asyncDispose]()
    return {
      all: (all.user + all.system) / count,
      mainThread: (main.user + main.system) / count,
      perSecond: count / seconds,
      lagMs,
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

const MODES: readonly Mode[] = ['not at all', 'as recorded', 'from the record']
const costs = new Map<Mode, Cost[]>(MODES.map((mode) => [mode, []]))
// Nothing of the first round counts.
for (let n = 0; n <= ROUNDS; n += 1) {
  for (const mode of MODES) {
    const cost = await round(mode)
    if (n > 0) costs.get(mode)?.push(cost)
  }
}
for (const mode of MODES) {
  const rows = costs.get(mode) ?? []
  const of = (name: keyof Cost): number => median(rows.map((row) => row[name]))
  console.log(
    `indexed ${mode.padEnd(16)} ${of('all').toFixed(0).padStart(5)} us CPU an exchange, ` +
      `${of('mainThread').toFixed(0).padStart(5)} of them on the main thread; ` +
      `${of('perSecond').toFixed(0).padStart(5)} exchanges/s; complete ${of('lagMs').toFixed(0)} ms after the last`,
  )
}
