import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventStreamCodec } from '@smithy/eventstream-codec'
import * as fc from 'fast-check'
import {
  brokenEventStreamFrame,
  eventStreamException,
  eventStreamFrame,
} from './event-stream-frame.ts'

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString(),
  (text) => Buffer.from(text),
)

test('the codec of the AWS SDK decodes every frame', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-zA-Z]{1,40}$/), fc.jsonValue(), (type, payload) => {
      const { headers, body } = codec.decode(eventStreamFrame(type, payload))
      assert.equal(headers[':event-type']?.value, type)
      assert.equal(headers[':message-type']?.value, 'event')
      assert.deepEqual(
        JSON.parse(Buffer.from(body).toString()),
        JSON.parse(JSON.stringify(payload)),
      )
    }),
  )
  const exception = codec.decode(eventStreamException('throttlingException', 'slow down'))
  assert.equal(exception.headers[':exception-type']?.value, 'throttlingException')
})

test('the codec of the AWS SDK refuses a broken frame and any frame with a changed byte', () => {
  assert.throws(() => codec.decode(brokenEventStreamFrame()), /checksum/)
  const whole = eventStreamFrame('chunk', { text: 'hello' })
  for (let i = 0; i < whole.length; i += 1) {
    const changed = Buffer.from(whole)
    changed.writeUInt8(changed.readUInt8(i) ^ 1, i)
    assert.throws(() => codec.decode(changed), `byte ${i}`)
  }
})
