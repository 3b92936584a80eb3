/** Serves a witness over loopback HTTP, and posts to it, for tests and benches. */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { NoteKey } from '../../src/evidence/log/note-key.ts'
import type { WitnessPeer } from '../../src/evidence/log/witness-client.ts'
import type { Witness } from '../../src/evidence/log/witness-server.ts'

export interface ServedWitness extends AsyncDisposable {
  readonly peer: WitnessPeer
}

export async function serveWitness(witness: Witness, key: NoteKey): Promise<ServedWitness> {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const { status, mediaType, body } = await witness.addCheckpoint(await buffer(request))
      response.writeHead(status, { 'content-type': mediaType }).end(body)
    } catch {
      response.writeHead(500).end()
    }
  }
  const server = createServer((request, response) => {
    void answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    peer: {
      key,
      post: async (body) => {
        const url = `http://127.0.0.1:${port}/add-checkpoint`
        const answer = await fetch(url, { method: 'POST', body: new Uint8Array(body) })
        return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) }
      },
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
