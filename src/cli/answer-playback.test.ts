import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chatEvents } from '../../test/harness/recorded.ts'
import { openai } from '../dialects/openai/index.ts'
import { AnswerPlayback } from './answer-playback.ts'
import type { PlayedPart } from './answer-playback.ts'

const surface = openai.recognise({ method: 'POST', path: '/v1/chat/completions', query: '' })!

function play(chunks: readonly (string | Buffer)[]): PlayedPart[][] {
  const playback = new AnswerPlayback({
    contentType: 'text/event-stream',
    pieces: chunks.map((chunk) => Buffer.from(chunk)),
    problem: '',
    read: (body) => openai.readAnswer(surface, 'text/event-stream', body),
  })
  return chunks.map(() => [...playback.next()])
}

const textOf = (parts: readonly PlayedPart[]): string =>
  parts
    .filter(({ channel }) => channel === 'text')
    .map(({ text }) => text)
    .join('')

test('each chunk gives what it added, channel by channel', () => {
  const played = play(
    chatEvents(
      { reasoning_content: 'think' },
      { content: 'Hel' },
      { content: 'lo' },
      { tool_calls: [{ index: 0, id: 'c', function: { name: 'look', arguments: '{"q"' } }] },
      { tool_calls: [{ index: 0, function: { arguments: ':1}' } }] },
      { tool_calls: [{ index: 1, id: 'd', function: { name: 'stop', arguments: '' } }] },
    ),
  )
  const call = { channel: 'tool call', number: 0, name: 'look' } as const
  assert.deepEqual(played, [
    [{ channel: 'reasoning', number: 0, name: '', text: 'think' }],
    [{ channel: 'text', number: 0, name: '', text: 'Hel' }],
    [{ channel: 'text', number: 0, name: '', text: 'lo' }],
    [{ ...call, text: '{"q"' }],
    [{ ...call, text: ':1}' }],
    [{ channel: 'tool call', number: 1, name: 'stop', text: '' }],
  ])
})

test('the parts of any cut add up to the whole text', () => {
  const stream = Buffer.from(
    chatEvents({ content: 'Grüße, ' }, { content: '日本 👋 ' }, { content: '!' }).join(''),
  )
  for (let length = 1; length < 40; length += 1) {
    const chunks = Array.from({ length: Math.ceil(stream.length / length) }, (_, at) =>
      stream.subarray(at * length, (at + 1) * length),
    )
    assert.equal(textOf(play(chunks).flat()), 'Grüße, 日本 👋 !', `pieces of ${length}`)
  }
})

test('half of a character waits for its other half', () => {
  const played = play([
    `data: {"choices":[{"delta":{"content":"a\\ud83d"}}]}\n\n`,
    `data: {"choices":[{"delta":{"content":"\\udc4b"}}]}\n\n`,
  ])
  assert.deepEqual(played.map(textOf), ['a', '👋'])
})

test('an answer whose choices grow side by side is given again, whole, at its end', () => {
  const event = (index: number, content: string): string =>
    `data: ${JSON.stringify({ choices: [{ index, delta: { content } }] })}\n\n`
  const played = play([event(0, 'a1'), event(1, 'b1'), event(0, 'a2'), event(1, 'b2')])
  assert.deepEqual(played.map(textOf), ['a1', '\n\nb1', '', '\na1a2\n\nb1b2'])
})
