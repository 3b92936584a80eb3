/** A caller on one HTTP/2 stream. */
import { constants } from 'node:http2'
import type { Http2ServerRequest, Http2ServerResponse, ServerHttp2Stream } from 'node:http2'
import type { Readable } from 'node:stream'
import type { PeerCertificate } from '../model/principal.ts'
import { DROP_BODY_MS, stopReading } from './caller.ts'
import type { Caller } from './caller.ts'
import { peerCertificate } from './peer-certificate.ts'

function certificateOf({ session }: ServerHttp2Stream): PeerCertificate | null {
  return session === undefined ? null : peerCertificate(session, session.socket)
}

export class Http2Caller implements Caller {
  readonly method: string
  readonly rawTarget: string
  readonly httpVersion = '2'
  readonly rawHeaders: readonly string[]
  readonly remoteAddress: string
  readonly certificate: PeerCertificate | null
  readonly body: Readable
  readonly #stream: ServerHttp2Stream
  #isOver = false
  #hasEnded = false
  #isFinished = false
  #bodyEnded = false
  #onGone: (() => void) | null = null
  #onSent: (() => void) | null = null

  constructor(request: Http2ServerRequest, response: Http2ServerResponse) {
    this.method = request.method
    // CONNECT has no path, although the types promise one.
    this.rawTarget = request.headers[':path'] ?? ''
    this.rawHeaders = request.rawHeaders
    this.remoteAddress = request.socket.remoteAddress ?? ''
    this.certificate = certificateOf(response.stream)
    this.body = request
    this.#stream = response.stream
    this.#stream.once('end', () => {
      // A reset ends the readable side as well, but closes the stream first.
      this.#bodyEnded = !this.#stream.closed && !this.#stream.aborted
    })
    this.#stream.once('finish', () => {
      // Node ends the writable side of a stream that was reset, too.
      if (!this.#hasEnded || this.#stream.aborted || this.#stream.closed) return
      this.#isFinished = true
      this.#over()
    })
    this.#stream.once('close', () => this.#over())
  }

  get bodyIsWhole(): boolean {
    return this.#bodyEnded
  }

  get answered(): boolean {
    return this.#stream.headersSent
  }

  get gone(): boolean {
    return this.#isOver || this.#stream.destroyed || this.#stream.closed
  }

  /** RFC 9113 8.2.1: field names are lower-case. */
  head(status: number, flatHeaders: readonly string[]): void {
    const headers = [':status', String(status)]
    for (let i = 0; i + 1 < flatHeaders.length; i += 2)
      headers.push((flatHeaders[i] ?? '').toLowerCase(), flatHeaders[i + 1] ?? '')
    this.#stream.respond(headers)
  }

  hint(link: string): void {
    this.#stream.additionalHeaders({ ':status': 103, link })
  }

  write(bytes: Buffer): boolean {
    return this.#stream.write(bytes)
  }

  end(bytes?: Buffer): void {
    this.#hasEnded = true
    if (bytes === undefined) this.#stream.end()
    else this.#stream.end(bytes)
  }

  cut(): void {
    this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR)
  }

  onDrain(listener: () => void): void {
    this.#stream.once('drain', listener)
  }

  onGone(listener: () => void): void {
    if (!this.gone) this.#onGone = listener
    else if (!this.#isFinished) queueMicrotask(listener)
  }

  sent(): Promise<void> {
    if (this.gone) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onSent = resolve
    })
  }

  /** Threat: unread bytes use up the window of the whole connection, so they are taken in, then refused (RFC 9113 8.1). */
  dropBody(): void {
    const stream = this.#stream
    if (this.#bodyEnded) return
    stopReading(this.body)
    if (stream.closed) return
    const timer = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), DROP_BODY_MS)
    stream.once('close', () => clearTimeout(timer))
    this.body.resume()
  }

  #over(): void {
    if (this.#isOver) return
    this.#isOver = true
    if (!this.#isFinished) this.#onGone?.()
    this.#onSent?.()
  }
}
