/** Undoes the content encoding of a recorded body piece by piece, as far as it can be undone. */
import { setImmediate } from 'node:timers/promises'
import type { Transform } from 'node:stream'
import { contentDecoder } from '../gateway/content-encoding.ts'

export const DECODED_BYTES_MAX = 256 * 1024 * 1024

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
  const decoding = new Decoding(decoder.stream(), bytesMax)
  const decoded: Buffer[] = []
  try {
    for (const piece of pieces) decoded.push(await decoding.push(piece))
    return { pieces: decoded, problem: '' }
  } catch {
    const problem = decoding.isTooLong
      ? `it decodes to more than ${bytesMax} bytes`
      : 'its content encoding is damaged'
    return { pieces: decoded, problem }
  } finally {
    decoding.end()
  }
}

/** A body in one piece; null when it does not decode to its end. */
export async function decodedBody(encoding: string, body: Buffer): Promise<Buffer | null> {
  const { pieces, problem } = await decodePieces(encoding, [body], DECODED_BYTES_MAX)
  return problem === '' ? Buffer.concat(pieces) : null
}

class Decoding {
  readonly #stream: Transform
  #out: Buffer[] = []
  #left: number

  constructor(stream: Transform, bytesMax: number) {
    this.#stream = stream
    this.#left = bytesMax
    // The callback of `write` tells; without a listener the event would end the process.
    stream.on('error', () => undefined)
    stream.on('data', (bytes: Buffer) => {
      this.#left -= bytes.length
      if (this.#left < 0) stream.destroy(new Error('too long'))
      else this.#out.push(bytes)
    })
  }

  get isTooLong(): boolean {
    return this.#left < 0
  }

  /** What comes out for one piece. */
  async push(piece: Buffer): Promise<Buffer> {
    this.#out = []
    await new Promise<void>((resolve, reject) => {
      this.#stream.once('close', () => reject(new Error('closed')))
      this.#stream.write(piece, (error) => {
        if (error === null || error === undefined) resolve()
        else reject(error)
      })
    })
    await setImmediate()
    this.#stream.removeAllListeners('close')
    if (this.isTooLong) throw new Error('too long')
    return Buffer.concat(this.#out)
  }

  end(): void {
    this.#stream.destroy()
  }
}
