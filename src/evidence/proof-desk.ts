/** Hands out proofs of records under one checkpoint: leaf, inclusion proof, keys and hand-overs, ready to be written to files. */
import type { FrameAddress } from '../model/record.ts'
import type { EvidenceLog } from './evidence-log.ts'
import { LeafFinder } from './log/find-leaf.ts'
import { formatNoteKey, type NoteSigner } from './log/note-key.ts'
import { formatProofFile, makeProofFile } from './log/proof-file.ts'

export interface ProvenFrame {
  readonly index: number
  /** The leaf, byte for byte. */
  readonly leaf: Buffer
  /** A `.tlog-proof` file. */
  readonly proof: Buffer
}

export interface ProofDesk {
  readonly origin: string
  readonly size: number
  readonly checkpoint: Buffer
  /** Verifier keys, oldest first. */
  readonly keys: readonly string[]
  readonly rotations: readonly { readonly number: number; readonly note: Buffer }[]
  readonly signer: NoteSigner
  /** Null when the log has no leaf of it yet. */
  readonly prove: (address: FrameAddress) => Promise<ProvenFrame | null>
}

/** Everything durable when it is called is under its checkpoint. */
export async function openProofDesk(log: EvidenceLog): Promise<ProofDesk> {
  await log.flush()
  const { writer, keys } = log
  const { size } = writer.head
  const { checkpoint } = writer
  const finder = new LeafFinder(writer.tiles, size)
  const rotations: { number: number; note: Buffer }[] = []
  for (let number = 1; number < keys.verifiers.length; number += 1) {
    const note = await writer.tiles.read(`rotation.${number}`)
    if (note !== null) rotations.push({ number, note })
  }
  return {
    origin: keys.origin,
    size,
    checkpoint,
    keys: keys.verifiers.map(formatNoteKey),
    rotations,
    signer: keys.signer,
    prove: async (address) => {
      const found = await finder.of(address)
      if (found === null) return null
      const proof = await makeProofFile(writer.tiles, checkpoint, found.index)
      return { index: found.index, leaf: found.entry, proof: formatProofFile(proof) }
    },
  }
}
