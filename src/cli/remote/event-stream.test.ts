import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { ServerEvent } from './event-stream.ts'
import { serverEvents } from './event-stream.ts'

async function* cut(text: string, length: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += length) {
    yield await Promise.resolve(bytes.subarray(at, at + length))
  }
}

async function read(text: string, length = 7): Promise<(ServerEvent | 'alive')[]> {
  const events: (ServerEvent | 'alive')[] = []
  for await (const event of serverEvents(cut(text, length))) events.push(event)
  return events
}

test('events are the same however their bytes were cut and their lines end', async () => {
  const lines = [
    ': hello',
    'event: exchange',
    'id: 4.ex_1',
    'data: {"grüße":',
    'data:"👋"}',
    '',
    'data: plain',
    '',
    '',
  ]
  const expected = [
    'alive',
    { event: 'exchange', data: '{"grüße":\n"👋"}', id: '4.ex_1' },
    { event: 'message', data: 'plain', id: null },
  ]
  for (const end of ['\n', '\r\n', '\r']) {
    for (let length = 1; length < 60; length += 1) {
      const text = lines.join(end) + (end === '\r' ? ':' : '')
      assert.deepEqual(await read(text, length), expected, `${JSON.stringify(end)} ${length}`)
    }
  }
})

test('an event without data or without its end is none, and an id with NUL is not taken', async () => {
  assert.deepEqual(await read('event: a\n\nid: 1\n\ndata: cut off\n'), [])
  assert.deepEqual(await read('id: a\0b\ndata: x\n\n'), [{ event: 'message', data: 'x', id: null }])
})

test('any text is read, and a line without end is given up', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string(), async (text) => {
      await read(text)
    }),
  )
  await assert.rejects(read('x'.repeat(5 * 1024 * 1024), 1 << 20), /too long/)
})
