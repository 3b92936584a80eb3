/** Keeps enough of an answer to read its usage at the end without holding the answer: all of a short one, the edges of a long one. */
import { ByteBlocks } from '../lib/byte-blocks.ts'
import type { AnswerReading, AnswerView } from '../model/dialect.ts'

const HEAD_BYTES = 8 * 1024
const TAIL_BYTES = 16 * 1024

export interface AnswerSample {
  /** Reads what is pushed from here on, a few events at a time. */
  readonly readBy: (reading: AnswerReading | null) => void
  readonly push: (chunk: Buffer) => void
  /** The whole answer when `isWhole`, else its beginning and end with a line break between. */
  readonly bytes: () => Buffer
  readonly isWhole: () => boolean
  /** What was read of a whole answer; null where it was not read as it came. To be asked once. */
  readonly view: () => AnswerView | null
}

export function createAnswerSample(wholeMax: number): AnswerSample {
  const chunks: Buffer[] = []
  let reading: AnswerReading | null = null
  let head: Buffer | null = null
  let total = 0
  let kept = 0
  const blocks = new ByteBlocks((chunk) => {
    chunks.push(chunk)
    kept += chunk.length
    if (head === null) {
      if (total <= wholeMax) {
        reading?.push(chunk)
        return
      }
      head = Buffer.concat(chunks).subarray(0, HEAD_BYTES)
    }
    while (chunks.length > 1 && kept - (chunks[0]?.length ?? 0) >= TAIL_BYTES) {
      kept -= chunks.shift()?.length ?? 0
    }
  })
  return {
    readBy: (by) => {
      reading = by
    },
    push: (chunk) => {
      total += chunk.length
      blocks.push(chunk)
    },
    bytes: () => {
      blocks.flush()
      if (head === null) return Buffer.concat(chunks)
      const tail = Buffer.concat(chunks)
      // The line breaks close whatever event the cut went through, so that readers find the next whole one.
      return Buffer.concat([
        head,
        Buffer.from('\n\n'),
        tail.subarray(Math.max(0, tail.length - TAIL_BYTES)),
      ])
    },
    isWhole: () => total <= wholeMax,
    view: () => {
      blocks.flush()
      return total <= wholeMax ? (reading?.view() ?? null) : null
    },
  }
}
