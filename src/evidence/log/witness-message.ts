/** The `add-checkpoint` body of C2SP tlog-witness: old size, consistency proof, checkpoint. */
import { parseDecimal, parseHash } from './checkpoint.ts'
import { PROOF_HASHES_MAX } from './merkle-proof.ts'
import { NOTE_BYTES_MAX } from './note.ts'

/** Old size and 63 hashes take about 3 KB. */
export const WITNESS_BODY_BYTES_MAX = NOTE_BYTES_MAX + 4096

/** Content type of the answer 409, whose body is the size that the witness knows. */
export const SIZE_MEDIA_TYPE = 'text/x.tlog.size'

export interface WitnessMessage {
  readonly oldSize: number
  readonly proof: readonly Buffer[]
  readonly checkpoint: Buffer
}

export function formatWitnessMessage({ oldSize, proof, checkpoint }: WitnessMessage): Buffer {
  const lines = [`old ${oldSize}`, ...proof.map((hash) => hash.toString('base64')), '', '']
  return Buffer.concat([Buffer.from(lines.join('\n')), checkpoint])
}

/** Null for anything but the one spelling. */
export function parseWitnessMessage(bytes: Buffer): WitnessMessage | null {
  if (bytes.length > WITNESS_BODY_BYTES_MAX) return null
  const gap = bytes.indexOf('\n\n')
  if (gap === -1) return null
  const [first = '', ...lines] = bytes.subarray(0, gap).toString('latin1').split('\n')
  const oldSize = first.startsWith('old ') ? parseDecimal(first.slice(4)) : null
  if (oldSize === null || lines.length > PROOF_HASHES_MAX) return null
  const proof = lines.map(parseHash)
  if (!proof.every((hash) => hash !== null)) return null
  return { oldSize, proof, checkpoint: bytes.subarray(gap + 2) }
}
