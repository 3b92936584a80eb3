/** Blocks of reasoning that the provider signed or encrypted, and how the others are numbered without them. */
import type { JsonTape, NodeRef } from '../lib/json/tape.ts'
import { NONE } from '../lib/json/tape.ts'
import type { BlockCount, ReasoningReading } from '../model/stream-shape.ts'

export const NO_REASONING: ReasoningReading = {
  isWhole: false,
  parts: [],
  places: [],
  isSealed: false,
}

export interface ReasoningBlocks {
  readonly add: (index: number) => void
  readonly has: (index: number) => boolean
  readonly numbered: (index: number, counting: BlockCount) => number
  /** Of an event that names its block in `node`. */
  readonly read: (tape: JsonTape, node: NodeRef, isSealed?: boolean) => ReasoningReading
}

export function createReasoningBlocks(): ReasoningBlocks {
  const known = new Set<number>()
  const numbered = (index: number, counting: BlockCount): number =>
    counting === 'all' ? index : index - [...known].filter((one) => one < index).length
  return {
    add: (index) => known.add(index),
    has: (index) => known.has(index),
    numbered,
    read: (tape, node, isSealed = false) => {
      const index = tape.number(node)
      if (node === NONE || index === null) return { ...NO_REASONING, isSealed }
      if (known.has(index)) return { ...NO_REASONING, isWhole: true, isSealed }
      const without = numbered(index, 'without-reasoning')
      return without === index ? NO_REASONING : { ...NO_REASONING, places: [{ node, without }] }
    },
  }
}
