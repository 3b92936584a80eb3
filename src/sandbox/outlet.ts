/** One answer on its way out, the same for HTTP/1.1 and HTTP/2: head, body with backpressure, pauses, and cutting it off. */
import { ServerResponse } from 'node:http'
import { constants } from 'node:http2'
import type { Outgoing } from './listener.ts'

export class Outlet {
  readonly #outgoing: Outgoing
  #wake: (() => void) | null = null
  #isClosed = false
  #isFinished = false

  constructor(outgoing: Outgoing) {
    this.#outgoing = outgoing
    outgoing.once('finish', () => {
      this.#isFinished = true
    })
    outgoing.once('close', () => {
      this.#isClosed = true
      this.#wake?.()
    })
    // The peer's reset shows as `close`.
    outgoing.on('error', () => {})
  }

  /** The connection (or HTTP/2 stream) ended, whoever ended it. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Every byte of the answer was handed to the operating system. */
  get isFinished(): boolean {
    return this.#isFinished
  }

  head(status: number, headers: Readonly<Record<string, string>>): void {
    if (this.#isClosed) return
    if (this.#outgoing instanceof ServerResponse) this.#outgoing.writeHead(status, { ...headers })
    else this.#outgoing.writeHead(status, { ...headers })
  }

  /** Sends the head at once instead of together with the first body bytes; HTTP/2 does so by itself. */
  flush(): void {
    const outgoing = this.#outgoing
    if (!this.#isClosed && outgoing instanceof ServerResponse) outgoing.flushHeaders()
  }

  /** Resolves when more may be written. */
  async write(chunk: Buffer): Promise<void> {
    if (this.#isClosed) return
    const outgoing: NodeJS.WritableStream = this.#outgoing
    if (!outgoing.write(chunk)) {
      await this.#pause((resume) => {
        outgoing.once('drain', resume)
        return () => outgoing.off('drain', resume)
      })
    }
  }

  end(chunk?: Buffer): void {
    if (this.#isClosed) return
    if (chunk === undefined) this.#outgoing.end()
    else this.#outgoing.end(chunk)
  }

  /** Resolves after `ms`, or as soon as the connection closes. */
  async sleep(ms: number): Promise<void> {
    if (this.#isClosed || ms <= 0) return
    await this.#pause((resume) => {
      const timer = setTimeout(resume, ms)
      return () => clearTimeout(timer)
    })
  }

  /** Lets what was written leave first, then ends the connection without ending the answer. */
  async cut(): Promise<void> {
    const outgoing = this.#outgoing
    if (outgoing instanceof ServerResponse) {
      if (outgoing.headersSent && !this.#isClosed) {
        await this.#pause((resume) => {
          outgoing.write('', () => resume())
          return () => {}
        })
      }
      outgoing.socket?.destroy()
      return
    }
    await new Promise((resolve) => setImmediate(resolve))
    outgoing.stream.close(constants.NGHTTP2_INTERNAL_ERROR)
  }

  async #pause(begin: (resume: () => void) => () => void): Promise<void> {
    await new Promise<void>((resolve) => {
      const abandon = begin(resolve)
      this.#wake = () => {
        abandon()
        resolve()
      }
    })
    this.#wake = null
  }
}
