/** Hashes leaves and nodes as RFC 6962 does, and keeps the right edge of a growing tree: O(log n) memory per log. */
import { hash } from 'node:crypto'

export const HASH_BYTES = 32
/** RFC 6962 2.1: the prefixes keep a leaf from being taken for a node. */
const LEAF_PREFIX = 0
const NODE_PREFIX = 1

// Twice as fast as the output 'buffer', which makes an ArrayBuffer for each hash (Node 24).
const sha256 = (bytes: Buffer): Buffer => Buffer.from(hash('sha256', bytes, 'binary'), 'latin1')

/** Root of the tree without leaves. */
export const EMPTY_ROOT: Buffer = sha256(Buffer.alloc(0))

export function leafHash(entry: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(entry.length + 1)
  bytes[0] = LEAF_PREFIX
  entry.copy(bytes, 1)
  return sha256(bytes)
}

const nodeScratch = Buffer.alloc(1 + 2 * HASH_BYTES, NODE_PREFIX)

export function nodeHash(left: Buffer, right: Buffer): Buffer {
  left.copy(nodeScratch, 1, 0, HASH_BYTES)
  right.copy(nodeScratch, 1 + HASH_BYTES, 0, HASH_BYTES)
  return sha256(nodeScratch)
}

/** Root over adjoining perfect subtrees, biggest (leftmost) first. */
export function foldRight(subtrees: readonly Buffer[]): Buffer {
  return subtrees.reduceRight((right, left) => nodeHash(left, right))
}

/** Called for each perfect subtree that an append completes; `level` 0 is the leaf itself. */
export type SubtreeListener = (level: number, root: Buffer) => void

/** The perfect subtrees that make up a tree of any size. */
export class Frontier {
  /** By level; null where the binary form of the size has a 0. */
  readonly #subtrees: (Buffer | null)[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Continues a tree whose perfect subtrees, biggest first, are `subtrees`. */
  static of(size: number, subtrees: readonly Buffer[]): Frontier {
    const frontier = new Frontier()
    const levels = subtreeLevels(size)
    if (levels.length !== subtrees.length)
      throw new RangeError(`a tree of ${size} leaves has ${levels.length} perfect subtrees`)
    for (const [at, level] of levels.entries()) {
      while (frontier.#subtrees.length <= level) frontier.#subtrees.push(null)
      frontier.#subtrees[level] = subtrees[at] ?? null
    }
    frontier.#size = size
    return frontier
  }

  append(leaf: Buffer, onSubtree?: SubtreeListener): void {
    let root = leaf
    let level = 0
    onSubtree?.(level, root)
    for (;;) {
      const left = this.#subtrees[level]
      if (left === undefined || left === null) break
      root = nodeHash(left, root)
      this.#subtrees[level] = null
      level += 1
      onSubtree?.(level, root)
    }
    this.#subtrees[level] = root
    this.#size += 1
  }

  /** Biggest first. */
  subtrees(): readonly Buffer[] {
    return this.#subtrees.filter((root) => root !== null).toReversed()
  }

  root(): Buffer {
    const subtrees = this.subtrees()
    return subtrees.length === 0 ? EMPTY_ROOT : foldRight(subtrees)
  }

  clone(): Frontier {
    return Frontier.of(this.#size, this.subtrees())
  }
}

/** Levels of the perfect subtrees of a tree of `size` leaves, biggest first: the ones in its binary form. */
export function subtreeLevels(size: number): readonly number[] {
  const levels: number[] = []
  for (let rest = size, level = 0; rest > 0; rest = Math.floor(rest / 2), level += 1)
    if (rest % 2 === 1) levels.unshift(level)
  return levels
}
