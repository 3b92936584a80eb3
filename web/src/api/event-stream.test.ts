import fc from 'fast-check'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventParser } from './event-stream.ts'
import type { StreamEvent } from './event-stream.ts'

function parse(pieces: readonly string[]): StreamEvent[] {
  const events: StreamEvent[] = []
  const push = eventParser((event) => events.push(event))
  for (const piece of pieces) push(piece)
  return events
}

test('fields, comments, several data lines and a kept id are read as the HTML standard says', () => {
  assert.deepEqual(
    parse([
      ': hello\n\nid: 7\nevent: exchange\ndata: {\ndata:  "a": 1}\n\ndata: x\n\nevent: none\n\n',
    ]),
    [
      { id: '7', type: 'exchange', text: '{\n "a": 1}' },
      { id: '7', type: 'message', text: 'x' },
    ],
  )
  assert.deepEqual(parse(['data\n\n']), [{ id: '', type: 'message', text: '' }])
  assert.deepEqual(parse(['data: no end\n']), [])
})

test('however the text is cut, the events are the same', () => {
  const text =
    'id: 1\r\nevent: exchange\r\ndata: a\r\ndata: b\r\n\r\n: c\n\nid: 2\rdata: é\r\rdata: last\n\n'
  const whole = parse([text])
  assert.equal(whole.length, 3)
  fc.assert(
    fc.property(fc.array(fc.nat(text.length), { maxLength: 12 }), (cuts) => {
      const places = [0, ...cuts.toSorted((one, other) => one - other), text.length]
      const pieces = places.slice(1).map((end, at) => text.slice(places[at], end))
      assert.deepEqual(parse(pieces), whole)
    }),
  )
})
