import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { readAnthropicAnswer } from './answer.ts'
import { anthropic } from './index.ts'
import { createSpokenEnding } from './spoken-ending.ts'

const ERROR = {
  code: 'policy.denied',
  status: 400,
  message: 'Blocked by policy: names.',
  exchangeId: 'ex_1',
}

const event = (data: { type: string; [field: string]: unknown }): string =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
const START = event({ type: 'message_start', message: { id: 'm', role: 'assistant', content: [] } })
const block = (index: number, type: string): string =>
  event({ type: 'content_block_start', index, content_block: { type, text: '' } })
const text = (index: number, said: string): string =>
  event({ type: 'content_block_delta', index, delta: { type: 'text_delta', text: said } })
const stop = (index: number): string => event({ type: 'content_block_stop', index })
const thought = `${block(0, 'thinking')}${stop(0)}`

function ended(shown: string, chunkBytes = shown.length): string | null {
  const ending = createSpokenEnding()
  const bytes = Buffer.from(shown)
  for (let at = 0; at < bytes.length; at += Math.max(1, chunkBytes))
    ending.passed(bytes.subarray(at, at + Math.max(1, chunkBytes)))
  const last = ending.end(ERROR)
  return last === null ? null : shown + last.toString()
}

function surface() {
  const found = anthropic.recognise({ method: 'POST', path: '/v1/messages', query: '' })
  return found ?? assert.fail()
}

const seen = (stream: string) =>
  readAnthropicAnswer(surface(), 'text/event-stream', Buffer.from(stream))

test('what was shown of an answer becomes a whole one, whose last words say why it ended', () => {
  for (const shown of [
    '',
    START,
    START + block(0, 'text') + text(0, 'the name is'),
    START + block(0, 'text') + text(0, 'data: {"type":"content_block_start"}') + stop(0),
    START + thought + block(1, 'text') + text(1, 'it is'),
  ]) {
    const stream = ended(shown)
    assert.ok(stream !== null, shown)
    const answer = seen(stream)
    assert.match(answer.text, /\[The gateway ended this answer: Blocked by policy: names\. /)
    assert.deepEqual([answer.finishReason, answer.error], ['end_turn', null])
    const starts = [...stream.matchAll(/event: content_block_start/g)].length
    assert.equal([...stream.matchAll(/event: content_block_stop/g)].length, starts, stream)
    assert.equal([...stream.matchAll(/event: message_start/g)].length, 1)
  }
})

test('a tool call that was shown, and reasoning that was cut, are not made to look finished', () => {
  for (const shown of [
    START + block(0, 'tool_use'),
    START + block(0, 'tool_use') + stop(0) + block(1, 'text'),
    START + block(0, 'server_tool_use') + stop(0),
    START + block(0, 'thinking'),
  ])
    assert.equal(ended(shown), null, shown)
})

test('where the chunks of the stream are cut makes no difference', () => {
  const shown = START + thought + block(1, 'text') + text(1, 'é'.repeat(50))
  const whole = ended(shown)
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 }), (size) => {
      assert.equal(ended(shown, size), whole)
    }),
  )
})
