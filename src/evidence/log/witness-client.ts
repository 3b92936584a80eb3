/** Asks witnesses to cosign a checkpoint, as C2SP tlog-witness says, and gathers their signatures on it. */
import { parseCheckpointText, parseDecimal } from './checkpoint.ts'
import type { NoteKey } from './note-key.ts'
import {
  formatNote,
  parseNote,
  parseSignatureLines,
  verifyNote,
  type Note,
  type NoteSignature,
} from './note.ts'
import { formatWitnessMessage } from './witness-message.ts'

/** A witness that names another size each time would be asked for ever. */
const ATTEMPTS_MAX = 3

export interface WitnessReply {
  readonly status: number
  readonly body: Buffer
}

export interface WitnessPeer {
  readonly key: NoteKey
  /** Posts to `<submission prefix>/add-checkpoint`; rejects when the witness cannot be reached in time. */
  readonly post: (body: Buffer) => Promise<WitnessReply>
}

export interface CosignRequest {
  /** The signed checkpoint. */
  readonly checkpoint: Buffer
  /** Size that the witness cosigned last; 0 when that is not known. */
  readonly oldSize: number
  readonly consistencyProof: (oldSize: number) => Promise<readonly Buffer[]>
}

export type CosignResult =
  | { readonly kind: 'cosigned'; readonly signature: NoteSignature; readonly timeS: number }
  /** It knows a bigger tree of this log than we have: the log was rolled back, or somebody else signs with its key. */
  | { readonly kind: 'ahead'; readonly witnessSize: number }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'malformed' }

/** Asks one witness; on a conflict starts again from the size that it names. */
export async function requestCosignature(
  peer: WitnessPeer,
  { checkpoint, oldSize, consistencyProof }: CosignRequest,
): Promise<CosignResult> {
  const reading = parseNote(checkpoint)
  const head = reading.kind === 'ok' ? parseCheckpointText(reading.note.text) : null
  if (reading.kind === 'refused' || head === null) throw new TypeError('not a checkpoint')
  let from = oldSize
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const proof = await consistencyProof(from)
    const { status, body } = await peer.post(
      formatWitnessMessage({ oldSize: from, proof, checkpoint }),
    )
    if (status === 200) return readCosignature(reading.note, peer.key, body)
    if (status !== 409) return { kind: 'refused', status }
    const known = parseDecimal(body.toString('latin1').replace(/\n$/, ''))
    if (known === null) return { kind: 'malformed' }
    if (known > head.size) return { kind: 'ahead', witnessSize: known }
    // The same size again is not about the size: the witness holds another root for it.
    if (known === from) return { kind: 'refused', status }
    from = known
  }
  return { kind: 'refused', status: 409 }
}

/** Only a signature that holds under the expected key is taken over. */
function readCosignature(note: Note, key: NoteKey, body: Buffer): CosignResult {
  const signatures = parseSignatureLines(body.toString('utf8')) ?? []
  for (const signature of signatures) {
    const verdict = verifyNote({ text: note.text, signatures: [signature] }, [key])
    const timeS = verdict.kind === 'verified' ? (verdict.by[0]?.timeS ?? null) : null
    if (timeS !== null) return { kind: 'cosigned', signature, timeS }
  }
  return { kind: 'malformed' }
}

/** The checkpoint with the cosignatures added. */
export function addCosignatures(
  checkpoint: Buffer,
  cosignatures: readonly NoteSignature[],
): Buffer {
  const reading = parseNote(checkpoint)
  if (reading.kind === 'refused') throw new TypeError(reading.reason)
  const { text, signatures } = reading.note
  return formatNote({ text, signatures: [...signatures, ...cosignatures] })
}
