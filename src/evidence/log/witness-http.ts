/** Serves a witness over HTTP: `POST <anything>/add-checkpoint`, small bodies only, one answer each. */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Witness } from './witness-server.ts'
import { WITNESS_BODY_BYTES_MAX } from './witness-message.ts'

const REQUEST_DEADLINE_MS = 10_000
const CONNECTIONS_MAX = 64

export interface WitnessServer extends AsyncDisposable {
  readonly port: number
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of request) {
    const bytes: Buffer = part
    length += bytes.length
    if (length > WITNESS_BODY_BYTES_MAX) return null
    parts.push(bytes)
  }
  return Buffer.concat(parts)
}

export async function startWitnessServer(
  witness: Pick<Witness, 'addCheckpoint'>,
  host: string,
  port: number,
  onFailure: (error: unknown) => void,
): Promise<WitnessServer> {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [path = ''] = (request.url ?? '').split('?')
    if (!path.endsWith('/add-checkpoint')) return void response.writeHead(404).end()
    if (request.method !== 'POST') return void response.writeHead(405, { allow: 'POST' }).end()
    const body = await bodyOf(request)
    if (body === null) return void response.writeHead(413, { connection: 'close' }).end()
    const { status, mediaType, body: text } = await witness.addCheckpoint(body)
    response.writeHead(status, { 'content-type': mediaType }).end(text)
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      // The state could not be read or saved: nothing was signed.
      onFailure(error)
      response.writeHead(500).end()
    })
  })
  server.requestTimeout = REQUEST_DEADLINE_MS
  server.maxConnections = CONNECTIONS_MAX
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => {
        server.close(resolve)
      })
    },
  }
}
