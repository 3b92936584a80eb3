import { test } from 'node:test'
import assert from 'node:assert/strict'
import { scanJson } from '../../lib/json/scan.ts'
import type { RequestView, Surface } from '../../model/dialect.ts'
import { ollama } from './index.ts'

const limits = { depthMax: 64, elementsMax: 10_000 }
const surfaceOf = (path: string): Surface =>
  ollama.recognise({ method: 'POST', path, query: '' }) ?? assert.fail(path)

function read(path: string, body: string): RequestView {
  const reading = ollama.readRequest(surfaceOf(path), scanJson(Buffer.from(body), limits))
  return reading.kind === 'view' ? reading.view : assert.fail(reading.problem.message)
}

const blocks = (path: string, body: string): readonly string[] =>
  read(path, body).blocks.map(
    ({ start, end, role }) => `${role}|${Buffer.from(body).toString('utf8', start, end)}`,
  )

test('a chat body is cut at messages and tools', () => {
  const body =
    '{"model":"llama","messages":[{"role":"system","content":"s"}, {"role":"user","content":"\u00fc","images":["AAAA"]},' +
    '{"role":"assistant","content":"","tool_calls":[]},{"role":"tool","content":"1"},{"role":"x"},null],"tools":[{"type":"function","function":{"name":"f"}},{}]}'
  assert.deepEqual(blocks('/api/chat', body), [
    'system|{"role":"system","content":"s"}',
    'user|{"role":"user","content":"\u00fc","images":["AAAA"]}',
    'assistant|{"role":"assistant","content":"","tool_calls":[]}',
    'tool|{"role":"tool","content":"1"}',
    'other|{"role":"x"}',
    'other|null',
    'tool-definition|{"type":"function","function":{"name":"f"}}',
    'tool-definition|{}',
  ])
  assert.deepEqual(
    [read('/api/chat', body).model, read('/api/chat', body).toolNames],
    ['llama', ['f']],
  )
})

test('a prompt is cut at its texts and images', () => {
  const format = `{"type":"object","description":"${'x'.repeat(300)}"}`
  const body = `{"system":"s","prompt":"p","suffix":"t","images":["AA","BB"],"template":null,"options":{"seed":1},"format":${format}}`
  assert.deepEqual(blocks('/api/generate', body), [
    'system|"s"',
    'user|"p"',
    'user|"t"',
    'user|"AA"',
    'user|"BB"',
    `other|${format}`,
  ])
  assert.deepEqual(blocks('/api/embed', '{"input":["a","b"]}'), ['user|"a"', 'user|"b"'])
  assert.deepEqual(blocks('/api/embeddings', '{"prompt":"a"}'), ['user|"a"'])
})

test('chat and generate stream unless they say no', () => {
  for (const path of ['/api/chat', '/api/generate']) {
    assert.equal(read(path, '{}').stream, true)
    assert.equal(read(path, '{"stream":true}').stream, true)
    assert.equal(read(path, '{"stream":null}').stream, true)
    assert.equal(read(path, '{"stream":false}').stream, false)
  }
  assert.equal(read('/api/embed', '{}').stream, false)
})

test('bodies of another shape are read as far as they go, and broken ones are refused', () => {
  for (const body of [
    '[]',
    'null',
    '1',
    '{"messages":5,"tools":"x"}',
    '{"messages":null,"prompt":null,"model":1}',
  ]) {
    assert.equal(read('/api/chat', body).model, null, body)
  }
  for (const body of ['', '{"a":1,"a":2}', '{', '{"messages":[}']) {
    assert.equal(
      ollama.readRequest(surfaceOf('/api/chat'), scanJson(Buffer.from(body), limits)).kind,
      'problem',
      body,
    )
  }
})
