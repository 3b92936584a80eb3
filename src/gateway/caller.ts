/** One caller's request and reply on HTTP/1.1 or HTTP/2, as the pipeline sees them: raw headers, bytes, backpressure. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { Readable } from 'node:stream'

export interface Caller {
  readonly method: string
  /** As on the request line or in `:path`. */
  readonly rawTarget: string
  readonly httpVersion: '1.0' | '1.1' | '2'
  /** Names and values alternating, in wire order, pseudo-headers included on HTTP/2. */
  readonly rawHeaders: readonly string[]
  readonly remoteAddress: string
  readonly body: Readable
  /** True once the answer's head was written. */
  readonly answered: boolean
  /** True once the caller is gone. */
  readonly gone: boolean
  readonly head: (status: number, flatHeaders: readonly string[]) => void
  /** False when the caller should be given time (`onDrain`). */
  readonly write: (bytes: Buffer) => boolean
  readonly end: (bytes?: Buffer) => void
  /** Ends the connection so that the caller sees a broken answer, never a short one that looks whole. */
  readonly cut: () => void
  readonly onDrain: (listener: () => void) => void
  /** Called at most once, when the caller leaves before its answer was finished. */
  readonly onGone: (listener: () => void) => void
}

export function callerOfHttp1(request: IncomingMessage, response: ServerResponse): Caller {
  return {
    method: request.method ?? '',
    rawTarget: request.url ?? '',
    httpVersion: request.httpVersion === '1.0' ? '1.0' : '1.1',
    rawHeaders: request.rawHeaders,
    remoteAddress: request.socket.remoteAddress ?? '',
    body: request,
    get answered() {
      return response.headersSent
    },
    get gone() {
      return response.destroyed || response.socket === null || response.socket.destroyed
    },
    head: (status, flatHeaders) => {
      response.sendDate = false
      response.writeHead(status, [...flatHeaders])
    },
    write: (bytes) => response.write(bytes),
    end: (bytes) => {
      response.end(bytes)
    },
    cut: () => {
      response.destroy()
    },
    onDrain: (listener) => response.once('drain', listener),
    onGone: (listener) => {
      response.once('close', () => {
        if (!response.writableFinished) listener()
      })
    },
  }
}

export function callerOfHttp2(request: Http2ServerRequest, response: Http2ServerResponse): Caller {
  return {
    method: request.method,
    rawTarget: request.url,
    httpVersion: '2',
    rawHeaders: request.rawHeaders,
    remoteAddress: request.socket.remoteAddress ?? '',
    body: request,
    get answered() {
      return response.headersSent
    },
    get gone() {
      return response.stream === undefined || response.stream.destroyed
    },
    head: (status, flatHeaders) => {
      response.stream.respond({ ':status': status, ...http2Headers(flatHeaders) })
    },
    write: (bytes) => response.stream.write(bytes),
    end: (bytes) => {
      if (bytes === undefined) response.stream.end()
      else response.stream.end(bytes)
    },
    cut: () => {
      response.stream.close(2)
    },
    onDrain: (listener) => response.stream.once('drain', listener),
    onGone: (listener) => {
      const { stream } = response
      stream.once('close', () => {
        if (!stream.writableFinished || stream.rstCode !== 0) listener()
      })
    },
  }
}

/** RFC 9113 8.2.1: field names are lower-case; repeated fields become a list. */
function http2Headers(flat: readonly string[]): Record<string, string | string[]> {
  const out: Record<string, string | string[]> = {}
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = (flat[i] ?? '').toLowerCase()
    const value = flat[i + 1] ?? ''
    const before = out[name]
    if (before === undefined) out[name] = value
    else if (Array.isArray(before)) before.push(value)
    else out[name] = [before, value]
  }
  return out
}
