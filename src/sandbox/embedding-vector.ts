/** Makes an embedding that depends only on the text: unit length, the same every time. */
import { createHash } from 'node:crypto'

const DIMENSIONS_MAX = 4096

/** `dimensions` numbers, each exactly representable in 32 bits. */
export function embeddingVector(text: string, dimensions: number): Float32Array {
  const length = Math.min(DIMENSIONS_MAX, Math.max(1, Math.trunc(dimensions) || 1))
  let state = createHash('sha256').update(text).digest().readUInt32LE(0) || 1
  const vector = new Float32Array(length)
  let squares = 0
  for (let i = 0; i < length; i += 1) {
    // Marsaglia's xorshift32.
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    const value = (state | 0) / 2 ** 31
    vector[i] = value
    squares += value * value
  }
  const norm = Math.sqrt(squares) || 1
  return vector.map((value) => value / norm)
}

/** Little-endian 32-bit floats, the form SDKs ask for by default. */
export function base64Of(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4)
  for (const [i, value] of vector.entries()) bytes.writeFloatLE(value, i * 4)
  return bytes.toString('base64')
}
