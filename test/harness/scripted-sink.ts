/** An upstream that hashes bodies of any size and answers with a little JSON. */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Sink extends AsyncDisposable {
  readonly url: string
  /** SHA-256 of the last whole body, in hex. */
  readonly lastDigest: () => string
}

export async function scriptedSink(): Promise<Sink> {
  let last = ''
  const server = createServer((request, response) => {
    const hash = createHash('sha256')
    request.on('data', (bytes: Buffer) => hash.update(bytes))
    request.on('end', () => {
      last = hash.digest('hex')
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end('{"text":"ok"}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    lastDigest: () => last,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
