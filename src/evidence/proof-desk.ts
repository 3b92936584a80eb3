/** Hands out proofs of records under one checkpoint: leaf, inclusion proof, keys and hand-overs, ready to be written to files. */
import type { FrameAddress } from '../model/record.ts'
import type { EvidenceLog } from './evidence-log.ts'
import { peekCheckpoint } from './log/checkpoint.ts'
import { LeafFinder } from './log/find-leaf.ts'
import { formatNoteKey, type NoteSigner } from './log/note-key.ts'
import { formatProofFile, makeProofFile } from './log/proof-file.ts'
import { WITNESSED } from './record-proof.ts'

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

/** Everything durable when it is called is under its checkpoint: one that witnesses signed, when `cosign` brings it. */
export async function openProofDesk(
  log: EvidenceLog,
  cosign: () => Promise<void> = async () => {},
): Promise<ProofDesk> {
  await log.flush()
  const { writer, keys } = log
  const durable = writer.head.size
  await cosign()
  const witnessed = await writer.tiles.read(WITNESSED)
  const witnessedSize = witnessed === null ? 0 : (peekCheckpoint(witnessed)?.size ?? 0)
  const own = { checkpoint: writer.checkpoint, size: writer.head.size }
  const { checkpoint, size } =
    witnessed !== null && witnessedSize >= durable && witnessedSize <= own.size
      ? { checkpoint: witnessed, size: witnessedSize }
      : own
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
