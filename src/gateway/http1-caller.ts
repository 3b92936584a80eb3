/** A caller on HTTP/1.0 or HTTP/1.1. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { GatewayError } from '../model/errors.ts'
import type { PeerCertificate } from '../model/principal.ts'
import { DROP_BODY_MS, stopReading } from './caller.ts'
import type { Caller } from './caller.ts'
import { peerCertificate } from './peer-certificate.ts'

/** A longer piece is not copied. */
const ONE_WRITE_MAX = 16 * 1024

/** One chunk of a chunked body (RFC 9112 7.1). */
function chunkOf(bytes: Buffer): Buffer {
  const size = bytes.length.toString(16)
  const chunk = Buffer.allocUnsafe(size.length + bytes.length + 4)
  chunk.write(`${size}\r\n`, 'latin1')
  bytes.copy(chunk, size.length + 2)
  chunk.write('\r\n', chunk.length - 2, 'latin1')
  return chunk
}

export class Http1Caller implements Caller {
  readonly method: string
  readonly rawTarget: string
  readonly httpVersion: '1.0' | '1.1'
  readonly rawHeaders: readonly string[]
  readonly remoteAddress: string
  readonly certificate: PeerCertificate | null
  readonly body: IncomingMessage
  readonly #response: ServerResponse
  /** The response lets go of it when it is finished. */
  readonly #socket: Socket
  /** The head has been handed over, so that pieces of the body may follow it on the connection. */
  #headIsOut = false
  /** What took the last piece, and says when it has room again. */
  #sink: ServerResponse | Socket
  #isOver = false
  #onGone: (() => void) | null = null
  #onSent: (() => void) | null = null

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.method = request.method ?? ''
    this.rawTarget = request.url ?? ''
    this.httpVersion = request.httpVersion === '1.0' ? '1.0' : '1.1'
    this.rawHeaders = request.rawHeaders
    this.remoteAddress = request.socket.remoteAddress ?? ''
    this.certificate = peerCertificate(request.socket, request.socket)
    this.body = request
    this.#response = response
    this.#sink = response
    this.#socket = request.socket
    response.once('finish', () => this.over())
    response.once('close', () => this.over())
  }

  get bodyIsWhole(): boolean {
    return this.body.complete
  }

  get answered(): boolean {
    return this.#response.headersSent
  }

  get gone(): boolean {
    return this.#isOver || this.#response.destroyed || this.#socket.destroyed
  }

  /** The connection is closed behind this answer. */
  leaveAfter(): void {
    this.#response.shouldKeepAlive = false
    if (this.answered) this.#response.once('finish', () => this.#socket.destroySoon())
  }

  /** The parser gave up on the body: whoever reads it is told, and the connection ends with the answer. */
  breakBody(error: GatewayError): void {
    this.leaveAfter()
    if (this.body.listenerCount('error') > 0) this.body.emit('error', error)
  }

  head(status: number, flatHeaders: readonly string[], isAlone = false): void {
    this.#response.sendDate = false
    this.#response.writeHead(status, [...flatHeaders])
    // Node keeps a head until there is something of the body to send with it.
    if (!isAlone) return
    this.#response.flushHeaders()
    this.#headIsOut = true
  }

  hint(link: string): void {
    this.#response.writeEarlyHints({ link })
  }

  /**
   * Node would write each piece of a chunked body as four parts, corked until the next tick and gathered by the system.
   * A small piece goes out as one, at once: of an event that costs as much again as reading it.
   */
  write(bytes: Buffer): boolean {
    const { socket } = this.#response
    // Behind an answer that is still on its way, a response has no socket yet.
    if (this.#headIsOut && socket !== null && this.#isChunked && bytes.length <= ONE_WRITE_MAX) {
      this.#sink = socket
      return socket.write(chunkOf(bytes))
    }
    this.#headIsOut = true
    this.#sink = this.#response
    return this.#response.write(bytes)
  }

  get #isChunked(): boolean {
    return this.#response.chunkedEncoding && this.method !== 'HEAD'
  }

  end(bytes?: Buffer): void {
    this.#response.end(bytes)
  }

  cut(): void {
    this.#socket.destroy()
  }

  onDrain(listener: () => void): void {
    this.#sink.once('drain', listener)
  }

  onGone(listener: () => void): void {
    if (!this.gone) this.#onGone = listener
    else if (!this.#response.writableFinished) queueMicrotask(listener)
  }

  sent(): Promise<void> {
    if (this.gone) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onSent = resolve
    })
  }

  dropBody(): void {
    if (this.body.complete) return
    stopReading(this.body)
    if (this.#socket.destroyed) return
    const timer = setTimeout(() => this.#socket.destroy(), DROP_BODY_MS)
    const clear = (): void => clearTimeout(timer)
    // Once its answer is finished, a request hears of its connection no more.
    this.#socket.once('close', clear)
    this.body.once('end', () => {
      clear()
      this.#socket.off('close', clear)
    })
    this.body.resume()
  }

  /** Called when the answer is finished or the connection is closed, whichever comes first; also for answers still in line. */
  over(): void {
    if (this.#isOver) return
    this.#isOver = true
    if (!this.#response.writableFinished) this.#onGone?.()
    this.#onSent?.()
  }
}
