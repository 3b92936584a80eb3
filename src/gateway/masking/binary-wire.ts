/** Streams in AWS binary messages; a `chunk` carries the model's own event in base64. */
import {
  encodeEventStreamMessage,
  parseEventStream,
  withPayload,
} from '../../dialects/framing/aws-eventstream.ts'
import type { EventStreamMessage } from '../../dialects/framing/aws-eventstream.ts'
import { headerText, textHeaders } from '../../dialects/framing/aws-headers.ts'
import { Carry } from '../../dialects/framing/carry.ts'
import { scanJson } from '../../lib/json/scan.ts'
import { fail } from '../../model/errors.ts'
import { EVENT_SIZE_MAX } from './stream-wire.ts'
import type { StreamWire, WireEvent } from './stream-wire.ts'

const CHUNK = 'chunk'
/** The first field of a message is its length. */
const LENGTH_BYTES = 4
/** A payload of a chunk is one object with one long text. */
const CHUNK_LIMITS = { depthMax: 8, elementsMax: 64 }

export function createBinaryWire(): StreamWire {
  const carry = new Carry()
  return {
    push: (bytes) => {
      carry.append(bytes, 0, bytes.length)
      if (isAwaited(carry.view())) return []
      // Messages share memory with what they are read from, and the carry is written again.
      const held = Buffer.from(carry.view())
      const { messages, end, problem } = parseEventStream(held)
      if (problem !== null) throw fail('upstream.protocol', problem)
      carry.clear()
      carry.append(held, end, held.length)
      if (carry.length > EVENT_SIZE_MAX)
        throw fail('policy.masking-failed', 'An event is too long.')
      return messages.map(eventOf)
    },
    end: () => {
      if (carry.length > 0) throw fail('upstream.protocol', 'It ended in the middle of an event.')
      return ''
    },
    write: ({ name, data }) => {
      const json = JSON.stringify(data)
      const headers = textHeaders({
        ':event-type': name,
        ':content-type': 'application/json',
        ':message-type': 'event',
      })
      const payload = name === CHUNK ? JSON.stringify({ bytes: base64(json) }) : json
      return encodeEventStreamMessage(headers, Buffer.from(payload))
    },
  }
}

/** A large message is read once it is there, not again with each of its pieces. */
function isAwaited(bytes: Buffer): boolean {
  return (
    bytes.length < LENGTH_BYTES || bytes.length < Math.min(bytes.readUInt32BE(0), EVENT_SIZE_MAX)
  )
}

function eventOf(message: EventStreamMessage): WireEvent {
  const { bytes, headers, payload } = message
  const type = headerText(headers, ':message-type')
  const name = type === 'event' ? headerText(headers, ':event-type') : type
  if (payload.length === 0) return { raw: bytes, name, data: null, with: () => bytes }
  if (name === CHUNK) return chunkOf(message)
  return {
    raw: bytes,
    name,
    data: payload.toString('utf8'),
    with: (data) => withPayload(message, Buffer.from(data)),
  }
}

function chunkOf(message: EventStreamMessage): WireEvent {
  const { bytes, payload } = message
  const scan = scanJson(payload, CHUNK_LIMITS)
  const at = scan.kind === 'problem' ? -1 : scan.tape.member(scan.tape.root, 'bytes')
  const inner = scan.kind === 'problem' ? null : scan.tape.text(at)
  if (scan.kind === 'problem' || inner === null)
    throw fail('upstream.protocol', 'A chunk carries no event.')
  const [start, end] = [scan.tape.start(at), scan.tape.end(at)]
  return {
    raw: bytes,
    name: CHUNK,
    data: Buffer.from(inner, 'base64').toString('utf8'),
    with: (data) =>
      withPayload(
        message,
        Buffer.concat([
          payload.subarray(0, start),
          Buffer.from(JSON.stringify(base64(data))),
          payload.subarray(end),
        ]),
      ),
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
