/** Reads the HTTP/1.1 messages that lie in the recorded bytes of one connection, independently of the gateway's parser. */

export type HeaderPair = readonly [name: string, value: string]

export interface Http1Message {
  /** Offset of its first byte. */
  readonly at: number
  /** Request line or status line. */
  readonly start: string
  readonly headers: readonly HeaderPair[]
  /** Without transfer framing. */
  readonly body: Buffer
  /** False when the bytes end before the message does. */
  readonly isWhole: boolean
}

interface Framed {
  readonly body: Buffer
  readonly end: number
  readonly isWhole: boolean
}

/** `methods[i]` is the method that answer `i` belongs to; null when `bytes` are requests. */
export function readHttp1(
  bytes: Buffer,
  methods: readonly string[] | null,
): readonly Http1Message[] {
  const messages: Http1Message[] = []
  let at = 0
  while (at < bytes.length) {
    const blank = bytes.indexOf('\r\n\r\n', at)
    if (blank === -1) break
    const [start = '', ...lines] = bytes.toString('latin1', at, blank).split('\r\n')
    const headers = lines.map((line): HeaderPair => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1).trim()]
    })
    const framed = readBody(bytes, blank + 4, {
      start,
      headers,
      method: methods === null ? null : (methods[messages.length] ?? ''),
    })
    const from = at
    at = framed.end
    // RFC 9110 15.2: interim answers precede the one that counts.
    if (/^HTTP\/1\.1 1\d\d /.test(start)) continue
    messages.push({ at: from, start, headers, body: framed.body, isWhole: framed.isWhole })
  }
  return messages
}

interface Head {
  readonly start: string
  readonly headers: readonly HeaderPair[]
  /** Null for a request. */
  readonly method: string | null
}

/** RFC 9112 6.3. */
function readBody(bytes: Buffer, from: number, { start, headers, method }: Head): Framed {
  const value = (name: string): string | undefined =>
    headers.find(([candidate]) => candidate.toLowerCase() === name)?.[1]
  const isAnswer = method !== null
  const hasNone = isAnswer && (method === 'HEAD' || /^HTTP\/1\.1 (?:1\d\d|204|304) /.test(start))
  if (hasNone) return { body: Buffer.alloc(0), end: from, isWhole: true }
  if (value('transfer-encoding')?.toLowerCase() === 'chunked') return readChunked(bytes, from)
  const length = value('content-length')
  if (length === undefined) {
    return isAnswer
      ? { body: bytes.subarray(from), end: bytes.length, isWhole: true }
      : { body: Buffer.alloc(0), end: from, isWhole: true }
  }
  const end = from + Number(length)
  return { body: bytes.subarray(from, end), end, isWhole: end <= bytes.length }
}

/** RFC 9112 7.1, without trailers. */
function readChunked(bytes: Buffer, from: number): Framed {
  const chunks: Buffer[] = []
  let at = from
  for (;;) {
    const line = bytes.indexOf('\r\n', at)
    if (line === -1) break
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16)
    const end = line + 2 + size
    if (size === 0) return { body: Buffer.concat(chunks), end: end + 2, isWhole: true }
    chunks.push(bytes.subarray(line + 2, end))
    if (end + 2 > bytes.length) break
    at = end + 2
  }
  return { body: Buffer.concat(chunks), end: bytes.length, isWhole: false }
}
