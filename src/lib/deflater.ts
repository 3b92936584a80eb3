/** Compresses small payloads with one raw deflate compressor that is made once, because making one costs as much as its work. */
import { constants, createDeflateRaw, deflateRawSync } from 'node:zlib'
import type { DeflateRaw } from 'node:zlib'

export interface DeflaterOptions {
  readonly level: number
  readonly windowBits: number
  readonly memLevel: number
}

/** Null where the result would not be smaller than `plain`. */
export type Deflater = (plain: Buffer) => Buffer | null

type WriteCall = readonly [
  flush: number,
  from: Buffer,
  fromAt: number,
  fromLength: number,
  to: Buffer,
  toAt: number,
  toLength: number,
]

/**
 * What Node's own streams are made of. Its public synchronous call makes a compressor for each payload and closes it again,
 * and the public stream works in the thread pool.
 */
interface Insides {
  readonly _handle: {
    readonly reset: () => void
    readonly writeSync: (...call: WriteCall) => void
  }
  /** Room left in the output, then bytes left in the input. */
  readonly _writeState: Uint32Array
}

/** The bytes are those of `deflateRawSync`; a version of Node whose insides differ is served by that. */
export function createDeflater(options: DeflaterOptions): Deflater {
  const plainly: Deflater = (plain) => smaller(deflateRawSync(plain, options), plain)
  const stream = createDeflateRaw(options)
  if (!hasInsides(stream)) return plainly
  const reused = reusing(stream, plainly)
  return isSame(reused, plainly) ? reused : plainly
}

function smaller(made: Buffer, plain: Buffer): Buffer | null {
  return made.length < plain.length ? made : null
}

function reusing(stream: DeflateRaw & Insides, plainly: Deflater): Deflater {
  const { _handle: handle, _writeState: state } = stream
  let room = Buffer.alloc(0)
  // Node destroys a compressor that failed, and ends the process when it is used once more.
  stream.on('error', () => {})
  return (plain) => {
    if (plain.length === 0) return null
    if (stream.destroyed) return plainly(plain)
    if (room.length < plain.length) room = Buffer.allocUnsafeSlow(plain.length)
    handle.reset()
    // No more room than the plain bytes take: what fills it would not be smaller.
    handle.writeSync(constants.Z_FINISH, plain, 0, plain.length, room, 0, plain.length)
    if (stream.destroyed) return plainly(plain)
    const left = state[0] ?? 0
    return left === 0 ? null : Buffer.from(room.subarray(0, plain.length - left))
  }
}

function hasInsides(stream: DeflateRaw): stream is DeflateRaw & Insides {
  if (!('_handle' in stream) || !('_writeState' in stream)) return false
  const { _handle: handle, _writeState: state } = stream
  return (
    state instanceof Uint32Array &&
    typeof handle === 'object' &&
    handle !== null &&
    'reset' in handle &&
    typeof handle.reset === 'function' &&
    'writeSync' in handle &&
    typeof handle.writeSync === 'function'
  )
}

const SAMPLES = ['', 'a', 'custody '.repeat(100), 'custody '.repeat(90)].map((text) =>
  Buffer.from(text),
)

/** Twice over the samples: the second time it has been used before. */
function isSame(one: Deflater, other: Deflater): boolean {
  try {
    return [...SAMPLES, ...SAMPLES].every((sample) => {
      const [a, b] = [one(sample), other(sample)]
      return a === null || b === null ? a === b : a.equals(b)
    })
  } catch {
    return false
  }
}
