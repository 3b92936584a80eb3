/** Anthropic bodies are cut at parts and messages, byte exact, and wrong bodies are refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { scanJson } from '../../lib/json/scan.ts'
import { exactBlocks, viewOf } from '../../../test/harness/exact-spans.ts'
import type { RequestReading, Surface } from '../../model/dialect.ts'
import { anthropic } from './index.ts'

const LIMITS = { depthMax: 64, elementsMax: 100_000 }

function surfaceOf(path: string): Surface {
  const surface = anthropic.recognise({ method: 'POST', path, query: '' })
  assert.ok(surface !== null)
  return surface
}

const read = (body: string | Buffer, path = '/v1/messages'): RequestReading =>
  anthropic.readRequest(surfaceOf(path), scanJson(Buffer.from(body), LIMITS))

const AGENT_BODY = `{
  "model" : "claude-x", "max_tokens": 1.0, "stream": true,
  "system": [{"type":"text","text":"You are\\u0020careful.","cache_control":{"type":"ephemeral"}}, {"type":"text","text":"é"}],
  "messages": [
    {"role":"user","content":"hello"},
    {"content":[{"type":"thinking","thinking":"hm","signature":"s=="},{"type":"tool_use","id":"t1","name":"run","input":{"x":1e2}}],"role":"assistant"},
    {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"out"}]},{"type":"image","source":{"type":"base64","data":"AAAA"}}]},
    {"role":"critic","content":[]}
  ],
  "tools": [{"name":"run","input_schema":{}},{"type":"web_search_20250305","name":"web_search"}],
  "metadata": {"user_id":"{\\"session_id\\":\\"5e55\\",\\"device_id\\":\\"d\\"}"}
}`

test('an agent body becomes one block per part, message text and tool', () => {
  const view = viewOf(read(AGENT_BODY))
  assert.deepEqual(
    exactBlocks(Buffer.from(AGENT_BODY), view.blocks).map(
      ([role, text]) => `${role} ${text.slice(0, 30)}`,
    ),
    [
      'system {"type":"text","text":"You are',
      'system {"type":"text","text":"é"}',
      'user {"role":"user","content":"hell',
      'assistant {"type":"thinking","thinking":',
      'assistant {"type":"tool_use","id":"t1","',
      'tool {"type":"tool_result","tool_us',
      'user {"type":"image","source":{"typ',
      'other {"role":"critic","content":[]}',
      'tool-definition {"name":"run","input_schema":{',
      'tool-definition {"type":"web_search_20250305",',
    ],
  )
  assert.equal(view.model, 'claude-x')
  assert.equal(view.stream, true)
  assert.deepEqual(view.toolNames, ['run', 'web_search'])
  assert.equal(view.links['session_id'], '5e55')
})

test('members in any order give ascending blocks', () => {
  const body =
    '{"tools":[{"name":"a"}],"messages":[{"role":"user","content":"x"}],"system":"s","model":"m"}'
  const view = viewOf(read(body))
  assert.deepEqual(exactBlocks(Buffer.from(body), view.blocks), [
    ['tool-definition', '{"name":"a"}'],
    ['user', '{"role":"user","content":"x"}'],
    ['system', '"s"'],
  ])
  assert.equal(view.stream, false)
})

test('the session id is read from both shapes that Claude Code writes and from nothing else', () => {
  const link = (userId: unknown): string | undefined =>
    viewOf(read(JSON.stringify({ metadata: { user_id: userId } }))).links['session_id']
  assert.equal(
    link('user_ab_account_cd_session_0a1b2c3d-0000-4000-8000-000000000000'),
    '0a1b2c3d-0000-4000-8000-000000000000',
  )
  assert.equal(link('{"session_id":"s1"}'), 's1')
  for (const other of [
    'plain',
    '{"session_id":5}',
    '{"session',
    `{"session_id":"${'x'.repeat(600)}"}`,
    7,
    null,
  ]) {
    assert.equal(link(other), undefined, String(other))
  }
})

test('a batch is cut like the requests in it', () => {
  const body =
    '{"requests":[{"custom_id":"1","params":{"model":"m1","messages":[{"role":"user","content":"a"}]}},{"params":{"model":"m2","system":"s"}},7]}'
  const view = viewOf(read(body, '/v1/messages/batches'))
  assert.deepEqual(exactBlocks(Buffer.from(body), view.blocks), [
    ['user', '{"role":"user","content":"a"}'],
    ['system', '"s"'],
  ])
  assert.equal(view.model, 'm1')
})

test('a legacy prompt is one block', () => {
  const body = '{"prompt":"\\n\\nHuman: hi","model":"m"}'
  assert.deepEqual(exactBlocks(Buffer.from(body), viewOf(read(body, '/v1/complete')).blocks), [
    ['user', '"\\n\\nHuman: hi"'],
  ])
})

test('members of unexpected shape are tolerated without a block inside another', () => {
  for (const body of [
    '{}',
    '{"messages":{"role":"user"}}',
    '{"messages":[null,5,"x",[],{"content":{}},{"role":7,"content":[[],"t"]}]}',
    '{"system":[],"tools":"none","messages":[]}',
    '{"system":{"a":1},"tools":[[],{"name":3}],"stream":"yes","model":[]}',
  ]) {
    exactBlocks(Buffer.from(body), viewOf(read(body)).blocks)
  }
})

test('what is not one JSON object is refused', () => {
  const rows = [
    ['', 'malformed'],
    ['{', 'malformed'],
    ['{"a":1}x', 'malformed'],
    ['[]', 'wrong-shape'],
    ['"text"', 'wrong-shape'],
    ['null', 'wrong-shape'],
    ['{"messages":[],"messages":[]}', 'duplicate-key'],
    [`{"a":${'['.repeat(70)}${']'.repeat(70)}}`, 'too-deep'],
    [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'not-utf8'],
  ] as const
  for (const [body, code] of rows) {
    const reading = read(body)
    assert.equal(reading.kind === 'problem' ? reading.problem.code : 'view', code, body.toString())
  }
})

test('any body, and any prefix of one, is read or refused without an exception', () => {
  const text = fc.string({ unit: 'binary', maxLength: 12 })
  const part = fc.oneof(
    fc.record({ type: fc.constantFrom('text', 'tool_result', 'image'), text }),
    text,
    fc.jsonValue(),
  )
  const message = fc.record({
    role: fc.constantFrom('user', 'assistant', 'system', 'x'),
    content: fc.oneof(text, fc.array(part, { maxLength: 4 }), fc.jsonValue()),
  })
  const body = fc.record(
    {
      system: fc.oneof(text, fc.array(part, { maxLength: 3 })),
      messages: fc.array(fc.oneof(message, fc.jsonValue()), { maxLength: 5 }),
      tools: fc.array(fc.oneof(fc.record({ name: text }), fc.jsonValue()), { maxLength: 3 }),
      metadata: fc.record({ user_id: fc.oneof(text, fc.json()) }),
      model: text,
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(body, fc.constantFrom(0, 1, 3), fc.nat(), (value, space, cut) => {
      const bytes = Buffer.from(JSON.stringify(value, null, space))
      const reading = read(bytes)
      if (reading.kind === 'view') exactBlocks(bytes, reading.view.blocks)
      else assert.equal(reading.problem.code, 'duplicate-key')
      read(bytes.subarray(0, cut % bytes.length))
    }),
  )
})
