/** Reads and writes the typed headers of an AWS event stream message. */

export type EventStreamValue =
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'byte' | 'short' | 'integer'; readonly value: number }
  /** `timestamp` is in milliseconds since the Unix epoch. */
  | { readonly kind: 'long' | 'timestamp'; readonly value: bigint }
  | { readonly kind: 'binary'; readonly value: Buffer }
  | { readonly kind: 'string'; readonly value: string }
  /** Lower case with hyphens. */
  | { readonly kind: 'uuid'; readonly value: string }

export type EventStreamHeaders = ReadonlyMap<string, EventStreamValue>

const TYPES = {
  true: 0,
  false: 1,
  byte: 2,
  short: 3,
  integer: 4,
  long: 5,
  binary: 6,
  string: 7,
  timestamp: 8,
  uuid: 9,
} as const

const NO_TYPE = -1
const UUID_BYTES = 16

/** Text of a string header; empty when it is missing or of another type. */
export function headerText(headers: EventStreamHeaders, name: string): string {
  const header = headers.get(name)
  return header?.kind === 'string' ? header.value : ''
}

/** The given names and texts as string headers, in order. */
export function textHeaders(texts: Readonly<Record<string, string>>): EventStreamHeaders {
  const headers = new Map<string, EventStreamValue>()
  for (const [name, value] of Object.entries(texts)) headers.set(name, { kind: 'string', value })
  return headers
}

/** Null when the bytes are not a list of headers. A repeated name keeps its last value. */
export function decodeHeaders(bytes: Buffer): EventStreamHeaders | null {
  const headers = new Map<string, EventStreamValue>()
  for (let at = 0; at < bytes.length;) {
    const nameEnd = at + 1 + (bytes[at] ?? 0)
    // An empty name is not allowed, and a type byte must follow.
    if (nameEnd === at + 1 || nameEnd >= bytes.length) return null
    const decoded = decodeValue(bytes, nameEnd)
    if (decoded === null) return null
    headers.set(bytes.toString('utf8', at + 1, nameEnd), decoded.value)
    at = decoded.end
  }
  return headers
}

interface Decoded {
  readonly value: EventStreamValue
  readonly end: number
}

function decodeValue(bytes: Buffer, typeAt: number): Decoded | null {
  const at = typeAt + 1
  const left = bytes.length - at
  switch (bytes[typeAt] ?? NO_TYPE) {
    case TYPES.true:
      return { value: { kind: 'boolean', value: true }, end: at }
    case TYPES.false:
      return { value: { kind: 'boolean', value: false }, end: at }
    case TYPES.byte:
      return left < 1 ? null : { value: { kind: 'byte', value: bytes.readInt8(at) }, end: at + 1 }
    case TYPES.short:
      return left < 2
        ? null
        : { value: { kind: 'short', value: bytes.readInt16BE(at) }, end: at + 2 }
    case TYPES.integer:
      return left < 4
        ? null
        : { value: { kind: 'integer', value: bytes.readInt32BE(at) }, end: at + 4 }
    case TYPES.long:
      return left < 8
        ? null
        : { value: { kind: 'long', value: bytes.readBigInt64BE(at) }, end: at + 8 }
    case TYPES.timestamp:
      return left < 8
        ? null
        : { value: { kind: 'timestamp', value: bytes.readBigInt64BE(at) }, end: at + 8 }
    case TYPES.binary:
    case TYPES.string:
      return decodeSized(bytes, at, bytes[typeAt] === TYPES.string)
    case TYPES.uuid:
      return left < UUID_BYTES
        ? null
        : { value: { kind: 'uuid', value: uuidText(bytes, at) }, end: at + UUID_BYTES }
    default:
      return null
  }
}

function decodeSized(bytes: Buffer, at: number, isText: boolean): Decoded | null {
  if (bytes.length - at < 2) return null
  const start = at + 2
  const end = start + bytes.readUInt16BE(at)
  if (end > bytes.length) return null
  return isText
    ? { value: { kind: 'string', value: bytes.toString('utf8', start, end) }, end }
    : { value: { kind: 'binary', value: bytes.subarray(start, end) }, end }
}

function uuidText(bytes: Buffer, at: number): string {
  const hex = bytes.toString('hex', at, at + UUID_BYTES)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-')
}

/** Throws a RangeError for names above 255 bytes, texts above 65535 bytes and numbers out of their range. */
export function encodeHeaders(headers: EventStreamHeaders): Buffer {
  const pieces: Buffer[] = []
  for (const [name, header] of headers) {
    const nameBytes = Buffer.from(name)
    const nameLength = Buffer.alloc(1)
    nameLength.writeUInt8(nameBytes.length)
    pieces.push(nameLength, nameBytes, ...encodeValue(header))
  }
  return Buffer.concat(pieces)
}

function encodeValue(header: EventStreamValue): readonly Buffer[] {
  switch (header.kind) {
    case 'boolean':
      return [Buffer.from([header.value ? TYPES.true : TYPES.false])]
    case 'byte':
    case 'short':
    case 'integer':
      return [encodeNumber(header.kind, header.value)]
    case 'long':
    case 'timestamp': {
      const bytes = Buffer.alloc(9)
      bytes.writeUInt8(TYPES[header.kind])
      bytes.writeBigInt64BE(header.value, 1)
      return [bytes]
    }
    case 'binary':
      return encodeSized(TYPES.binary, header.value)
    case 'string':
      return encodeSized(TYPES.string, Buffer.from(header.value))
    case 'uuid':
      break
  }
  return [Buffer.from([TYPES.uuid]), Buffer.from(header.value.replaceAll('-', ''), 'hex')]
}

function encodeNumber(kind: 'byte' | 'short' | 'integer', value: number): Buffer {
  const width = { byte: 1, short: 2, integer: 4 }[kind]
  const bytes = Buffer.alloc(1 + width)
  bytes.writeUInt8(TYPES[kind])
  bytes.writeIntBE(value, 1, width)
  return bytes
}

function encodeSized(type: number, value: Buffer): readonly Buffer[] {
  const head = Buffer.alloc(3)
  head.writeUInt8(type)
  head.writeUInt16BE(value.length, 1)
  return [head, value]
}
