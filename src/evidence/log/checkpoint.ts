/** C2SP tlog-checkpoint: origin, size and root of a log, signed by the log. One spelling each, nothing else is read. */
import { HASH_BYTES } from './merkle.ts'
import type { TreeHead } from './merkle-proof.ts'
import { decodeBase64, type NoteKey, type NoteSigner } from './note-key.ts'
import { formatNote, parseNote, signText, verifyNote, type TrustedSignature } from './note.ts'

export interface Checkpoint extends TreeHead {
  readonly origin: string
  /** Opaque lines that the log signed with; Custody writes none. */
  readonly extensions: readonly string[]
}

export type CheckpointReading =
  | {
      readonly kind: 'ok'
      readonly checkpoint: Checkpoint
      /** Trusted keys that signed, the log's own among them. */
      readonly by: readonly TrustedSignature[]
    }
  | { readonly kind: 'refused'; readonly reason: string }

/** `0`, `1`, `42`: no sign, no leading zero, at most 2^53 - 1. Else null. */
export function parseDecimal(text: string): number | null {
  if (!/^(?:0|[1-9]\d{0,15})$/.test(text)) return null
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : null
}

/** Base64 of exactly one hash, or null. */
export function parseHash(text: string): Buffer | null {
  const bytes = decodeBase64(text)
  return bytes?.length === HASH_BYTES ? bytes : null
}

export function formatCheckpointText({ origin, size, root, extensions }: Checkpoint): string {
  return [origin, String(size), root.toString('base64'), ...extensions, ''].join('\n')
}

/** The checkpoint that a note's text spells, or null. */
export function parseCheckpointText(text: string): Checkpoint | null {
  if (!text.endsWith('\n')) return null
  const [origin, sizeText, rootText, ...extensions] = text.slice(0, -1).split('\n')
  if (origin === undefined || origin === '' || sizeText === undefined || rootText === undefined)
    return null
  const size = parseDecimal(sizeText)
  const root = parseHash(rootText)
  if (size === null || root === null || extensions.includes('')) return null
  return { origin, size, root, extensions }
}

/** Origin, size and root of a checkpoint whose signatures nobody has looked at. */
export function peekCheckpoint(bytes: Buffer): Checkpoint | null {
  const reading = parseNote(bytes)
  return reading.kind === 'ok' ? parseCheckpointText(reading.note.text) : null
}

/**
 * Reads a checkpoint that a trusted key of its own origin signed. A key counts as the log's only when its name is the
 * origin: another log's trusted key must not speak for this one.
 */
export function openCheckpoint(bytes: Buffer, trusted: readonly NoteKey[]): CheckpointReading {
  const reading = parseNote(bytes)
  if (reading.kind === 'refused') return reading
  const verdict = verifyNote(reading.note, trusted)
  if (verdict.kind === 'refused') return verdict
  const checkpoint = parseCheckpointText(reading.note.text)
  if (checkpoint === null) return { kind: 'refused', reason: 'the note is not a checkpoint' }
  const { origin } = checkpoint
  if (!verdict.by.some(({ key }) => key.type === 'note' && key.name === origin))
    return { kind: 'refused', reason: `no trusted key of ${origin} signed its checkpoint` }
  return { kind: 'ok', checkpoint, by: verdict.by }
}

/** The signed note of a tree head; its origin is the name of the signer's key. */
export function sealCheckpoint(head: TreeHead, signer: NoteSigner): Buffer {
  const text = formatCheckpointText({ origin: signer.key.name, ...head, extensions: [] })
  return formatNote({ text, signatures: [signText(text, signer, 0)] })
}
