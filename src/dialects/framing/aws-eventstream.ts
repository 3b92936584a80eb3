/** Reads, follows and writes AWS binary event streams (`application/vnd.amazon.eventstream`), both CRCs checked. */
import { crc32 } from 'node:zlib'
import type { StreamFollower } from '../../model/dialect.ts'
import { decodeHeaders, encodeHeaders } from './aws-headers.ts'
import type { EventStreamHeaders } from './aws-headers.ts'
import { Carry } from './carry.ts'
import type { TerminalVerdict } from './event-judge.ts'

export interface EventStreamMessage {
  /** The whole message as it was read. */
  readonly bytes: Buffer
  readonly headers: EventStreamHeaders
  /** Shares memory with the bytes it was read from. */
  readonly payload: Buffer
}

/** `payload` is only valid during the call. */
export type IsTerminalMessage = (headers: EventStreamHeaders, payload: Buffer) => TerminalVerdict

/** Total length, headers length, CRC of these eight bytes. */
const PRELUDE_BYTES = 12
const CRC_BYTES = 4
const OVERHEAD_BYTES = PRELUDE_BYTES + CRC_BYTES
/** The format's own bounds: 128 KiB of headers, 24 MiB of payload. */
const HEADERS_BYTES_MAX = 128 * 1024
const MESSAGE_BYTES_MAX = 24 * 1024 * 1024 + HEADERS_BYTES_MAX + OVERHEAD_BYTES

/** Throws a RangeError for headers that the format cannot carry. */
export function encodeEventStreamMessage(headers: EventStreamHeaders, payload: Buffer): Buffer {
  return messageOf(encodeHeaders(headers), payload)
}

/** The message with another payload: its headers byte for byte, lengths and both CRCs made anew. */
export function withPayload({ bytes }: EventStreamMessage, payload: Buffer): Buffer {
  return messageOf(bytes.subarray(PRELUDE_BYTES, PRELUDE_BYTES + bytes.readUInt32BE(4)), payload)
}

function messageOf(head: Buffer, payload: Buffer): Buffer {
  const length = OVERHEAD_BYTES + head.length + payload.length
  const message = Buffer.alloc(length)
  message.writeUInt32BE(length, 0)
  message.writeUInt32BE(head.length, 4)
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8)
  head.copy(message, PRELUDE_BYTES)
  payload.copy(message, PRELUDE_BYTES + head.length)
  message.writeUInt32BE(crc32(message.subarray(0, length - CRC_BYTES)), length - CRC_BYTES)
  return message
}

/** All whole messages up to the first byte that breaks the format. Never throws. */
export function parseEventStream(body: Buffer): {
  readonly messages: readonly EventStreamMessage[]
  /** Where the last whole message ends. */
  readonly end: number
  readonly problem: string | null
} {
  const messages: EventStreamMessage[] = []
  let end = 0
  while (body.length - end >= PRELUDE_BYTES) {
    const length = messageLength(body.subarray(end, end + PRELUDE_BYTES))
    if (typeof length === 'string') return { messages, end, problem: length }
    if (body.length - end < length) break
    const message = readMessage(body.subarray(end, end + length))
    if (typeof message === 'string') return { messages, end, problem: message }
    messages.push(message)
    end += length
  }
  return { messages, end, problem: null }
}

export function createEventStreamFollower(isTerminal: IsTerminalMessage): StreamFollower {
  return new EventStreamFollower(isTerminal)
}

/** Length of the message that begins with this prelude, or why there is none. */
function messageLength(prelude: Buffer): number | string {
  if (crc32(prelude.subarray(0, 8)) !== prelude.readUInt32BE(8)) return 'prelude CRC does not match'
  const length = prelude.readUInt32BE(0)
  const headersLength = prelude.readUInt32BE(4)
  if (length > MESSAGE_BYTES_MAX) return `a message is longer than ${MESSAGE_BYTES_MAX} bytes`
  if (headersLength > HEADERS_BYTES_MAX) return `headers are longer than ${HEADERS_BYTES_MAX} bytes`
  if (length < OVERHEAD_BYTES + headersLength)
    return 'the lengths in a prelude contradict each other'
  return length
}

/** `bytes` is one message as long as its prelude says. */
function readMessage(bytes: Buffer): EventStreamMessage | string {
  const crcAt = bytes.length - CRC_BYTES
  if (crc32(bytes.subarray(0, crcAt)) !== bytes.readUInt32BE(crcAt))
    return 'message CRC does not match'
  const headersEnd = PRELUDE_BYTES + bytes.readUInt32BE(4)
  const headers = decodeHeaders(bytes.subarray(PRELUDE_BYTES, headersEnd))
  if (headers === null) return 'the headers of a message are malformed'
  return { bytes, headers, payload: bytes.subarray(headersEnd, crcAt) }
}

class EventStreamFollower implements StreamFollower {
  readonly #isTerminal: IsTerminalMessage
  readonly #carry = new Carry()
  /** Offset in the stream of the first byte of the message that is not complete yet. */
  #messageStart = 0
  #terminal = false
  #failed = false
  #problem: string | null = null

  constructor(isTerminal: IsTerminalMessage) {
    this.#isTerminal = isTerminal
  }

  get terminal(): boolean {
    return this.#terminal
  }

  get failed(): boolean {
    return this.#failed
  }

  get problem(): string | null {
    return this.#problem
  }

  get atBoundary(): boolean {
    return this.#problem === null && this.#carry.length === 0
  }

  push(chunk: Buffer): number {
    for (let at = 0; at < chunk.length && !this.#terminal && this.#problem === null;) {
      at = this.#carry.length > 0 ? this.#complete(chunk, at) : this.#fromChunk(chunk, at)
    }
    return this.#messageStart
  }

  /** No bytes are carried: reads a message without copying it when all of it lies in this chunk. */
  #fromChunk(chunk: Buffer, at: number): number {
    if (chunk.length - at >= PRELUDE_BYTES) {
      const length = this.#length(chunk.subarray(at, at + PRELUDE_BYTES))
      if (length === null) return at
      if (chunk.length - at >= length) {
        this.#conclude(chunk.subarray(at, at + length))
        return at + length
      }
    }
    this.#carry.append(chunk, at, chunk.length)
    return chunk.length
  }

  #complete(chunk: Buffer, start: number): number {
    const preludeEnd = Math.min(
      chunk.length,
      start + Math.max(0, PRELUDE_BYTES - this.#carry.length),
    )
    this.#carry.append(chunk, start, preludeEnd)
    if (this.#carry.length < PRELUDE_BYTES) return preludeEnd
    const length = this.#length(this.#carry.view().subarray(0, PRELUDE_BYTES))
    if (length === null) return preludeEnd
    const end = Math.min(chunk.length, preludeEnd + length - this.#carry.length)
    this.#carry.append(chunk, preludeEnd, end)
    if (this.#carry.length === length) {
      this.#conclude(this.#carry.view())
      this.#carry.clear()
    }
    return end
  }

  #length(prelude: Buffer): number | null {
    const length = messageLength(prelude)
    if (typeof length === 'number') return length
    this.#problem = length
    return null
  }

  #conclude(bytes: Buffer): void {
    const message = readMessage(bytes)
    if (typeof message === 'string') {
      this.#problem = message
      return
    }
    const verdict = this.#isTerminal(message.headers, message.payload)
    if (verdict === 'no') this.#messageStart += bytes.length
    else this.#terminal = true
    this.#failed = verdict === 'failed'
  }
}
