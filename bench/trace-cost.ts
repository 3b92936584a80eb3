/** What it costs to keep the trace index up with the record, in CPU of all threads: `npm run bench -- trace-cost`. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openTracing } from '../src/app/open-tracing.ts'
import { openEvidence } from '../src/evidence/open-evidence.ts'
import { systemClock } from '../src/lib/clock.ts'
import { newExchangeId } from '../src/lib/ids.ts'
import { openStore } from '../src/store/store.ts'
import { chatBody, closingFacts, openingFacts, type Message } from '../test/harness/evidence.ts'
import { prose } from './bodies.ts'

const EXCHANGES = Number(process.env['EXCHANGES'] ?? 6_000)
/** The index is brought up after so many, as the gateway does it two times a second under load. */
const EVERY = Number(process.env['EVERY'] ?? 500)
const NEW_CHARS = 2_048
const BODY_CHARS = 10_240
const ANSWER_CHARS = 1_500

const history: readonly Message[] = Array.from({ length: 6 }, (_, n) => ({
  role: n === 0 ? ('system' as const) : ('user' as const),
  text: prose((BODY_CHARS - NEW_CHARS) / 6, 100 + n),
}))

const folder = await mkdtemp(join(process.env['BENCH_FOLDER'] ?? tmpdir(), 'custody-trace-cost-'))
try {
  await using store = await openStore({ kind: 'sqlite', folder })
  const evidence = await openEvidence({
    folder,
    index: store.index,
    clock: systemClock,
    limits: { freeBytesMin: 0 },
  })
  await using tracing = await openTracing(
    { folder, storage: { kind: 'sqlite', folder } },
    store,
    () => '',
  )
  const record = async (n: number): Promise<void> => {
    const { bytes, spans } = chatBody([
      ...history,
      { role: 'user', text: prose(NEW_CHARS, 1_000_000 + n) },
    ])
    const facts = openingFacts({ id: newExchangeId(Date.now()) })
    const body = { kind: 'whole' as const, bytes, spans }
    const recording = await evidence.recorder.open({ facts, body })
    const at = performance.now()
    const headers = [['content-type', 'application/json']] as const
    recording.answerHead({ status: 200, headers }, 'upstream', at)
    const message = { role: 'assistant', content: prose(ANSWER_CHARS, 3_000_000 + n) }
    recording.answerChunk(Buffer.from(JSON.stringify({ choices: [{ index: 0, message }] })), at)
    await recording.close(closingFacts({ answerBytes: ANSWER_CHARS }))
  }
  const all = { user: 0, system: 0, ms: 0 }
  let counted = 0
  for (let n = 0; n < EXCHANGES; n += EVERY) {
    for (let at = n; at < n + EVERY; at += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, one) => record(at + one)))
    }
    await evidence.flush()
    const startedAt = performance.now()
    const before = process.cpuUsage()
    await tracing.catchUp(() => false)
    const used = process.cpuUsage(before)
    // The first rounds compile the code.
    if (n < EXCHANGES / 3) continue
    counted += EVERY
    all.user += used.user
    all.system += used.system
    all.ms += performance.now() - startedAt
  }
  const postings = (await tracing.index.runs()).reduce((sum, run) => sum + run.postings, 0)
  console.log(
    `${((all.user + all.system) / counted).toFixed(1)} us CPU an exchange (${(all.user / counted).toFixed(1)} user), ` +
      `${((all.ms * 1000) / counted).toFixed(1)} us of time; ${(postings / EXCHANGES).toFixed(1)} postings an exchange`,
  )
  await evidence[Symbol.asyncDispose]()
} finally {
  await rm(folder, { recursive: true, force: true })
}
