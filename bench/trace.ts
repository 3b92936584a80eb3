/**
 * How fast a text is traced, how much room the trace index takes, and what it finds: `node bench/trace.ts`.
 * Writes `docs/reference/trace.md`.
 */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { openTracing } from '../src/app/open-tracing.ts'
import { openEvidence } from '../src/evidence/open-evidence.ts'
import { exchangeDocument } from '../src/incident/trace/documents.ts'
import { mergeRuns } from '../src/incident/trace/merge-runs.ts'
import { normalise } from '../src/incident/trace/normalise.ts'
import { newestOf, TRACE_VERSIONS } from '../src/incident/trace/versions.ts'
import { systemClock } from '../src/lib/clock.ts'
import { newExchangeId } from '../src/lib/ids.ts'
import { openStore } from '../src/store/store.ts'
import { PostingList } from '../src/store/trace/posting-list.ts'
import { pagesOf } from '../src/store/trace/posting-page.ts'
import { CURVE_BEGINS, CURVE_ENDS, heldCurve } from './held-curve.ts'
import { chatBody, closingFacts, openingFacts } from '../test/harness/evidence.ts'

/** Exchanges that are really recorded, read back and compared. */
const RECORDED = Number(process.env['RECORDED'] ?? 20_000)
/** The index is filled up with random postings to the size of so many exchanges. */
const EXCHANGES = Number(process.env['EXCHANGES'] ?? 1_000_000)
const QUESTIONS = Number(process.env['QUESTIONS'] ?? 1_000)
const TURNS = 10
/** Of a body of 10 KB; the rest was sent in earlier turns. */
const NEW_CHARS = 2_000

let seed = 20_261_130
function random(): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return seed / 4_294_967_296
}

const LETTERS = 'etaoinshrdlucmfwypvbgk'
const VOCABULARY = Array.from({ length: 20_000 }, () =>
  Array.from(
    { length: 3 + Math.floor(random() * 7) },
    () => LETTERS[Math.floor(random() * 22)],
  ).join(''),
)
/** Phrases that many texts share, as licences, signatures and instructions do. */
const PHRASES = Array.from({ length: 400 }, () => words(60))

function words(count: number): string {
  return Array.from(
    { length: count },
    () => VOCABULARY[Math.floor(random() ** 2 * VOCABULARY.length)],
  ).join(' ')
}

function newText(chars: number): string {
  let text = ''
  while (text.length < chars) {
    text +=
      random() < 0.1
        ? `${PHRASES[Math.floor(random() * PHRASES.length)]}.\n`
        : `${words(9)}, ${words(7)}.\n`
  }
  return text.slice(0, chars)
}

/** What happens to a passage on its way into a question. */
const WRAPPED: Readonly<Record<string, (text: string) => string>> = {
  'other white space': (text) => text.replaceAll(/\s+/g, '\n   '),
  'in capitals': (text) => text.toUpperCase(),
  'quoted mail': (text) => text.replaceAll(/^/gm, '> '),
  'line numbers': (text) =>
    text
      .split('\n')
      .map((line, n) => `${n + 7}: ${line}`)
      .join('\n'),
  'JSON in JSON': (text) => JSON.stringify(JSON.stringify(text)),
  base64: (text) => Buffer.from(text).toString('base64'),
  'its first half, among other words': (text) =>
    `As somebody said: ${text.slice(0, text.length / 2)} and so on.`,
}

const load = (loadavg()[0] ?? 0).toFixed(1)

async function writePage(): Promise<void> {
  const curve = await heldCurve()
  const page = join(import.meta.dirname, '..', 'docs', 'reference', 'trace.md')
  await writeFile(
    page,
    `# Tracing: figures

Written by \`bench/trace.ts\` on ${cpus().length} cores of ${cpus()[0]?.model ?? 'an unknown processor'}, with a load of ${load} on the machine from other work
when it began (times are upper bounds then). ${RECORDED} exchanges were really recorded (bodies of about 10 KB, 2 KB of them new, ${TURNS} turns a
conversation), indexed from their segments and traced end to end: fingerprints, look-up, decryption, comparison, exposure. The index was then filled with
random postings to the size that ${EXCHANGES} such exchanges have, all in one epoch. A *unit* is a letter or digit that is left by normalisation
([the trace index](../design/trace-index.md)); the promise begins at 100.

| what | measured |
|---|---|
${rows.map(([name, value]) => `| ${name} | ${value} |`).join('\n')}

## Below the promise

Passages of source code and prose of this repository, cut anywhere, by their length (\`node bench/held-curve.ts --page\`; each gateway draws its own secret, so
the figures of another differ a little):

${CURVE_BEGINS}
${curve}

${CURVE_ENDS}

## Bars

The bars: p95 below 300 ms for a passage of 100 units at 1,000,000 exchanges; at most 20 bytes a posting; all passages of 100 units and more found; nothing shown
that does not stand there. \`test/long/every-recorded-passage-is-traced.test.ts\` holds the promise over thousands of passages of source code and prose, plain
and re-wrapped; \`src/incident/trace/passages.test.ts\` over every kind of re-wrapping, on either side. What keeping the index up costs:
\`bench/trace-cost.ts\`, with the figures in [decision 31](../decisions/0031-the-trace-index-is-fed-in-memory.md).
`,
  )
}

const folder = await mkdtemp(join(tmpdir(), 'custody-bench-trace-'))
const took = async (work: () => Promise<unknown>): Promise<number> => {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}
const rows: (readonly [name: string, value: string])[] = []
const say = (name: string, value: string): void => {
  rows.push([name, value])
  console.log(`${name.padEnd(44)} ${value}`)
}
const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0

try {
  await using store = await openStore({ kind: 'sqlite', folder })
  const evidence = await openEvidence({
    folder,
    index: store.index,
    clock: systemClock,
    limits: { freeBytesMin: 0 },
  })
  const texts: string[] = []
  const recordMs = await took(async () => {
    for (let n = 0; n < RECORDED / TURNS; n += 1) {
      const messages = [{ role: 'system' as const, text: PHRASES[n % 20] ?? '' }]
      const session = `0000-${n}`
      for (let turn = 0; turn < TURNS; turn += 1) {
        const text = newText(NEW_CHARS / 2)
        const answer = newText(NEW_CHARS / 2)
        texts.push(text, answer)
        const { bytes, spans } = chatBody([...messages, { role: 'user' as const, text }])
        const facts = openingFacts({ id: newExchangeId(Date.now()), links: { session } })
        const recording = await evidence.recorder.open({
          facts,
          body: { kind: 'whole', bytes, spans },
        })
        recording.answerHead(
          { status: 200, headers: [['content-type', 'application/json']] },
          'upstream',
          performance.now(),
        )
        const body = JSON.stringify({
          choices: [{ index: 0, message: { role: 'assistant', content: answer } }],
        })
        recording.answerChunk(Buffer.from(body), performance.now())
        await recording.close(closingFacts({ answerBytes: body.length }))
        messages.push(
          { role: 'user' as const, text } as never,
          { role: 'assistant' as const, text: answer } as never,
        )
        // A window of about 10 KB.
        while (messages.length > 9) messages.splice(1, 1)
      }
    }
  })
  await evidence.flush()
  say('recorded', `${RECORDED} exchanges in ${(recordMs / 1000).toFixed(1)} s`)

  await using tracing = await openTracing(
    { folder, storage: { kind: 'sqlite', folder } },
    store,
    () => '',
  )
  const indexMs = await took(() => tracing.catchUp(() => false))
  const runs = await tracing.index.runs()
  const sum = (family: string): number =>
    runs.filter((run) => run.family === family).reduce((all, run) => all + run.postings, 0)
  const [passages, values, edges] = [sum('passage'), sum('value'), sum('edge')]
  const megabytes = (RECORDED * NEW_CHARS * 1.5) / 1e6
  say(
    'indexed',
    `${(RECORDED / (indexMs / 1000)).toFixed(0)} exchanges/s, ${(megabytes / (indexMs / 1000)).toFixed(2)} MB/s of new text, one thread`,
  )
  say(
    'postings of an exchange',
    `${(passages / RECORDED).toFixed(1)} passages, ${(values / RECORDED).toFixed(1)} values, ${(edges / RECORDED).toFixed(1)} links`,
  )

  const [epoch] = await tracing.index.epochs()
  const missing = Math.max(0, Math.round((passages * EXCHANGES) / RECORDED) - passages)
  const fillMs = await took(async () => {
    for (let left = missing; left > 0; left -= 250_000) {
      const list = new PostingList()
      for (let n = 0; n < Math.min(left, 250_000); n += 1) {
        list.add(
          Math.floor(random() * 2 ** 48),
          exchangeDocument(10_000_000 + Math.floor(random() * EXCHANGES), 'answer'),
        )
      }
      await tracing.index.commit(
        newestOf(TRACE_VERSIONS).version,
        [{ epoch: epoch?.epoch ?? 1, family: 'passage', pages: pagesOf(list.sorted()) }],
        [],
      )
      while (await mergeRuns(tracing.index));
    }
  })
  const all = (await tracing.index.runs()).reduce((postings, run) => postings + run.postings, 0)
  const used = (await tracing.index.runs()).reduce((sum, run) => sum + run.bytes, 0)
  const bytes = (await stat(join(folder, 'trace.db'))).size
  say(
    'filled up to',
    `${EXCHANGES} exchanges, ${(all / 1e6).toFixed(1)} million postings; ${(missing / (fillMs / 1000) / 1000).toFixed(0)} thousand a second with merging`,
  )
  say(
    'room',
    `${(used / all).toFixed(1)} bytes a posting; ${(bytes / all).toFixed(1)} of the file, with the room that merging left free; ${(bytes / 1e9).toFixed(2)} GB`,
  )

  const passageOf = (units: number): string => {
    for (;;) {
      const text = texts[Math.floor(random() * texts.length)] ?? ''
      const from = Math.floor(random() * text.length)
      for (let length = units; from + length <= text.length; length += 1) {
        if (normalise(text.slice(from, from + length), false).length >= units)
          return text.slice(from, from + length)
      }
    }
  }
  for (const units of [24, 32, 40, 50, 64, 80, 100, 150, 300]) {
    const times: number[] = []
    let found = 0
    let falsely = 0
    const questions = units >= 100 ? QUESTIONS : Math.ceil(QUESTIONS / 4)
    for (let n = 0; n < questions; n += 1) {
      const passage = passageOf(units)
      const startedAt = performance.now()
      const result = await tracing.tracer.trace(passage)
      times.push(performance.now() - startedAt)
      if (result.exposures.some(({ coverage }) => coverage > 0.85)) found += 1
      for (const { spans } of result.hits) if (spans.length === 0) falsely += 1
    }
    times.sort((a, b) => a - b)
    say(
      `passages of ${units} units`,
      `${((100 * found) / questions).toFixed(1)} % of ${questions} found, ${falsely} false; p50 ${at(times, 0.5).toFixed(1)} ms, p95 ${at(times, 0.95).toFixed(1)} ms, p99 ${at(times, 0.99).toFixed(1)} ms`,
    )
  }
  for (const [name, wrap] of Object.entries(WRAPPED)) {
    const questions = Math.ceil(QUESTIONS / 4)
    let found = 0
    for (let n = 0; n < questions; n += 1) {
      const result = await tracing.tracer.trace(wrap(passageOf(300)))
      if (result.exposures.some(({ coverage }) => coverage > 0.4)) found += 1
    }
    say(`300 units, ${name}`, `${((100 * found) / questions).toFixed(1)} % of ${questions} found`)
  }
  const absent = Array.from({ length: 200 }, () => words(30))
  const times: number[] = []
  let shown = 0
  for (const text of absent) {
    const startedAt = performance.now()
    shown += (await tracing.tracer.trace(text)).exposures.length
    times.push(performance.now() - startedAt)
  }
  times.sort((a, b) => a - b)
  say(
    'texts that nobody sent',
    `${shown} shown of ${absent.length}; p95 ${at(times, 0.95).toFixed(1)} ms`,
  )
  await evidence[Symbol.asyncDispose]()
  await writePage()
} finally {
  await rm(folder, { recursive: true, force: true })
}
