/** Reads the HTTP/2 streams that lie in the recorded bytes of one connection: frames by hand, header blocks by node. */
import { connect, createServer } from 'node:http2'
import { Duplex } from 'node:stream'
import type { HeaderPair } from './read-http1.ts'

export const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

export interface Http2Half {
  readonly headers: readonly HeaderPair[]
  readonly body: Buffer
  /** The sender ended the stream. */
  readonly isWhole: boolean
}

export interface Http2Exchange {
  /** Offset of the frame that opened the stream. */
  readonly at: number
  readonly request: Http2Half
  /** Null when no answer had begun. */
  readonly answer: Http2Half | null
}

const DATA = 0
const HEADERS = 1
const SETTINGS = 4
const CONTINUATION = 9
const END_STREAM = 1
const ACK = 1
const PADDED = 8

interface Frame {
  readonly at: number
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly bytes: Buffer
  readonly payload: Buffer
}

/** In the order in which the streams were opened. */
export async function readHttp2(up: Buffer, down: Buffer): Promise<readonly Http2Exchange[]> {
  const requests = readFrames(up, HTTP2_PREFACE.length)
  const answers = readFrames(down, 0)
  const ids = [...new Set(requests.filter(({ type }) => type === HEADERS).map((f) => f.stream))]
  const answered = ids.filter((id) => answers.some((f) => f.type === HEADERS && f.stream === id))
  const requestHeaders = await requestHeadersOf(requests, ids)
  const answerHeaders = await answerHeadersOf(answers, answered)
  return ids.map((id) => ({
    at: requests.find(({ stream }) => stream === id)?.at ?? 0,
    request: half(requests, id, requestHeaders.get(id) ?? []),
    answer: answered.includes(id) ? half(answers, id, answerHeaders.get(id) ?? []) : null,
  }))
}

/** RFC 9113 4.1. A frame that is not all there is left out. */
function readFrames(bytes: Buffer, from: number): readonly Frame[] {
  const frames: Frame[] = []
  let at = from
  while (at + 9 <= bytes.length) {
    const end = at + 9 + bytes.readUIntBE(at, 3)
    if (end > bytes.length) break
    frames.push({
      at,
      type: bytes.readUInt8(at + 3),
      flags: bytes.readUInt8(at + 4),
      stream: bytes.readUInt32BE(at + 5) & 0x7fffffff,
      bytes: bytes.subarray(at, end),
      payload: bytes.subarray(at + 9, end),
    })
    at = end
  }
  return frames
}

function half(frames: readonly Frame[], id: number, headers: readonly HeaderPair[]): Http2Half {
  const own = frames.filter(({ stream }) => stream === id)
  const body = Buffer.concat(own.filter(({ type }) => type === DATA).map(contentOf))
  const isWhole = own.some(
    ({ type, flags }) => (type === DATA || type === HEADERS) && (flags & END_STREAM) !== 0,
  )
  return { headers, body, isWhole }
}

/** RFC 9113 6.1: padding is no content. */
function contentOf({ payload, flags }: Frame): Buffer {
  return (flags & PADDED) === 0
    ? payload
    : payload.subarray(1, payload.length - payload.readUInt8(0))
}

/**
 * What node needs to decode header blocks (RFC 7541). Without data frames no flow control is in the way; an
 * acknowledgement of settings that this session never sent would be an error.
 */
function headerFrames(frames: readonly Frame[]): Buffer {
  const isWanted = ({ type, flags }: Frame): boolean =>
    type === HEADERS || type === CONTINUATION || (type === SETTINGS && (flags & ACK) === 0)
  return Buffer.concat(frames.filter(isWanted).map(({ bytes }) => bytes))
}

/** The far end of a session: `wrote` hears every byte the session sends. */
function farEnd(wrote: (bytes: Buffer) => void): Duplex {
  return new Duplex({
    read: () => undefined,
    write: (bytes: Buffer, _encoding, done) => {
      wrote(bytes)
      done()
    },
  })
}

async function requestHeadersOf(
  frames: readonly Frame[],
  ids: readonly number[],
): Promise<ReadonlyMap<number, readonly HeaderPair[]>> {
  const found = new Map<number, readonly HeaderPair[]>()
  if (ids.length === 0) return found
  const server = createServer()
  const socket = farEnd(() => undefined)
  await new Promise<void>((resolve, reject) => {
    server.on('sessionError', reject)
    server.on('stream', (stream, _headers, _flags, rawHeaders) => {
      stream.on('error', () => undefined)
      found.set(stream.id ?? 0, pairsOf(rawHeaders))
      if (found.size === ids.length) resolve()
    })
    server.emit('connection', socket)
    socket.push(Buffer.concat([HTTP2_PREFACE, headerFrames(frames)]))
  })
  socket.destroy()
  return found
}

async function answerHeadersOf(
  frames: readonly Frame[],
  answered: readonly number[],
): Promise<ReadonlyMap<number, readonly HeaderPair[]>> {
  const found = new Map<number, readonly HeaderPair[]>()
  if (answered.length === 0) return found
  const streams = (Math.max(...answered) + 1) / 2
  let written = Buffer.alloc(0)
  let isAsked = false
  const socket = farEnd((bytes) => {
    written = Buffer.concat([written, bytes])
    const asked = readFrames(written, HTTP2_PREFACE.length).filter(({ type }) => type === HEADERS)
    // Answers are only understood once the streams they belong to are open.
    if (!isAsked && asked.length === streams) {
      isAsked = true
      setImmediate(() => socket.push(headerFrames(frames)))
    }
  })
  const session = connect('http://tap.invalid', { createConnection: () => socket })
  await new Promise<void>((resolve, reject) => {
    session.on('error', reject)
    for (let id = 1; id < streams * 2; id += 2) {
      const request = session.request({ ':method': 'POST' }, { endStream: false })
      request.on('error', () => undefined)
      request.on('response', (_headers, _flags, rawHeaders) => {
        found.set(id, pairsOf(rawHeaders))
        if (found.size === answered.length) resolve()
      })
    }
  })
  session.destroy()
  return found
}

function pairsOf(flat: readonly string[]): readonly HeaderPair[] {
  const pairs: HeaderPair[] = []
  for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([flat[i] ?? '', flat[i + 1] ?? ''])
  return pairs
}
