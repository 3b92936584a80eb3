/** Takes in a request body: whole when it is of sane size, counted and let go when it is not. */
import type { Incoming } from './listener.ts'

const BODY_BYTES_MAX = 32 * 1024 * 1024

interface ByteSink {
  readonly add: (chunk: Buffer) => void
}

/** Null when the peer went away before the body was complete. */
export async function receiveBody(
  incoming: Incoming,
  sink: ByteSink | null,
): Promise<Buffer | 'too-large' | null> {
  let chunks: Buffer[] = []
  let bytes = 0
  return new Promise((resolve) => {
    incoming.on('data', (chunk: Buffer) => {
      sink?.add(chunk)
      bytes += chunk.length
      if (bytes <= BODY_BYTES_MAX) chunks.push(chunk)
      else chunks = []
    })
    incoming.once('end', () => {
      resolve(bytes <= BODY_BYTES_MAX ? Buffer.concat(chunks, bytes) : 'too-large')
    })
    incoming.once('close', () => resolve(null))
    incoming.once('error', () => resolve(null))
  })
}
