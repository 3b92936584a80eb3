/** Speaks to a port in raw bytes, so that a test says exactly what goes over the wire. */
import { connect } from 'node:net'
import type { Socket } from 'node:net'

export interface RawAnswer {
  readonly status: number
  /** Lower-case names; a repeated one keeps all values. */
  readonly headers: ReadonlyMap<string, readonly string[]>
  readonly body: Buffer
}

export interface RawTalk {
  /** All bytes that came back. */
  readonly bytes: Buffer
  /** The final answers in them, in order; 1xx are left out. `null` at the end: bytes that are no whole answer. */
  readonly answers: readonly (RawAnswer | null)[]
  readonly closed: boolean
}

/**
 * Sends `bytes` and reads until the server closes, nothing more came for `quietMs` after `answers` answers, or
 * `patienceMs` have passed.
 */
export async function talk(
  port: number,
  bytes: string | Buffer,
  options: { readonly patienceMs?: number; readonly answers?: number } = {},
): Promise<RawTalk> {
  const { patienceMs = 60_000, answers = 1 } = options
  const socket = connect({ port, host: '127.0.0.1' })
  const chunks: Buffer[] = []
  let closed = false
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, patienceMs)
    const done = (): void => {
      clearTimeout(timer)
      resolve()
    }
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      const read = readAnswers(Buffer.concat(chunks))
      // A moment more: a second answer, where there must be none, would come now.
      if (read.length >= answers && !read.includes(null)) setTimeout(done, 15)
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      closed = true
      done()
    })
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  })
  socket.destroy()
  const all = Buffer.concat(chunks)
  return { bytes: all, answers: readAnswers(all), closed }
}

/** A connection left open for the test to write to and read from. */
export async function dial(port: number): Promise<Socket & AsyncDisposable> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => undefined)
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()))
  return socket
}

export function readAnswers(bytes: Buffer): (RawAnswer | null)[] {
  const answers: (RawAnswer | null)[] = []
  let at = 0
  while (at < bytes.length) {
    const read = readAnswer(bytes, at)
    if (read === null) return [...answers, null]
    if (read.answer.status >= 200) answers.push(read.answer)
    at = read.end
  }
  return answers
}

function readAnswer(
  bytes: Buffer,
  start: number,
): { readonly answer: RawAnswer; readonly end: number } | null {
  const headEnd = bytes.indexOf('\r\n\r\n', start)
  if (headEnd === -1) return null
  const [statusLine = '', ...lines] = bytes.toString('latin1', start, headEnd).split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1] ?? Number.NaN)
  if (Number.isNaN(status)) return null
  const headers = new Map<string, string[]>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()])
  }
  const from = headEnd + 4
  if (status < 200 || status === 204 || status === 304)
    return { answer: { status, headers, body: Buffer.alloc(0) }, end: from }
  if (headers.get('transfer-encoding')?.[0] === 'chunked') {
    const chunked = readChunked(bytes, from)
    return chunked === null
      ? null
      : { answer: { status, headers, body: chunked.body }, end: chunked.end }
  }
  const length = headers.get('content-length')?.[0]
  const end = length === undefined ? bytes.length : from + Number(length)
  if (end > bytes.length) return null
  return { answer: { status, headers, body: bytes.subarray(from, end) }, end }
}

function readChunked(
  bytes: Buffer,
  start: number,
): { readonly body: Buffer; readonly end: number } | null {
  const parts: Buffer[] = []
  for (let at = start; ;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd === -1) return null
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    const from = lineEnd + 2
    if (size === 0) return { body: Buffer.concat(parts), end: from + 2 }
    if (from + size + 2 > bytes.length) return null
    parts.push(bytes.subarray(from, from + size))
    at = from + size + 2
  }
}
