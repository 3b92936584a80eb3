import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { BlockRole } from '../model/dialect.ts'
import { blockParts } from './block-parts.ts'

const shown = (value: unknown, role: BlockRole = 'user') =>
  blockParts(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), role).map(
    ({ kind, text, name, id }) => [kind, text, name, id],
  )

test('messages of every dialect are read as their text', () => {
  const messages = [
    { role: 'user', content: 'hi' },
    { role: 'user', content: [{ type: 'text', text: 'hi' }] },
    { role: 'user', content: [{ type: 'input_text', text: 'hi' }] },
    { role: 'user', parts: [{ text: 'hi' }] },
    { role: 'user', content: [{ text: 'hi' }] },
    'hi',
  ]
  for (const message of messages) {
    const block = typeof message === 'string' ? JSON.stringify(message) : message
    assert.deepEqual(shown(block), [['text', 'hi', null, null]])
  }
})

test('tool calls of every dialect are read with name, arguments and id', () => {
  const calls = [
    { tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }] },
    { content: [{ type: 'tool_use', id: 'c1', name: 'f', input: { a: 1 } }] },
    { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{"a":1}' },
    { content: [{ toolUse: { toolUseId: 'c1', name: 'f', input: { a: 1 } } }] },
  ]
  for (const call of calls) {
    assert.deepEqual(shown(call, 'assistant'), [['tool-call', '{"a":1}', 'f', 'c1']])
  }
  const gemini = { parts: [{ functionCall: { name: 'f', args: { a: 1 } } }] }
  assert.deepEqual(shown(gemini, 'assistant'), [['tool-call', '{"a":1}', 'f', null]])
})

test('tool results of every dialect are read with the call they answer', () => {
  const results = [
    { role: 'tool', tool_call_id: 'c1', content: 'sunny' },
    { content: [{ type: 'tool_result', tool_use_id: 'c1', content: 'sunny' }] },
    {
      content: [
        { type: 'tool_result', tool_use_id: 'c1', content: [{ type: 'text', text: 'sunny' }] },
      ],
    },
    { type: 'function_call_output', call_id: 'c1', output: 'sunny' },
    { content: [{ toolResult: { toolUseId: 'c1', content: [{ text: 'sunny' }] } }] },
  ]
  for (const result of results) {
    assert.deepEqual(shown(result, 'tool'), [['tool-result', 'sunny', null, 'c1']])
  }
})

test('reasoning, media and definitions are named as what they are', () => {
  assert.deepEqual(shown({ content: [{ type: 'thinking', thinking: 'hm', signature: 's' }] }), [
    ['reasoning', 'hm', null, null],
  ])
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA' } }
  assert.deepEqual(shown({ content: [image] }), [['media', '', 'image/png', null]])
  const [definition] = shown({ type: 'function', function: { name: 'f' } }, 'tool-definition')
  assert.deepEqual([definition?.[0], definition?.[2]], ['tool-definition', 'f'])
})

test('whatever the bytes are, they are shown as something', () => {
  fc.assert(
    fc.property(
      fc.json(),
      fc.constantFrom<BlockRole>('user', 'tool', 'assistant'),
      (json, role) => {
        for (const part of blockParts(Buffer.from(json), role)) {
          assert.equal(typeof part.text, 'string')
        }
      },
    ),
  )
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => {
      assert.ok(blockParts(Buffer.from(bytes), 'other').length > 0)
    }),
  )
})
