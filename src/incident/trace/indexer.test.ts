import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import {
  chatBody,
  closingFacts,
  openingFacts,
  openTestEvidence,
  temporaryFolder,
  wholeBody,
  type TestEvidence,
} from '../../../test/harness/evidence.ts'
import { openTracing, type Tracing } from '../../app/open-tracing.ts'
import { nodeDisk } from '../../evidence/disk.ts'
import type { ExchangeId } from '../../lib/ids.ts'
import type { HeaderList } from '../../model/record.ts'
import { openStore } from '../../store/store.ts'
import { TraceIndexer } from './indexer.ts'

/** Words of its own for each place, more than are promised to be found. */
function leak(n: number): string {
  let state = (n + 1) * 2_654_435_761
  const word = (): string => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state >>> 4).toString(36)
  }
  return `${Array.from({ length: 40 }, word).join(' ')}.`
}

const JSON_TYPE: HeaderList = [['content-type', 'application/json']]
const STREAM_TYPE: HeaderList = [['content-type', 'text/event-stream']]

interface Sent {
  readonly request?: string
  readonly headers?: HeaderList
  readonly body?: Buffer
  readonly isUpload?: boolean
  readonly answer?: { readonly headers: HeaderList; readonly chunks: readonly Buffer[] }
}

async function record({ evidence }: TestEvidence, sent: Sent): Promise<ExchangeId> {
  const base = openingFacts()
  const headers = [...base.received.headers, ...(sent.headers ?? [])]
  const facts = openingFacts({ received: { ...base.received, headers } })
  const chat = chatBody([{ role: 'user', text: sent.request ?? 'nothing of interest' }])
  const body = sent.body === undefined ? wholeBody(chat.bytes, chat.spans) : wholeBody(sent.body)
  const recording = await evidence.recorder.open({
    facts,
    body: sent.isUpload === true ? { kind: 'streamed' } : body,
  })
  if (sent.isUpload === true) {
    for (const part of pieces(sent.body ?? Buffer.alloc(0), 31))
      recording.requestChunk(part, performance.now())
  }
  const answer = sent.answer ?? { headers: JSON_TYPE, chunks: [Buffer.from('{}')] }
  recording.answerHead({ status: 200, headers: answer.headers }, 'upstream', performance.now())
  for (const chunk of answer.chunks) recording.answerChunk(chunk, performance.now())
  await recording.close(closingFacts())
  return facts.id
}

function pieces(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
    bytes.subarray(n * size, (n + 1) * size),
  )
}

/** One word in each event, events cut anywhere. */
function streamOf(text: string, delta: (word: string) => object): Buffer[] {
  const events = text
    .split(/(?<= )/)
    .map((word) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: delta(word) }] })}\n\n`)
  return pieces(Buffer.from(`${events.join('')}data: [DONE]\n\n`), 23)
}

const PLACES: readonly (readonly [name: string, sent: (text: string) => Sent])[] = [
  ['a prompt', (text) => ({ request: `Read this.\n${text}\nThank you.` })],
  [
    'an answer',
    (text) => ({
      answer: {
        headers: JSON_TYPE,
        chunks: [
          Buffer.from(
            JSON.stringify({
              choices: [{ index: 0, message: { role: 'assistant', content: text } }],
            }),
          ),
        ],
      },
    }),
  ],
  [
    'a stream, a word in each event',
    (text) => ({
      answer: { headers: STREAM_TYPE, chunks: streamOf(text, (content) => ({ content })) },
    }),
  ],
  [
    'the arguments of a tool call in a stream',
    (text) => ({
      answer: {
        headers: STREAM_TYPE,
        chunks: streamOf(JSON.stringify({ path: '/tmp/x', content: text }), (part) => ({
          tool_calls: [
            {
              index: 0,
              id: 'call_1',
              type: 'function',
              function: { name: 'write', arguments: part },
            },
          ],
        })),
      },
    }),
  ],
  [
    'a compressed answer',
    (text) => ({
      answer: {
        headers: [...JSON_TYPE, ['content-encoding', 'gzip']],
        chunks: pieces(
          gzipSync(JSON.stringify({ choices: [{ index: 0, message: { content: text } }] })),
          40,
        ),
      },
    }),
  ],
  [
    'a compressed request',
    (text) => ({
      headers: [['content-encoding', 'gzip']],
      body: gzipSync(JSON.stringify({ messages: [{ content: text }] })),
    }),
  ],
  ['an upload', (text) => ({ isUpload: true, body: Buffer.from(`header\n${text}\nfooter`) })],
  [
    'base64 in a prompt',
    (text) => ({ request: `data:text/plain;base64,${Buffer.from(text).toString('base64')}` }),
  ],
  [
    'an answer that no dialect reads',
    (text) => ({
      answer: { headers: [['content-type', 'text/plain']], chunks: [Buffer.from(text)] },
    }),
  ],
]

async function tracingOf(folder: string, to: TestEvidence): Promise<Tracing> {
  return openTracing({ folder, storage: { kind: 'sqlite', folder } }, to.store, () => '')
}

test('a text is found wherever a record can hold one', async () => {
  await using folder = await temporaryFolder()
  await using to = await openTestEvidence(folder.path)
  const ids: ExchangeId[] = []
  for (const [n, [, sent]] of PLACES.entries()) ids.push(await record(to, sent(leak(n))))
  await to.evidence.flush()
  await using tracing = await tracingOf(folder.path, to)
  assert.equal(await tracing.catchUp(() => false), true)
  for (const [n, [name]] of PLACES.entries()) {
    const { exposures, isBehind } = await tracing.tracer.trace(leak(n))
    assert.deepEqual(
      exposures.map(({ row, coverage }) => [row.id, coverage > 0.95]),
      [[ids[n], true]],
      name,
    )
    assert.equal(isBehind, false)
  }
})

test('indexing that is stopped anywhere and begun again finds what one run finds, and counts nothing twice', async () => {
  await using folder = await temporaryFolder()
  await using to = await openTestEvidence(folder.path, { limits: { segmentBytesMax: 20_000 } })
  for (let round = 0; round < 6; round += 1) {
    for (const [n, [, sent]] of PLACES.entries()) await record(to, sent(leak(n + round * 100)))
  }
  await to.evidence.flush()
  await using whole = await tracingOf(folder.path, to)
  await whole.catchUp(() => false)
  const postings = async (tracing: Tracing): Promise<number> =>
    (await tracing.index.runs()).reduce((sum, run) => sum + run.postings, 0)
  const expected = await postings(whole)
  await using other = await temporaryFolder()
  await using cut = await openTracing(
    { folder: folder.path, storage: { kind: 'sqlite', folder: other.path } },
    to.store,
    () => '',
  )
  let isWhole = false
  for (let tries = 0; !isWhole && tries < 200; tries += 1) {
    // As after a crash: nothing is known but what was committed.
    const indexer = new TraceIndexer({ ...cut.parts, disk: nodeDisk, folder: folder.path })
    let tickets = 0
    isWhole = await indexer.run(() => (tickets += 1) > 1 + (tries % 5))
  }
  assert.equal(isWhole, true)
  await cut.catchUp(() => false)
  assert.equal(await postings(cut), expected)
  for (const n of [0, 103, 502]) {
    const once = await whole.tracer.trace(leak(n))
    const again = await cut.tracer.trace(leak(n))
    assert.deepEqual(again.exposures, once.exposures)
    assert.equal(once.exposures.length, 1)
  }
})

test('the index holds no word of what it finds', async () => {
  await using folder = await temporaryFolder()
  await using to = await openTestEvidence(folder.path)
  await record(to, { request: leak(7) })
  await to.evidence.flush()
  await using tracing = await tracingOf(folder.path, to)
  await tracing.catchUp(() => false)
  for (const { run } of await tracing.index.runs()) {
    for (const { data } of await tracing.index.pages(run, -1, 100)) {
      const bytes = Buffer.from(data)
      for (const word of ['ledger', 'branch', 'deputy', 'quarterly'])
        assert.ok(!bytes.includes(word))
    }
  }
})

test('every exchange of a conversation that held a block is exposed, also through lists', async () => {
  await using folder = await temporaryFolder()
  await using to = await openTestEvidence(folder.path)
  const messages = [{ role: 'user' as const, text: leak(3) }]
  const ids: ExchangeId[] = []
  for (let turn = 0; turn < 24; turn += 1) {
    const { bytes, spans } = chatBody(messages)
    const facts = openingFacts()
    ids.push(facts.id)
    const recording = await to.evidence.recorder.open({ facts, body: wholeBody(bytes, spans) })
    await recording.close(closingFacts())
    messages.push({ role: 'user', text: `turn ${turn}` })
  }
  const alone = await record(to, { request: 'another matter altogether' })
  await to.evidence.flush()
  await using tracing = await tracingOf(folder.path, to)
  await tracing.catchUp(() => false)
  const { exposures, first } = await tracing.tracer.trace(leak(3))
  assert.deepEqual(exposures.map(({ row }) => row.id).toSorted(), ids.toSorted())
  assert.equal(first?.exchange, ids[0])
  assert.ok(!exposures.some(({ row }) => row.id === alone))
})

test('a new store reads what an older index wrote', async () => {
  await using folder = await temporaryFolder()
  {
    await using to = await openTestEvidence(folder.path)
    await record(to, { request: leak(9) })
    await to.evidence.flush()
    await using tracing = await tracingOf(folder.path, to)
    await tracing.catchUp(() => false)
  }
  await using store = await openStore({ kind: 'sqlite', folder: folder.path })
  await using tracing = await openTracing(
    { folder: folder.path, storage: { kind: 'sqlite', folder: folder.path } },
    store,
    () => '',
  )
  assert.equal((await tracing.tracer.trace(leak(9))).exposures.length, 1)
})
