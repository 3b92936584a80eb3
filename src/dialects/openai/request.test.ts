import { test } from 'node:test'
import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { scanJson } from '../../lib/json/scan.ts'
import type { RequestView, Surface } from '../../model/dialect.ts'
import { openai } from './index.ts'

const limits = { depthMax: 100, elementsMax: 100_000 }

function surfaceOf(path: string): Surface {
  return openai.recognise({ method: 'POST', path, query: '' }) ?? assert.fail(path)
}

const chat = surfaceOf('/v1/chat/completions')
const responses = surfaceOf('/v1/responses')

function read(surface: Surface, body: string | Buffer): RequestView {
  const reading = openai.readRequest(surface, scanJson(Buffer.from(body), limits))
  return reading.kind === 'view' ? reading.view : assert.fail(reading.problem.message)
}

/** Role and bytes of each block. */
function blocks(surface: Surface, body: string): readonly string[] {
  const bytes = Buffer.from(body)
  return read(surface, body).blocks.map(
    ({ start, end, role }) => `${role}|${bytes.toString('utf8', start, end)}`,
  )
}

test('a chat body is cut at messages, content parts and tools, in the bytes of the caller', () => {
  const body = `{"tools" : [ {"type":"function","function":{"name":"read"}}, {"type":"custom","custom":{"name":"sh"}} ],
    "model":"gpt-5","stream":true,"messages":[
    {"role":"system","content":"be brief"},  {"role":"developer","content":"b\\u00e9 brief"},
    {"role":"user","content":[{"type":"text","text":"what is this?"} , {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]},
    {"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"read","arguments":"{}"}}]},
    {"role":"tool","tool_call_id":"call_1","content":"done"},{"role":"martian","content":"hi"}]}`
  assert.deepEqual(blocks(chat, body), [
    'tool-definition|{"type":"function","function":{"name":"read"}}',
    'tool-definition|{"type":"custom","custom":{"name":"sh"}}',
    'system|{"role":"system","content":"be brief"}',
    'system|{"role":"developer","content":"b\\u00e9 brief"}',
    'user|{"type":"text","text":"what is this?"}',
    'user|{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}',
    'assistant|{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"read","arguments":"{}"}}]}',
    'tool|{"role":"tool","tool_call_id":"call_1","content":"done"}',
    'other|{"role":"martian","content":"hi"}',
  ])
  const view = read(chat, body)
  assert.deepEqual([view.model, view.stream, view.toolNames], ['gpt-5', true, ['read', 'sh']])
})

test('tool calls beside content parts are blocks of their own', () => {
  const body =
    '{"messages":[{"tool_calls":[{"id":"1"},{"id":"2"}],"role":"assistant","content":[{"type":"text","text":"a"}],"audio":{"id":"x"}}]}'
  assert.deepEqual(blocks(chat, body), [
    'assistant|{"id":"1"}',
    'assistant|{"id":"2"}',
    'assistant|{"type":"text","text":"a"}',
    'assistant|{"id":"x"}',
  ])
})

test('a responses body is cut at items, content parts, instructions and tools', () => {
  const body =
    '{"model":"gpt-5","instructions":"be brief","input":[{"role":"user","content":[{"type":"input_text","text":"hi"}]},' +
    '{"type":"reasoning","id":"rs_1","encrypted_content":"xx","summary":[]},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},' +
    '{"type":"function_call_output","call_id":"c","output":"42"},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"ok"}]},' +
    '{"type":"item_reference","id":"m"},{"role":"developer","content":"x"},{"type":"additional_tools","tools":[]}],' +
    '"tools":[{"type":"function","name":"f"},{"type":"web_search"},{"type":"mcp","server_label":"docs"},{"type":"namespace","name":"ns","tools":[{"type":"function","name":"g"}]}]}'
  assert.deepEqual(
    blocks(responses, body).map((block) => block.split('|')[0]),
    [
      'system',
      'user',
      'assistant',
      'assistant',
      'tool',
      'assistant',
      'other',
      'system',
      'tool-definition',
      'tool-definition',
      'tool-definition',
      'tool-definition',
      'tool-definition',
    ],
  )
  assert.equal(blocks(responses, body)[0], 'system|"be brief"')
  assert.equal(blocks(responses, body)[5], 'assistant|{"type":"output_text","text":"ok"}')
  assert.deepEqual(read(responses, body).toolNames, ['f', 'web_search', 'docs', 'ns', 'ns.g'])
  assert.deepEqual(blocks(responses, '{"input":"hi"}'), ['user|"hi"'])
})

test('prompts and inputs are cut at texts, and token lists are whole', () => {
  const completions = surfaceOf('/v1/completions')
  const embeddings = surfaceOf('/v1/embeddings')
  assert.deepEqual(blocks(completions, '{"prompt":"a","suffix":"b"}'), ['user|"a"', 'user|"b"'])
  assert.deepEqual(blocks(completions, '{"prompt":["a","b"]}'), ['user|"a"', 'user|"b"'])
  assert.deepEqual(blocks(completions, '{"prompt":[1,2,3]}'), ['user|[1,2,3]'])
  assert.deepEqual(blocks(completions, '{"prompt":[[1,2],[3]]}'), ['user|[1,2]', 'user|[3]'])
  assert.deepEqual(blocks(embeddings, '{"input":"a"}'), ['user|"a"'])
  assert.deepEqual(blocks(embeddings, '{"input":["a",[1,2]]}'), ['user|"a"', 'user|[1,2]'])
  assert.deepEqual(blocks(embeddings, '{"input":[1,2]}'), ['user|[1,2]'])
  assert.deepEqual(blocks(surfaceOf('/v1/moderations'), '{"input":[{"type":"text","text":"a"}]}'), [
    'user|{"type":"text","text":"a"}',
  ])
  assert.deepEqual(blocks(surfaceOf('/v1/images/generations'), '{"prompt":"a cat","n":1}'), [
    'user|"a cat"',
  ])
  assert.deepEqual(
    blocks(surfaceOf('/v1/audio/speech'), '{"input":"say","instructions":"softly"}'),
    ['user|"say"', 'system|"softly"'],
  )
})

test('members without a rule are blocks when they are long', () => {
  const schema = `{"type":"json_schema","json_schema":{"name":"${'x'.repeat(300)}"}}`
  assert.deepEqual(blocks(chat, `{"response_format":${schema},"seed":1,"metadata":{"a":"b"}}`), [
    `other|${schema}`,
  ])
})

test('the deployment of an Azure path wins over the model in the body', () => {
  assert.equal(
    read(surfaceOf('/openai/deployments/dep/chat/completions'), '{"model":"gpt-5"}').model,
    'dep',
  )
  assert.equal(read(surfaceOf('/openai/v1/chat/completions'), '{"model":"gpt-5"}').model, 'gpt-5')
})

test('links are read from wherever clients put them, when they are texts of bounded length', () => {
  const body = {
    previous_response_id: 'resp_1',
    conversation: { id: 'conv_1' },
    prompt_cache_key: 'pck',
    user: 'u-1',
    safety_identifier: 7,
    metadata: { session_id: 's', Thread_ID: 't', colour: 'red', trace_id: { a: 1 } },
    client_metadata: { 'session-id': 'c', long_session_id: 'x'.repeat(2000) },
  }
  assert.deepEqual(read(responses, JSON.stringify(body)).links, {
    previous_response_id: 'resp_1',
    prompt_cache_key: 'pck',
    user: 'u-1',
    conversation: 'conv_1',
    'metadata.session_id': 's',
    'metadata.thread_id': 't',
    'client_metadata.session-id': 'c',
  })
  assert.deepEqual(read(responses, '{"conversation":"conv_2"}').links, { conversation: 'conv_2' })
  const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`k${i}_session_id`, 'x']))
  assert.equal(Object.keys(read(responses, JSON.stringify({ metadata: many })).links).length, 32)
})

test('bodies of another shape are read as far as they go', () => {
  const wrong = [
    '{}',
    '[]',
    'null',
    '1',
    '"x"',
    '{"messages":null,"tools":null,"input":null}',
    '{"messages":"x","model":1,"stream":"yes"}',
    '{"messages":{},"tools":"x"}',
    '{"messages":[null,1,[],"x",{}]}',
    '{"messages":[{"role":5,"content":[]}]}',
    '{"tools":[null,1,{"function":null}]}',
    '{"metadata":[1],"conversation":[]}',
  ]
  for (const body of wrong) {
    for (const surface of [chat, responses]) {
      const view = read(surface, body)
      assert.equal(view.model, null, body)
      assert.equal(view.stream, false, body)
      assert.deepEqual(view.links, {}, body)
    }
  }
})

test('only what the strict reader refuses is a problem', () => {
  for (const [body, code] of [
    ['', 'malformed'],
    ['{"a":1,}', 'malformed'],
    ['{"model":"a","model":"b"}', 'duplicate-key'],
    ['{"model":"a","\\u006dodel":"b"}', 'duplicate-key'],
    ['{"messages":[{"role":"user","role":"system"}]}', 'duplicate-key'],
    ['['.repeat(200), 'too-deep'],
  ] as const) {
    const reading = openai.readRequest(chat, scanJson(Buffer.from(body), limits))
    assert.equal(reading.kind === 'problem' ? reading.problem.code : 'view', code, body)
  }
  assert.equal(
    openai.readRequest(chat, scanJson(Buffer.from([0x22, 0xff, 0x22]), limits)).kind,
    'problem',
  )
})

const json = fc.json({ maxDepth: 4 })
const member = fc.tuple(
  fc.constantFrom(
    'messages',
    'tools',
    'input',
    'prompt',
    'instructions',
    'functions',
    'metadata',
    'questions',
    'x',
  ),
  fc.oneof(
    json,
    fc
      .array(
        fc.oneof(
          json,
          fc.tuple(json, json).map(([a, b]) => `{"role":"user","content":[${a}],"y":${b}}`),
        ),
        { maxLength: 4 },
      )
      .map((items) => `[${items.join(' , ')}]`),
  ),
)
const bodies = fc
  .uniqueArray(member, { selector: ([key]) => key, maxLength: 6 })
  .map((members) => `{${members.map(([key, value]) => `"${key}" : ${value}`).join(' ,\n')}}`)

test('blocks ascend, never overlap, and each is exactly one JSON value of the body', () => {
  fc.assert(
    fc.property(bodies, fc.constantFrom(chat, responses), (body, surface) => {
      const reading = openai.readRequest(surface, scanJson(Buffer.from(body), limits))
      if (reading.kind === 'problem') return assert.equal(reading.problem.code, 'duplicate-key')
      let end = 0
      const bytes = Buffer.from(body)
      for (const block of reading.view.blocks) {
        assert.ok(block.start >= end && block.end > block.start && block.end <= bytes.length)
        JSON.parse(bytes.toString('utf8', block.start, block.end))
        end = block.end
      }
    }),
    { numRuns: 300 },
  )
})
