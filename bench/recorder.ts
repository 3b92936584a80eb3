/** Measures the recorder alone: CPU and latency per exchange, bytes stored, and the cost of a long conversation. */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { openEvidence } from '../src/evidence/open-evidence.ts'
import { systemClock } from '../src/lib/clock.ts'
import { openStore } from '../src/store/store.ts'
import { chatBody, closingFacts, openingFacts, type Message } from '../test/harness/evidence.ts'

const text = (bytes: number): string => {
  // Words, not noise: prompts compress about two to one.
  let out = ''
  while (out.length < bytes)
    out += `${randomBytes(3).toString('base64url')} the ${randomBytes(2).toString('hex')} of `
  return out.slice(0, bytes)
}

const percentile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0

async function storedBytes(folder: string): Promise<number> {
  let sum = 0
  for (const instance of await readdir(join(folder, 'segments'))) {
    for (const name of await readdir(join(folder, 'segments', instance))) {
      sum += (await stat(join(folder, 'segments', instance, name))).size
    }
  }
  return sum
}

async function withEvidence<T>(
  work: (evidence: Awaited<ReturnType<typeof openEvidence>>, folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'custody-bench-'))
  const store = await openStore({ kind: 'sqlite', folder })
  const evidence = await openEvidence({
    folder,
    index: store.index,
    clock: systemClock,
    limits: { freeBytesMin: 0 },
  })
  try {
    return await work(evidence, folder)
  } finally {
    await evidence[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Bodies of `bytes`, of which `fresh` bytes were never seen. */
function bodies(
  count: number,
  bytes: number,
  fresh: number,
): readonly ReturnType<typeof chatBody>[] {
  const shared: Message[] = []
  for (let left = bytes - fresh; left > 0; left -= 1000)
    shared.push({
      role: left > bytes - fresh - 1000 ? 'system' : 'user',
      text: text(Math.min(left, 1000)),
    })
  return Array.from({ length: count }, () =>
    chatBody([...shared, { role: 'user', text: text(fresh) }]),
  )
}

const answer = Buffer.from(text(1000))

async function load(
  concurrency: number,
  count: number,
  bytes: number,
  fresh: number,
): Promise<void> {
  const prepared = bodies(count + 200, bytes, fresh)
  await withEvidence(async ({ recorder, flush }, folder) => {
    let at = 0
    const opens: number[] = []
    const closes: number[] = []
    const one = async (): Promise<void> => {
      const body = prepared[at]
      at += 1
      if (body === undefined) return
      const facts = openingFacts()
      const t0 = performance.now()
      const recording = await recorder.open({
        facts,
        body: { kind: 'whole', bytes: body.bytes, spans: body.spans },
      })
      const t1 = performance.now()
      recording.answerHead(
        { status: 200, headers: [['content-type', 'application/json']] },
        'upstream',
        t1,
      )
      recording.answerChunk(answer, t1)
      await recording.close(closingFacts({ answerBytes: answer.length }))
      opens.push(t1 - t0)
      closes.push(performance.now() - t1)
    }
    for (let i = 0; i < 200; i += 1) await one()
    await flush()
    opens.length = 0
    closes.length = 0
    const before = await storedBytes(folder)
    const cpu = process.cpuUsage()
    const start = performance.now()
    const worker = async (): Promise<void> => {
      while (at < prepared.length) await one()
    }
    await Promise.all(Array.from({ length: concurrency }, worker))
    const elapsed = performance.now() - start
    await flush()
    const used = process.cpuUsage(cpu)
    const main = process.resourceUsage()
    void main
    opens.sort((a, b) => a - b)
    closes.sort((a, b) => a - b)
    const row = {
      body: bytes,
      fresh,
      concurrency,
      'us cpu/exchange': Math.round((used.user + used.system) / count),
      'us wall/exchange': Math.round((elapsed * 1000) / count),
      'exchanges/s': Math.round((count / elapsed) * 1000),
      'open p50 ms': +percentile(opens, 0.5).toFixed(3),
      'open p99 ms': +percentile(opens, 0.99).toFixed(3),
      'close p50 ms': +percentile(closes, 0.5).toFixed(3),
      'close p99 ms': +percentile(closes, 0.99).toFixed(3),
      'stored/exchange': Math.round(((await storedBytes(folder)) - before) / count),
    }
    console.log(JSON.stringify(row))
  })
}

/** CPU of `open` alone while the journal waits: what the caller's thread spends before the disk. */
async function conversation(turns: number, perTurn: number): Promise<void> {
  await withEvidence(async ({ recorder, reader, flush }) => {
    const messages: Message[] = [{ role: 'system', text: text(2000) }]
    const tools = `,"tools":${JSON.stringify(Array.from({ length: 20 }, (_, i) => ({ name: `tool${i}`, description: 'does things' })))}`
    const rows: { sync: number; stored: number; bytes: number; blocks: number }[] = []
    for (let turn = 1; turn <= turns; turn += 1) {
      messages.push(
        { role: 'assistant', text: text(perTurn / 2) },
        { role: 'user', text: text(perTurn / 2) },
      )
      const body = chatBody(messages, tools)
      const facts = openingFacts()
      const t0 = performance.now()
      const opening = recorder.open({
        facts,
        body: { kind: 'whole', bytes: body.bytes, spans: body.spans },
      })
      const sync = (performance.now() - t0) * 1000
      const recording = await opening
      recording.answerChunk(answer, performance.now())
      await recording.close(closingFacts({ answerBytes: answer.length }))
      await flush()
      const found = await reader.readExchange(facts.id)
      if (found === null || found.problems.length > 0 || !found.requestBody?.equals(body.bytes))
        throw new Error('rebuild failed')
      rows.push({
        sync,
        stored: found.row.storedBytes,
        bytes: body.bytes.length,
        blocks: body.spans.length,
      })
    }
    const mean = (from: number, to: number, key: 'sync' | 'stored'): number =>
      rows.slice(from, to).reduce((sum, row) => sum + row[key], 0) / (to - from)
    const last = rows.at(-1)
    console.log(
      JSON.stringify({
        turns,
        'last body': last?.bytes,
        blocks: last?.blocks,
        'stored turn 2..6': Math.round(mean(1, 6, 'stored')),
        'stored last 5': Math.round(mean(turns - 5, turns, 'stored')),
        ratio: +(mean(turns - 5, turns, 'stored') / mean(1, 6, 'stored')).toFixed(2),
        'open us turn 10..30': Math.round(mean(9, 30, 'sync')),
        'open us last 20': Math.round(mean(turns - 20, turns, 'sync')),
      }),
    )
  })
}

await conversation(100, 2000)
await conversation(100, 2000)
for (const concurrency of [1, 16, 64]) await load(concurrency, 3000, 10_000, 2000)
for (const concurrency of [1, 64]) await load(concurrency, 3000, 10_000, 10_000)
