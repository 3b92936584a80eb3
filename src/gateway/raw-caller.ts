/** A caller whose connection the HTTP server has given up (upgrade, CONNECT, malformed): it gets one answer, then the end. */
import { STATUS_CODES } from 'node:http'
import { Readable } from 'node:stream'
import type { Duplex } from 'node:stream'
import { DROP_BODY_MS } from './caller.ts'
import type { Caller } from './caller.ts'

export interface RawRequest {
  readonly method: string
  readonly rawTarget: string
  readonly rawHeaders: readonly string[]
  readonly remoteAddress: string
}

/** Of a request that could not be read nothing is known, and nothing of it is echoed or recorded. */
export const UNREADABLE: Omit<RawRequest, 'remoteAddress'> = {
  method: '',
  rawTarget: '',
  rawHeaders: [],
}

export class RawCaller implements Caller {
  readonly method: string
  readonly rawTarget: string
  readonly httpVersion = '1.1'
  readonly rawHeaders: readonly string[]
  readonly remoteAddress: string
  /** Refused before anybody is identified. */
  readonly certificate = null
  readonly body = Readable.from([])
  readonly bodyIsWhole = true
  readonly #socket: Duplex
  #answered = false

  constructor(request: RawRequest, socket: Duplex) {
    this.method = request.method
    this.rawTarget = request.rawTarget
    this.rawHeaders = request.rawHeaders
    this.remoteAddress = request.remoteAddress
    this.#socket = socket
    // The HTTP server took its listeners off; without one a reset would end the process.
    socket.on('error', () => socket.destroy())
  }

  get answered(): boolean {
    return this.#answered
  }

  get gone(): boolean {
    return this.#socket.destroyed || !this.#socket.writable
  }

  head(status: number, flatHeaders: readonly string[]): void {
    this.#answered = true
    const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`]
    for (let i = 0; i + 1 < flatHeaders.length; i += 2) {
      if (flatHeaders[i] !== 'connection') lines.push(`${flatHeaders[i]}: ${flatHeaders[i + 1]}`)
    }
    lines.push('connection: close')
    this.#socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  }

  /** It never waits. */
  hint(): void {
    return
  }

  write(bytes: Buffer): boolean {
    return this.#socket.write(bytes)
  }

  end(bytes?: Buffer): void {
    const socket = this.#socket
    if (bytes === undefined) socket.end()
    else socket.end(bytes)
  }

  cut(): void {
    this.#socket.destroy()
  }

  onDrain(listener: () => void): void {
    this.#socket.once('drain', listener)
  }

  onGone(listener: () => void): void {
    this.#socket.once('close', listener)
  }

  sent(): Promise<void> {
    return Promise.resolve()
  }

  dropBody(): void {
    const socket = this.#socket
    const timer = setTimeout(() => socket.destroy(), DROP_BODY_MS)
    socket.once('close', () => clearTimeout(timer))
    socket.resume()
  }
}
