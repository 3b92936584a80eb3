/** Writes one message of the AWS event stream encoding (`application/vnd.amazon.eventstream`). */
import { crc32 } from 'node:zlib'

const PRELUDE_BYTES = 8
const CRC_BYTES = 4
const STRING_TYPE = 7

/** An event of the given type with a JSON payload, both checksums right. */
export function eventStreamFrame(eventType: string, payload: unknown): Buffer {
  return frame(
    {
      ':event-type': eventType,
      ':content-type': 'application/json',
      ':message-type': 'event',
    },
    Buffer.from(JSON.stringify(payload)),
  )
}

/** The message by which an AWS service ends a stream with an error. */
export function eventStreamException(exceptionType: string, message: string): Buffer {
  return frame(
    {
      ':exception-type': exceptionType,
      ':content-type': 'application/json',
      ':message-type': 'exception',
    },
    Buffer.from(JSON.stringify({ message })),
  )
}

/** A whole message whose last checksum is wrong. */
export function brokenEventStreamFrame(): Buffer {
  const bytes = eventStreamFrame('sandbox', { malformed: true })
  bytes.writeUInt32BE(~bytes.readUInt32BE(bytes.length - CRC_BYTES) >>> 0, bytes.length - CRC_BYTES)
  return bytes
}

/** Total length, header length, checksum of both; headers; payload; checksum of all before it. */
function frame(headers: Readonly<Record<string, string>>, payload: Buffer): Buffer {
  const head = Buffer.concat(Object.entries(headers).map(([name, value]) => headerOf(name, value)))
  const bytes = Buffer.alloc(PRELUDE_BYTES + CRC_BYTES + head.length + payload.length + CRC_BYTES)
  bytes.writeUInt32BE(bytes.length, 0)
  bytes.writeUInt32BE(head.length, 4)
  bytes.writeUInt32BE(crc32(bytes.subarray(0, PRELUDE_BYTES)), PRELUDE_BYTES)
  head.copy(bytes, PRELUDE_BYTES + CRC_BYTES)
  payload.copy(bytes, PRELUDE_BYTES + CRC_BYTES + head.length)
  bytes.writeUInt32BE(crc32(bytes.subarray(0, -CRC_BYTES)), bytes.length - CRC_BYTES)
  return bytes
}

function headerOf(name: string, value: string): Buffer {
  const nameBytes = Buffer.from(name)
  const valueBytes = Buffer.from(value)
  const valueLength = Buffer.alloc(2)
  valueLength.writeUInt16BE(valueBytes.length)
  return Buffer.concat([
    Buffer.from([nameBytes.length]),
    nameBytes,
    Buffer.from([STRING_TYPE]),
    valueLength,
    valueBytes,
  ])
}
