/** Bedrock bodies are cut whichever model family they are for; what is not understood is one block. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { scanJson } from '../../lib/json/scan.ts'
import { exactBlocks, viewOf } from '../../../test/harness/exact-spans.ts'
import type { RequestReading } from '../../model/dialect.ts'
import { bedrock } from './index.ts'

const LIMITS = { depthMax: 64, elementsMax: 100_000 }

function read(body: string | Buffer, path = '/model/m%3A0/converse-stream'): RequestReading {
  const surface = bedrock.recognise({ method: 'POST', path, query: '' })
  assert.ok(surface !== null)
  return bedrock.readRequest(surface, scanJson(Buffer.from(body), LIMITS))
}

function blocks(body: string, path?: string): readonly string[] {
  return exactBlocks(Buffer.from(body), viewOf(read(body, path)).blocks).map(
    ([role, text]) => `${role} ${text}`,
  )
}

test('a Converse body is cut at parts and tools', () => {
  const body = `{"messages":[{"role":"user","content":[{"text":"hi"},{"image":{"format":"png","source":{"bytes":"AA"}}}]},
    {"role":"assistant","content":[{"toolUse":{"toolUseId":"t","name":"f","input":{}}}]},
    {"role":"user","content":[{"toolResult":{"toolUseId":"t","content":[{"text":"r"}]}}]}],
    "toolConfig":{"tools":[{"toolSpec":{"name":"f"}},{"cachePoint":{"type":"default"}}]},
    "system":[{"text":"s"}], "inferenceConfig":{"maxTokens":5}}`
  assert.deepEqual(blocks(body), [
    'user {"text":"hi"}',
    'user {"image":{"format":"png","source":{"bytes":"AA"}}}',
    'assistant {"toolUse":{"toolUseId":"t","name":"f","input":{}}}',
    'tool {"toolResult":{"toolUseId":"t","content":[{"text":"r"}]}}',
    'tool-definition {"toolSpec":{"name":"f"}}',
    'tool-definition {"cachePoint":{"type":"default"}}',
    'system {"text":"s"}',
  ])
  const view = viewOf(read(body))
  assert.deepEqual([view.model, view.stream, view.toolNames], ['m:0', true, ['f']])
  assert.equal(viewOf(read(body, '/model/m/converse')).stream, false)
  assert.deepEqual(
    blocks(
      `{"input":{"converse":{"messages":[{"role":"user","content":[{"text":"hi"}]}]}}}`,
      '/model/m/count-tokens',
    ),
    ['user {"text":"hi"}'],
  )
})

test('an Anthropic body behind invoke is read like one of Anthropic', () => {
  const body =
    '{"anthropic_version":"bedrock-2023-05-31","system":"s","messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"x"}]}],"tools":[{"name":"f"}],"metadata":{"user_id":"{\\"session_id\\":\\"s1\\"}"}}'
  const path = '/model/m/invoke-with-response-stream'
  assert.deepEqual(blocks(body, path), [
    'system "s"',
    'tool {"type":"tool_result","tool_use_id":"t","content":"x"}',
    'tool-definition {"name":"f"}',
  ])
  const view = viewOf(read(body, path))
  assert.deepEqual([view.model, view.stream, view.links['session_id']], ['m', true, 's1'])
})

test('other native bodies are cut at their prompts, unknown ones are one block', () => {
  const rows = [
    ['{"inputText":"titan"}', 'user "titan"'],
    ['{"prompt":"llama","max_gen_len":5}', 'user "llama"'],
    ['{"texts":["a","b"],"input_type":"search_query"}', 'user "a"|user "b"'],
    [
      '{"message":"m","chat_history":[{"role":"USER","message":"h"}],"preamble":"p"}',
      'user "m"|user {"role":"USER","message":"h"}|system "p"',
    ],
    [
      '{"messages":[{"role":"system","content":"s"},{"role":"user","content":[{"text":"nova"}]}]}',
      'system {"role":"system","content":"s"}|user {"text":"nova"}',
    ],
    [
      '{"taskType":"TEXT_IMAGE","textToImageParams":{"text":"cat"}}',
      'other {"taskType":"TEXT_IMAGE","textToImageParams":{"text":"cat"}}',
    ],
    ['{}', 'other {}'],
  ] as const
  for (const [body, expected] of rows)
    assert.equal(blocks(body, '/model/m/invoke').join('|'), expected)
})

test('asynchronous calls and guardrails are read too', () => {
  assert.deepEqual(
    blocks(
      '{"modelId":"m9","modelInput":{"inputText":"x"},"outputDataConfig":{}}',
      '/async-invoke',
    ),
    ['user "x"'],
  )
  assert.equal(viewOf(read('{"modelId":"m9","modelInput":{}}', '/async-invoke')).model, 'm9')
  assert.deepEqual(
    blocks('{"source":"INPUT","content":[{"text":{"text":"x"}}]}', '/guardrail/g/version/1/apply'),
    ['user {"text":{"text":"x"}}'],
  )
  assert.deepEqual(
    blocks('{"source":"OUTPUT","content":[{"text":{"text":"x"}}]}', '/guardrail/g/version/1/apply'),
    ['assistant {"text":{"text":"x"}}'],
  )
})

test('what is not one JSON object is refused', () => {
  for (const [body, code] of [
    ['', 'malformed'],
    ['[]', 'wrong-shape'],
    ['"x"', 'wrong-shape'],
    ['{"a":1,"a":2}', 'duplicate-key'],
  ] as const) {
    const reading = read(body)
    assert.equal(reading.kind === 'problem' ? reading.problem.code : 'view', code)
  }
})

test('any body, and any prefix of one, is read or refused without an exception', () => {
  const text = fc.string({ unit: 'binary', maxLength: 10 })
  const part = fc.oneof(
    fc.record({ text }),
    fc.record({ toolResult: fc.jsonValue() }),
    fc.jsonValue(),
  )
  const message = fc.oneof(
    fc.record(
      { role: text, content: fc.oneof(text, fc.array(part, { maxLength: 3 })) },
      { requiredKeys: [] },
    ),
    fc.jsonValue(),
  )
  const tools = fc.oneof(
    fc.array(fc.oneof(fc.record({ toolSpec: fc.record({ name: text }) }), fc.jsonValue()), {
      maxLength: 3,
    }),
    fc.jsonValue(),
  )
  const body = fc.record(
    {
      system: fc.oneof(fc.array(part, { maxLength: 3 }), text),
      messages: fc.oneof(fc.array(message, { maxLength: 4 }), fc.jsonValue()),
      toolConfig: fc.record({ tools }),
      tools,
      content: fc.jsonValue(),
      prompt: fc.jsonValue(),
      modelInput: fc.oneof(fc.record({ prompt: text }), fc.jsonValue()),
      anthropic_version: text,
    },
    { requiredKeys: [] },
  )
  const path = fc.constantFrom(
    '/model/m/converse',
    '/model/m/invoke',
    '/async-invoke',
    '/model/m/count-tokens',
  )
  fc.assert(
    fc.property(body, path, fc.nat(), (value, at, cut) => {
      const bytes = Buffer.from(JSON.stringify(value))
      const reading = read(bytes, at)
      if (reading.kind === 'view') exactBlocks(bytes, reading.view.blocks)
      else assert.equal(reading.problem.code, 'duplicate-key')
      read(bytes.subarray(0, cut % bytes.length), at)
    }),
  )
})
