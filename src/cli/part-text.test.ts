import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { BlockRole } from '../model/dialect.ts'
import { blockParts } from '../incident/block-parts.ts'
import { partsText } from './part-text.ts'

const blockText = (bytes: Buffer, role: BlockRole): string => partsText(blockParts(bytes, role))

const shown = (value: unknown, role: BlockRole = 'user'): string =>
  blockText(Buffer.from(JSON.stringify(value)), role)

test('the text of a message is shown without its wrapping, in every dialect', () => {
  const cases: readonly unknown[] = [
    'hi',
    { role: 'user', content: 'hi' },
    { type: 'text', text: 'hi', cache_control: { type: 'ephemeral' } },
    { type: 'input_text', text: 'hi' },
    { role: 'user', content: [{ type: 'text', text: 'hi' }] },
    { role: 'user', parts: [{ text: 'hi' }] },
    { type: 'thinking', thinking: 'hi', signature: 'x' },
    { type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'hi' }] },
    { type: 'function_call_output', call_id: 'c', output: 'hi' },
    { toolResult: { toolUseId: 't', content: [{ text: 'hi' }] } },
  ]
  for (const value of cases) assert.equal(shown(value), 'hi', JSON.stringify(value))
})

test('calls are shown with their arguments', () => {
  const cases: readonly unknown[] = [
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'c', function: { name: 'look', arguments: '{"q":1}' } }],
    },
    { id: 'c', type: 'function', function: { name: 'look', arguments: '{"q":1}' } },
    { type: 'tool_use', id: 't', name: 'look', input: { q: 1 } },
    { type: 'function_call', name: 'look', arguments: '{"q":1}' },
    { functionCall: { name: 'look', args: { q: 1 } } },
    { toolUse: { toolUseId: 't', name: 'look', input: { q: 1 } } },
  ]
  for (const value of cases) {
    assert.equal(shown(value, 'assistant'), 'call look({"q":1})', JSON.stringify(value))
  }
})

test('a tool definition is its name and the first line of its description', () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [
      {
        type: 'function',
        function: { name: 'look', description: 'Looks.\nMore.', parameters: {} },
      },
      'look: Looks.',
    ],
    [{ name: 'look', description: 'Looks.', input_schema: {} }, 'look: Looks.'],
    [{ toolSpec: { name: 'look', inputSchema: {} } }, 'look'],
    [{ type: 'web_search' }, 'web_search'],
    [{ googleSearch: {} }, '{"googleSearch":{}}'],
  ]
  for (const [value, text] of cases) assert.equal(shown(value, 'tool-definition'), text)
})

test('what has no text is shown as JSON with its data shortened', () => {
  const text = shown({ type: 'other', signature: 'A'.repeat(5000) })
  assert.match(text, /^\{"type":"other","signature":"A{32}… \(4\.9 KiB\)"\}$/)
})

test('media is named, with its address where it was not sent itself', () => {
  const image = (url: string) => shown({ type: 'image_url', image_url: { url } })
  assert.equal(image(`data:image/png;base64,${'A'.repeat(5000)}`), '(image_url, sent as data)')
  assert.equal(image('https://files.test/a.png'), '(image_url: https://files.test/a.png)')
  assert.equal(
    shown({ fileData: { mimeType: 'video/mp4', fileUri: 'gs://bucket/a' } }),
    '(video/mp4: gs://bucket/a)',
  )
})

test('any bytes have a text', () => {
  assert.equal(blockText(Buffer.from('{"half":'), 'user'), '{"half":')
  fc.assert(
    fc.property(
      fc.uint8Array(),
      (bytes) => typeof blockText(Buffer.from(bytes), 'other') === 'string',
    ),
  )
  fc.assert(fc.property(fc.jsonValue(), (value) => typeof shown(value) === 'string'))
})
