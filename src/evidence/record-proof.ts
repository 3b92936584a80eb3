/** Makes the proof files of a record: each of its leaves, and that they stand in the log. */
import { peekCheckpoint } from './log/checkpoint.ts'
import { LeafFinder, type FoundLeaf } from './log/find-leaf.ts'
import { leavesOfRecord } from './log/find-leaves.ts'
import type { Leaf } from './log/leaf.ts'
import { formatProofFile, makeProofFile } from './log/proof-file.ts'
import { TileReader } from './log/tile-reader.ts'
import type { TileStore } from './log/tiles.ts'
import type { FrameAddress } from '../model/record.ts'

/** The newest checkpoint with the signatures of witnesses on it. */
export const WITNESSED = 'checkpoint.witnessed'

export interface RecordProof {
  readonly leaf: Leaf
  /** `<record>.<kind>.tlog-proof` */
  readonly name: string
  /** A C2SP tlog-proof file with the leaf's bytes as its extra data. */
  readonly file: Buffer
  /** Signatures on the checkpoint that it proves under. */
  readonly checkpoint: Buffer
}

type Store = Pick<TileStore, 'read'>

/** Newest first: what witnesses signed proves more, but may not cover the leaf yet. */
async function checkpoints(store: Store): Promise<readonly Buffer[]> {
  const notes = await Promise.all([store.read('checkpoint'), store.read(WITNESSED)])
  return notes.filter((note) => note !== null)
}

const sizeOf = (note: Buffer): number => peekCheckpoint(note)?.size ?? 0

/** Proofs of the leaves that speak of these frames; frames whose leaf has no checkpoint yet are left out. */
export async function proveFrames(
  store: Store,
  frames: readonly FrameAddress[],
): Promise<readonly RecordProof[]> {
  const notes = await checkpoints(store)
  const size = Math.max(0, ...notes.map(sizeOf))
  const finder = new LeafFinder(store, size)
  const found = await Promise.all(frames.map((frame) => finder.of(frame)))
  const leaves = found.filter((leaf) => leaf !== null)
  return Promise.all(leaves.map((leaf) => prove(store, notes, leaf)))
}

/** Proofs of all leaves of a record; reads the whole log. */
export async function proveRecord(store: Store, record: string): Promise<readonly RecordProof[]> {
  const notes = await checkpoints(store)
  const size = Math.max(0, ...notes.map(sizeOf))
  const leaves = await leavesOfRecord(new TileReader(store, size), size, record)
  return Promise.all(leaves.map((leaf) => prove(store, notes, leaf)))
}

async function prove(
  store: Store,
  notes: readonly Buffer[],
  { index, leaf, entry }: FoundLeaf,
): Promise<RecordProof> {
  const checkpoint = notes.findLast((note) => sizeOf(note) > index)
  if (checkpoint === undefined) throw new Error('no checkpoint covers the leaf')
  const proof = await makeProofFile(store, checkpoint, index)
  return {
    leaf,
    name: `${leaf.record ?? 'log'}.${leaf.kind}.tlog-proof`,
    file: formatProofFile({ ...proof, extra: entry }),
    checkpoint,
  }
}
