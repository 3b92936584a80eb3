/** An answer that is read as it comes is read as if it were read whole; a long one leaves only its edges. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { claimantOf } from '../dialects/registry.ts'
import type { Dialect, Surface } from '../model/dialect.ts'
import { createAnswerSample } from './answer-sample.ts'

const SSE = 'text/event-stream'
const sse = (events: readonly object[], end = ''): string =>
  events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('') + end

const chat = (delta: object, finish: string | null = null): object => ({
  id: 'chatcmpl-1',
  model: 'small',
  choices: [{ index: 0, delta, finish_reason: finish }],
})
const STREAMS: readonly (readonly [path: string, stream: string])[] = [
  [
    '/v1/chat/completions',
    sse(
      [chat({ content: 'Grüße ' }), chat({ content: '🙂' }), chat({}, 'stop')],
      'data: [DONE]\n\n',
    ),
  ],
  [
    '/v1/responses',
    sse([
      { type: 'response.output_text.delta', output_index: 0, delta: 'one' },
      {
        type: 'response.completed',
        response: { id: 'r1', status: 'completed', usage: { input_tokens: 3 } },
      },
    ]),
  ],
  [
    '/v1/messages',
    sse([
      { type: 'message_start', message: { id: 'm1', model: 'large', usage: { input_tokens: 4 } } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'two' } },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } },
    ]),
  ],
  [
    '/v1beta/models/g:streamGenerateContent?alt=sse',
    sse([
      { candidates: [{ content: { parts: [{ functionCall: { name: 'f', args: { a: 1.0 } } }] } }] },
      { candidates: [{ finishReason: 'STOP' }], usageMetadata: { promptTokenCount: 5 } },
    ]),
  ],
]

function surfaceOf(target: string): { dialect: Dialect; surface: Surface } {
  const [path = '', query] = target.split('?')
  const request = { method: 'POST', path, query: query === undefined ? '' : `?${query}` }
  const dialect = claimantOf(request)
  const surface = dialect?.recognise(request) ?? null
  if (dialect !== null && surface !== null) return { dialect, surface }
  throw new Error(`no dialect claims ${target}`)
}

test('the view of a stream in pieces is that of the stream', () => {
  const cuts = fc.array(fc.nat(), { maxLength: 10 })
  for (const [target, stream] of STREAMS) {
    const { dialect, surface } = surfaceOf(target)
    const bytes = Buffer.from(stream)
    const whole = dialect.readAnswer(surface, SSE, bytes)
    assert.ok(whole.events >= 2)
    fc.assert(
      fc.property(cuts, (places) => {
        const sample = createAnswerSample(10_000)
        sample.readBy(dialect.readAsItComes?.(surface, SSE) ?? null)
        let from = 0
        for (const to of [
          ...places.map((at) => at % bytes.length).sort((a, b) => a - b),
          bytes.length,
        ]) {
          sample.push(bytes.subarray(from, to))
          from = to
        }
        assert.deepEqual(sample.bytes(), bytes)
        assert.deepEqual(sample.view(), whole)
      }),
      { numRuns: 30 },
    )
  }
})

test('an answer that was not read as it came has no view', () => {
  const sample = createAnswerSample(10_000)
  sample.push(Buffer.from('{}'))
  assert.equal(sample.view(), null)
  assert.equal(sample.isWhole(), true)
})

test('a stream that grows too long has no view, and its beginning and end are kept', () => {
  const { dialect, surface } = surfaceOf('/v1/chat/completions')
  const sample = createAnswerSample(100_000)
  sample.readBy(dialect.readAsItComes?.(surface, SSE) ?? null)
  const pieces = Array.from({ length: 3000 }, (_, at) => `${String(at).padStart(49)}\n`)
  for (const piece of pieces) sample.push(Buffer.from(piece))
  const whole = pieces.join('')
  const kept = sample.bytes().toString()
  assert.equal(sample.isWhole(), false)
  assert.equal(sample.view(), null)
  assert.ok(kept.length < 30_000)
  const [head = '', tail = ''] = kept.split('\n\n')
  assert.ok(whole.startsWith(head) && whole.endsWith(tail))
})
