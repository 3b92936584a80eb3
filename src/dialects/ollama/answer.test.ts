import { test } from 'node:test'
import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import type { AnswerView } from '../../model/dialect.ts'
import { ollama } from './index.ts'

const surface = ollama.recognise({ method: 'POST', path: '/api/chat', query: '' }) ?? assert.fail()
const NDJSON = 'application/x-ndjson'
const read = (text: string, type = NDJSON): AnswerView =>
  ollama.readAnswer(surface, type, Buffer.from(text))

const STREAM = [
  '{"model":"llama3.2","created_at":"t","message":{"role":"assistant","content":"","thinking":"plan"},"done":false}',
  '{"model":"llama3.2","created_at":"t","message":{"role":"assistant","content":"Hel"},"done":false}',
  '{"model":"llama3.2","created_at":"t","message":{"role":"assistant","content":"lo"},"done":false}',
  '{"model":"llama3.2","message":{"content":"","tool_calls":[{"id":"c1","function":{"name":"f","arguments":{"a": 1.0,"done":true}}}]},"done":false}',
  '{"model":"llama3.2","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":26,"eval_count":298}',
  '',
].join('\n')
const VIEW: AnswerView = {
  text: 'Hello',
  reasoning: 'plan',
  refusal: '',
  toolCalls: [{ id: 'c1', name: 'f', arguments: '{"a": 1.0,"done":true}' }],
  finishReason: 'stop',
  model: 'llama3.2',
  responseId: null,
  usage: { inputTokens: 26, outputTokens: 298, cachedInputTokens: null, reasoningTokens: null },
  error: null,
  events: 5,
}

test('a chat stream is put together, with tool arguments as the server wrote them', () => {
  assert.deepEqual(read(STREAM), VIEW)
})

test('generate streams and whole answers are read', () => {
  assert.equal(
    read('{"response":"a","thinking":"x","done":false}\n{"response":"b","done":true}\n').text,
    'ab',
  )
  assert.equal(read('{"response":"","done":true}\n').finishReason, 'stop')
  const whole = read(
    '{"model":"m","message":{"content":"hi"},"done":true,"done_reason":"length","eval_count":2}',
    'application/json; charset=utf-8',
  )
  assert.deepEqual(
    [whole.text, whole.finishReason, whole.usage.outputTokens, whole.events],
    ['hi', 'length', 2, 0],
  )
  assert.equal(
    read('{"model":"m","embeddings":[[1]],"prompt_eval_count":8}', 'application/json').usage
      .inputTokens,
    8,
  )
})

test('errors are kept, in a body and in the middle of a stream', () => {
  assert.equal(read('{"error":"model not found"}', 'application/json').error, 'model not found')
  assert.equal(read('{"response":"a","done":false}\n{"error":"ran out"}\n').error, 'ran out')
  assert.equal(read('{"error":{"message":"nested"}}', 'application/json').error, 'nested')
})

test('every prefix of a stream is read without an error', () => {
  for (let end = 0; end <= STREAM.length; end += 1) {
    const part = read(STREAM.slice(0, end))
    assert.ok(VIEW.text.startsWith(part.text) && part.toolCalls.length <= 1)
    read(STREAM.slice(0, end), 'application/json')
  }
})

test('no body makes reading fail', () => {
  const line = fc.oneof(
    fc.json(),
    fc.string(),
    fc.constantFrom(
      '{"message":{"tool_calls":[null,{},{"function":1}]}}',
      '{"message":[]}',
      '{"message":{"tool_calls":[{"function":{"arguments":{"a":1,"a":2}}}]}}',
      '{"done":"yes","error":[]}',
    ),
  )
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 4 }),
      fc.constantFrom(NDJSON, 'application/json', ''),
      (lines, type) => {
        const view = read(lines.join('\n'), type)
        for (const call of view.toolCalls) assert.equal(typeof call.arguments, 'string')
      },
    ),
    { numRuns: 500 },
  )
})
