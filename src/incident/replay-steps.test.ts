import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestEvidence, temporaryFolder } from '../../test/harness/evidence.ts'
import { chatEvents, record } from '../../test/harness/recorded.ts'
import { openai } from '../dialects/openai/index.ts'
import type { RecordedExchange } from '../evidence/reader.ts'
import type { ContentMode } from './content-view.ts'
import type { ReplayPart } from './replay-steps.ts'
import { replaySteps } from './replay-steps.ts'

const surface = openai.recognise({ method: 'POST', path: '/v1/chat/completions', query: '' })!

await using folder = await temporaryFolder()
await using to = await openTestEvidence(folder.path)
const template = (await to.evidence.reader.readExchange(await record(to)))!

interface Page {
  readonly mode?: ContentMode
  readonly from?: number
  readonly limit?: number
  /** Pieces that decode. */
  readonly decoded?: number
}

async function play(
  chunks: readonly (string | Buffer)[],
  page: Page = {},
): Promise<ReplayPart[][]> {
  const pieces = chunks.map((chunk) => Buffer.from(chunk))
  const recorded: RecordedExchange = {
    ...template,
    answerChunks: pieces.map((bytes, atMs) => ({ bytes, atMs })),
  }
  const answer = {
    pieces: pieces.slice(0, page.decoded),
    problem: '',
    read: (body: Buffer) => openai.readAnswer(surface, 'text/event-stream', body),
  }
  const { mode = 'revealed', from = 0, limit = chunks.length } = page
  const steps = await replaySteps(recorded, () => Promise.resolve(answer), { mode, from, limit })
  return steps.map(({ parts }) => [...parts])
}

const textOf = (parts: readonly ReplayPart[]): string =>
  parts
    .filter(({ channel }) => channel === 'text')
    .map(({ text }) => text)
    .join('')

test('each chunk gives what it added, channel by channel', async () => {
  const played = await play(
    chatEvents(
      { reasoning_content: 'think' },
      { content: 'Hel' },
      { content: 'lo' },
      { tool_calls: [{ index: 0, id: 'c', function: { name: 'look', arguments: '{"q"' } }] },
      { tool_calls: [{ index: 0, function: { arguments: ':1}' } }] },
      { tool_calls: [{ index: 1, id: 'd', function: { name: 'stop', arguments: '' } }] },
    ),
  )
  const call = { channel: 'tool-call', number: 0, name: 'look', restart: false } as const
  assert.deepEqual(played, [
    [{ channel: 'reasoning', number: 0, name: '', text: 'think', restart: false }],
    [{ channel: 'text', number: 0, name: '', text: 'Hel', restart: false }],
    [{ channel: 'text', number: 0, name: '', text: 'lo', restart: false }],
    [{ ...call, text: '{"q"' }],
    [{ ...call, text: ':1}' }],
    [{ channel: 'tool-call', number: 1, name: 'stop', text: '', restart: false }],
  ])
})

test('the parts of any cut add up to the whole text', async () => {
  const stream = Buffer.from(
    chatEvents({ content: 'Grüße, ' }, { content: '日本 👋 ' }, { content: '!' }).join(''),
  )
  for (let length = 1; length < 40; length += 1) {
    const chunks = Array.from({ length: Math.ceil(stream.length / length) }, (_, at) =>
      stream.subarray(at * length, (at + 1) * length),
    )
    assert.equal(textOf((await play(chunks)).flat()), 'Grüße, 日本 👋 !', `pieces of ${length}`)
  }
})

test('half of a character waits for its other half', async () => {
  const played = await play([
    `data: {"choices":[{"delta":{"content":"a\\ud83d"}}]}\n\n`,
    `data: {"choices":[{"delta":{"content":"\\udc4b"}}]}\n\n`,
  ])
  assert.deepEqual(played.map(textOf), ['a', '👋'])
})

test('an answer whose choices grow side by side starts its text again', async () => {
  const event = (index: number, content: string): string =>
    `data: ${JSON.stringify({ choices: [{ index, delta: { content } }] })}\n\n`
  const played = await play([event(0, 'a1'), event(1, 'b1'), event(0, 'a2'), event(1, 'b2')])
  assert.deepEqual(
    played.map(([part]) => [part?.text, part?.restart]),
    [
      ['a1', false],
      ['\n\nb1', false],
      ['a1a2\n\nb1', true],
      ['b2', false],
    ],
  )
})

test('pages add up to the whole, and masked steps have its lengths and no letter of it', async () => {
  const chunks = chatEvents({ content: 'one ' }, { content: 'two ' }, { content: 'three' })
  const pages = [await play(chunks, { limit: 2 }), await play(chunks, { from: 2, limit: 2 })]
  assert.deepEqual(pages.flat(), await play(chunks))
  const masked = await play(chunks, { mode: 'masked' })
  assert.deepEqual(masked.map(textOf), ['███ ', '███ ', '█████'])
})

test('chunks that do not decode add nothing to those before them', async () => {
  const half = `data: {"choices":[{"delta":{"content":"a\\ud83d"}}]}\n\n`
  assert.deepEqual((await play([half, 'gone', 'gone'], { decoded: 1 })).map(textOf), [
    'a\ud83d',
    '',
    '',
  ])
})
