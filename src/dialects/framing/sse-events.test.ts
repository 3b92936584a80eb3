/** Events are the same however their bytes are cut. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseSse, SseEvents } from './sse-events.ts'
import type { SseEvent } from './sse-events.ts'

test('parsing joins data lines, keeps a truncated last event and drops what has no data', () => {
  const text = '\uFEFFevent: a\r\ndata: 1\r\ndata:2\r\n\r\n: c\revent: empty\r\rdata\n\ndata: {"cut'
  assert.deepEqual(parseSse(Buffer.from(text)), [
    { event: 'a', data: '1\n2' },
    { event: '', data: '' },
    { event: '', data: '{"cut' },
  ])
  assert.deepEqual(parseSse(Buffer.from('')), [])
  assert.deepEqual(parseSse(Buffer.from(': only\n\nid: 4\n\n')), [])
})

/** Line by line over the whole text, as WHATWG HTML 9.2.6 words it. */
function eventsOf(text: string): SseEvent[] {
  const events: SseEvent[] = []
  let event = ''
  let data: string[] = []
  for (const line of [...text.replace(/^\uFEFF/u, '').split(/\r\n|\n|\r/u), '']) {
    if (line === '') {
      if (data.length > 0) events.push({ event, data: data.join('\n') })
      event = ''
      data = []
      continue
    }
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/su.exec(line) ?? []
    if (field === 'data') data.push(value)
    if (field === 'event') event = value
  }
  return events
}

const part = fc.constantFrom('data', 'event', ':', ' ', '\n', '\r', 'é', '🙂', '\uFEFF', 'x', 'id:')

test('events of a stream that is cut anywhere, in a line end or a character too, are those of the whole', () => {
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 60 }),
      fc.array(fc.nat(), { maxLength: 8 }),
      (parts, cuts) => {
        const text = parts.join('')
        const bytes = Buffer.from(text)
        const read: SseEvent[] = []
        const events = new SseEvents((event) => read.push(event))
        let from = 0
        for (const to of [
          ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b),
          bytes.length,
        ]) {
          events.push(bytes.subarray(from, to))
          from = to
        }
        events.end()
        assert.deepEqual(read, eventsOf(text))
      },
    ),
    { numRuns: 500 },
  )
})
