import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { changedPart, eventData, splitEvents } from './stream-events.ts'

test('events are cut at blank lines of every kind, however the text comes', () => {
  const events = [
    'data: 1\n\n',
    'event: a\r\ndata: 2\r\n\r\n',
    ': ping\n\n',
    'data: 3\r\r',
    'data: 4\n\n',
  ]
  const text = events.join('')
  for (let cut = 0; cut <= text.length; cut += 1) {
    const first = splitEvents('sse', text.slice(0, cut))
    const second = splitEvents('sse', first.rest + text.slice(cut))
    assert.equal([...first.events, ...second.events].join('') + second.rest, text)
    assert.equal(second.rest, '')
    for (const event of [...first.events, ...second.events])
      assert.ok(eventData('sse', event) === null || /^\d$/.test(eventData('sse', event)!.text))
  }
})

test('data over several lines is one text, and changed data stays one event', () => {
  const event = 'event: x\ndata: {"a":\ndata:1}\nid: 7\n\n'
  const data = eventData('sse', event)
  assert.equal(data?.text, '{"a":\n1}')
  assert.equal(data?.with('{"a":\n1}'), event)
  assert.equal(data?.with('{"a":2}'), 'event: x\ndata: {"a":2}\nid: 7\n\n')
})

test('a line of NDJSON keeps what stands around its document', () => {
  assert.equal(eventData('ndjson', ' {"a":1}\r\n')?.with('{}'), ' {}\r\n')
  assert.equal(eventData('ndjson', '\n'), null)
})

test('the changed part turns one text into the other and never splits a character', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '🎈', '🎉', 'é') })
  fc.assert(
    fc.property(text, text, (from, to) => {
      const part = changedPart(from, to)
      assert.equal(from.slice(0, part.start) + part.text + from.slice(part.end), to)
      assert.ok(from.slice(0, part.start).isWellFormed())
      assert.ok(part.text.isWellFormed())
    }),
  )
})
