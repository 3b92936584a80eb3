/** Compresses the pieces of an answer as one gzip stream in which every piece can be read as soon as it arrives. */
import { constants, createGzip } from 'node:zlib'
import type { Piece } from './answer.ts'

export async function gzipPieces(pieces: readonly Piece[]): Promise<readonly Piece[]> {
  const gzip = createGzip()
  let output: Buffer[] = []
  gzip.on('data', (chunk: Buffer) => output.push(chunk))
  const take = (): Buffer => {
    const taken = Buffer.concat(output)
    output = []
    return taken
  }
  const compressed: Piece[] = []
  for (const { bytes, paced } of pieces) {
    gzip.write(bytes)
    await new Promise<void>((resolve) => {
      gzip.flush(constants.Z_SYNC_FLUSH, () => resolve())
    })
    compressed.push({ bytes: take(), paced })
  }
  await new Promise((resolve) => {
    gzip.once('end', resolve)
    gzip.end()
  })
  return [...compressed, { bytes: take(), paced: false }]
}
