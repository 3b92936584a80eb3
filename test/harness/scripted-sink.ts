/** An upstream that hashes bodies of any size, stops reading where it is told to, and answers when it may. */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Sink extends AsyncDisposable {
  readonly url: string
  /** Bytes of the body that is coming, or came last. */
  readonly received: () => number
  /** SHA-256 of the last whole body, in hex. */
  readonly lastDigest: () => string
  /** The next body is read up to about here, and no further until `goOn`. */
  readonly stopAt: (bytes: number) => void
  /** Reads on; the answer comes once this was called after the body's end. */
  readonly goOn: () => void
}

export async function scriptedSink(): Promise<Sink> {
  let last = ''
  let received = 0
  let limit = Number.POSITIVE_INFINITY
  let proceed = (): void => undefined
  const server = createServer((request, response) => {
    const hash = createHash('sha256')
    received = 0
    request.on('data', (bytes: Buffer) => {
      hash.update(bytes)
      received += bytes.length
      if (received < limit) return
      limit = Number.POSITIVE_INFINITY
      request.pause()
      proceed = () => request.resume()
    })
    request.on('end', () => {
      last = hash.digest('hex')
      proceed = () => {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end('{"text":"ok"}')
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    received: () => received,
    lastDigest: () => last,
    stopAt: (bytes) => {
      last = ''
      limit = bytes
    },
    goOn: () => {
      const now = proceed
      proceed = () => undefined
      now()
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
