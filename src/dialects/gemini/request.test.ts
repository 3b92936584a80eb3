/** Gemini bodies are cut at parts and declarations in both spellings, byte exact. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { scanJson } from '../../lib/json/scan.ts'
import { exactBlocks, viewOf } from '../../../test/harness/exact-spans.ts'
import type { RequestReading } from '../../model/dialect.ts'
import { gemini } from './index.ts'

const LIMITS = { depthMax: 64, elementsMax: 100_000 }

function read(body: string | Buffer, path = '/v1beta/models/g:generateContent'): RequestReading {
  const surface = gemini.recognise({ method: 'POST', path, query: '' })
  assert.ok(surface !== null)
  return gemini.readRequest(surface, scanJson(Buffer.from(body), LIMITS))
}

function blocks(body: string, path?: string): readonly string[] {
  return exactBlocks(Buffer.from(body), viewOf(read(body, path)).blocks).map(
    ([role, text]) => `${role} ${text}`,
  )
}

test('instructions, parts and declarations become blocks', () => {
  const body = `{"systemInstruction": {"parts":[{"text":"Be kind."},{"text":"B"}]},
    "contents": [{"role":"user","parts":[{"text":"hi"},{"inlineData":{"mimeType":"image/png","data":"AA"}}]},
      {"role":"model","parts":[{"functionCall":{"name":"f","args":{}},"thoughtSignature":"x"}]},
      {"role":"user","parts":[{"functionResponse":{"name":"f","response":{"r":1}}}]}],
    "tools":[{"functionDeclarations":[{"name":"f"},{"name":"g"}]},{"googleSearch":{}}],
    "cachedContent":"cachedContents/1"}`
  assert.deepEqual(blocks(body), [
    'system {"text":"Be kind."}',
    'system {"text":"B"}',
    'user {"text":"hi"}',
    'user {"inlineData":{"mimeType":"image/png","data":"AA"}}',
    'assistant {"functionCall":{"name":"f","args":{}},"thoughtSignature":"x"}',
    'tool {"functionResponse":{"name":"f","response":{"r":1}}}',
    'tool-definition {"name":"f"}',
    'tool-definition {"name":"g"}',
    'tool-definition {"googleSearch":{}}',
  ])
  const view = viewOf(read(body))
  assert.deepEqual(view.toolNames, ['f', 'g', 'googleSearch'])
  assert.deepEqual(view.links, { cached_content: 'cachedContents/1' })
  assert.equal(view.model, 'g')
  assert.equal(view.stream, false)
  assert.equal(viewOf(read(body, '/v1beta/models/g:streamGenerateContent')).stream, true)
})

test('the snake case spelling is read alike', () => {
  assert.deepEqual(
    blocks(
      '{"system_instruction":{"parts":[{"text":"s"}]},"contents":{"parts":[{"function_response":{}}]},"tools":[{"function_declarations":[{"name":"f"}]}]}',
    ),
    ['system {"text":"s"}', 'tool {"function_response":{}}', 'tool-definition {"name":"f"}'],
  )
})

test('bodies inside bodies are cut too', () => {
  assert.deepEqual(
    blocks(
      '{"generateContentRequest":{"contents":[{"parts":[{"text":"a"}]}]}}',
      '/v1beta/models/g:countTokens',
    ),
    ['user {"text":"a"}'],
  )
  assert.deepEqual(
    blocks(
      '{"requests":[{"content":{"parts":[{"text":"a"}]}},{"content":{"parts":[{"text":"b"}]}}]}',
      '/v1beta/models/g:batchEmbedContents',
    ),
    ['user {"text":"a"}', 'user {"text":"b"}'],
  )
  assert.deepEqual(
    blocks(
      '{"batch":{"inputConfig":{"requests":{"requests":[{"request":{"contents":[{"parts":[{"text":"a"}]}]}}]}}}}',
      '/v1beta/models/g:batchGenerateContent',
    ),
    ['user {"text":"a"}'],
  )
  assert.deepEqual(
    blocks(
      '{"instances":[{"prompt":"a"},{"prompt":"b"}]}',
      '/v1/projects/p/locations/l/publishers/google/models/i:predict',
    ),
    ['user {"prompt":"a"}', 'user {"prompt":"b"}'],
  )
})

test('the model of a cache comes from the body', () => {
  const body = '{"model":"models/g-9","contents":[{"parts":[{"text":"a"}]}]}'
  assert.equal(viewOf(read(body, '/v1beta/cachedContents')).model, 'g-9')
})

test('a raw prediction is read as an Anthropic body', () => {
  const path = '/v1/projects/p/locations/l/publishers/anthropic/models/claude-x:streamRawPredict'
  const body =
    '{"anthropic_version":"vertex-2023-10-16","stream":true,"system":"s","messages":[{"role":"user","content":"hi"}]}'
  assert.deepEqual(blocks(body, path), ['system "s"', 'user {"role":"user","content":"hi"}'])
  const view = viewOf(read(body, path))
  assert.deepEqual([view.model, view.stream], ['claude-x', true])
})

test('what is not one JSON object is refused', () => {
  for (const [body, code] of [
    ['', 'malformed'],
    ['[{}]', 'wrong-shape'],
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
    fc.record({ functionResponse: fc.jsonValue() }),
    fc.jsonValue(),
  )
  const content = fc.oneof(
    fc.record({ role: text, parts: fc.array(part, { maxLength: 3 }) }, { requiredKeys: [] }),
    fc.jsonValue(),
  )
  const tool = fc.oneof(
    fc.record({ functionDeclarations: fc.array(fc.jsonValue(), { maxLength: 3 }) }),
    fc.jsonValue(),
  )
  const body = fc.record(
    {
      systemInstruction: content,
      system_instruction: content,
      contents: fc.oneof(content, fc.array(content, { maxLength: 4 })),
      tools: fc.oneof(fc.array(tool, { maxLength: 3 }), fc.jsonValue()),
      generateContentRequest: fc.record({ contents: fc.array(content, { maxLength: 2 }) }),
      requests: fc.oneof(fc.array(fc.record({ content }), { maxLength: 2 }), fc.jsonValue()),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(body, fc.constantFrom(0, 2), fc.nat(), (value, space, cut) => {
      const bytes = Buffer.from(JSON.stringify(value, null, space))
      const reading = read(bytes)
      if (reading.kind === 'view') exactBlocks(bytes, reading.view.blocks)
      else assert.equal(reading.problem.code, 'duplicate-key')
      read(bytes.subarray(0, cut % bytes.length))
    }),
  )
})
