/** Undoes the content encoding of a recorded body piece by piece, as far as it can be undone. */
import { setImmediate } from 'node:timers/promises'
import type { Transform } from 'node:stream'
import { contentDecoder } from '../gateway/content-encoding.ts'

export interface DecodedPieces {
  /** What each piece decodes to, in order; shorter than the input when it does not decode to its end. */
  readonly pieces: readonly Buffer[]
  /** Empty when everything decoded. */
  readonly problem: string
}

/** A body cut off in the middle decodes up to the cut; one that grows beyond `bytesMax` (a bomb) is given up there. */
export async function decodePieces(
  encoding: string | null,
  pieces: readonly Buffer[],
  bytesMax: number,
): Promise<DecodedPieces> {
  const decoder = contentDecoder(encoding)
  if (decoder === 'identity') return { pieces, problem: '' }
  if (decoder === null) return { pieces: [], problem: 'its content encoding is not understood' }
  const stream = decoder.stream()
  const decoded: Buffer[] = []
  let left = bytesMax
  try {
    for (const piece of pieces) {
      const out = await push(stream, piece)
      left -= out.length
      if (left < 0) return { pieces: decoded, problem: `it decodes to more than ${bytesMax} bytes` }
      decoded.push(out)
    }
    return { pieces: decoded, problem: '' }
  } catch {
    return { pieces: decoded, problem: 'its content encoding is damaged' }
  } finally {
    stream.destroy()
  }
}

/** What comes out of the decoder for one piece. */
async function push(stream: Transform, piece: Buffer): Promise<Buffer> {
  const out: Buffer[] = []
  const keep = (bytes: Buffer): void => {
    out.push(bytes)
  }
  stream.on('data', keep)
  try {
    await new Promise<void>((resolve, reject) => {
      stream.once('error', reject)
      stream.write(piece, (error) => {
        stream.off('error', reject)
        if (error === null || error === undefined) resolve()
        else reject(error)
      })
    })
    await setImmediate()
    return Buffer.concat(out)
  } finally {
    stream.off('data', keep)
  }
}
