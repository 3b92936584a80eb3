/** Makes and checks inclusion and consistency proofs: RFC 6962 2.1.1 and 2.1.2, checked as RFC 9162 2.1.3 and 2.1.4 say. */
import { foldRight, HASH_BYTES, nodeHash } from './merkle.ts'

/** More hashes than this are in no proof of a tree that can exist; C2SP formats refuse more. */
export const PROOF_HASHES_MAX = 63

/** The perfect subtree `[index * 2^level, (index + 1) * 2^level)`. */
export interface TreeNode {
  readonly level: number
  readonly index: number
}

/** One hash of a proof: the fold of adjoining perfect subtrees, biggest first. */
export type ProofStep = readonly TreeNode[]

/** Reads the root of a perfect subtree. */
export type ReadNode = (node: TreeNode) => Promise<Buffer>

/** The biggest power of two below `size`, for `size` >= 2. */
function splitPoint(size: number): number {
  let split = 1
  while (split * 2 < size) split *= 2
  return split
}

/** Perfect subtrees of leaves `[start, end)`, where `start` is a multiple of a power of two not below the length. */
function nodesOf(start: number, end: number): ProofStep {
  const nodes: TreeNode[] = []
  let at = start
  while (at < end) {
    let level = 0
    let width = 1
    while (at + width * 2 <= end && at % (width * 2) === 0) {
      width *= 2
      level += 1
    }
    nodes.push({ level, index: at / width })
    at += width
  }
  return nodes
}

/** Nodes whose fold is the root of the first `size` leaves. */
export function rootNodes(size: number): ProofStep {
  return nodesOf(0, size)
}

/** RFC 6962 2.1.1, PATH(index, D[0:size]), sibling of the leaf first. Requires `index` < `size`. */
export function inclusionSteps(index: number, size: number): readonly ProofStep[] {
  const steps: ProofStep[] = []
  let start = 0
  let end = size
  while (end - start > 1) {
    const middle = start + splitPoint(end - start)
    if (index < middle) {
      steps.unshift(nodesOf(middle, end))
      end = middle
    } else {
      steps.unshift(nodesOf(start, middle))
      start = middle
    }
  }
  return steps
}

/** RFC 6962 2.1.2, PROOF(oldSize, D[size]). Empty for equal sizes. Requires 0 < `oldSize` <= `size`. */
export function consistencySteps(oldSize: number, size: number): readonly ProofStep[] {
  const steps: ProofStep[] = []
  let start = 0
  let end = size
  // True while the old tree is itself a subtree of what is looked at: the verifier then knows its root.
  let whole = true
  while (oldSize < end) {
    const middle = start + splitPoint(end - start)
    if (oldSize <= middle) {
      steps.unshift(nodesOf(middle, end))
      end = middle
    } else {
      steps.unshift(nodesOf(start, middle))
      start = middle
      whole = false
    }
  }
  if (!whole) steps.unshift(nodesOf(start, end))
  return steps
}

export async function readProof(
  steps: readonly ProofStep[],
  readNode: ReadNode,
): Promise<readonly Buffer[]> {
  return Promise.all(
    steps.map(async (nodes) => foldRight(await Promise.all(nodes.map((node) => readNode(node))))),
  )
}

const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0

const areHashes = (hashes: readonly Buffer[]): boolean =>
  hashes.length <= PROOF_HASHES_MAX && hashes.every((hash) => hash.length === HASH_BYTES)

/** RFC 9162 2.1.3.2. */
export function verifyInclusion(
  leaf: Buffer,
  index: number,
  size: number,
  proof: readonly Buffer[],
  root: Buffer,
): boolean {
  if (!isSize(index) || !isSize(size) || index >= size) return false
  if (!areHashes([leaf, root]) || !areHashes(proof)) return false
  let position = index
  let last = size - 1
  let hash = leaf
  for (const sibling of proof) {
    if (last === 0) return false
    if (position % 2 === 1 || position === last) {
      hash = nodeHash(sibling, hash)
      while (position % 2 === 0 && position !== 0) {
        position /= 2
        last = Math.floor(last / 2)
      }
    } else {
      hash = nodeHash(hash, sibling)
    }
    position = Math.floor(position / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && hash.equals(root)
}

export interface TreeHead {
  readonly size: number
  readonly root: Buffer
}

/**
 * RFC 9162 2.1.4.2. A proof from size 0 is refused, also an empty one: every tree continues the empty tree, so it proves
 * nothing, and whoever has seen nothing yet must say so (docs/decisions, "A proof from size 0 is no proof").
 */
export function verifyConsistency(
  older: TreeHead,
  newer: TreeHead,
  proof: readonly Buffer[],
): boolean {
  if (!isSize(older.size) || !isSize(newer.size)) return false
  if (older.size === 0 || older.size > newer.size) return false
  if (older.size === newer.size) return proof.length === 0 && older.root.equals(newer.root)
  if (!areHashes([older.root, newer.root]) || !areHashes(proof)) return false
  return foldsToBoth(older, newer, proof)
}

function foldsToBoth(older: TreeHead, newer: TreeHead, proof: readonly Buffer[]): boolean {
  let position = older.size - 1
  let last = newer.size - 1
  while (position % 2 === 1) {
    position = Math.floor(position / 2)
    last = Math.floor(last / 2)
  }
  // An old tree of a power of two leaves is the first subtree itself, and is left out of the proof.
  const [first, ...rest] = position === 0 ? [older.root, ...proof] : proof
  if (first === undefined) return false
  let oldHash = first
  let newHash = first
  for (const sibling of rest) {
    if (last === 0) return false
    if (position % 2 === 1 || position === last) {
      oldHash = nodeHash(sibling, oldHash)
      newHash = nodeHash(sibling, newHash)
      while (position % 2 === 0 && position !== 0) {
        position /= 2
        last = Math.floor(last / 2)
      }
    } else {
      newHash = nodeHash(newHash, sibling)
    }
    position = Math.floor(position / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && oldHash.equals(older.root) && newHash.equals(newer.root)
}
