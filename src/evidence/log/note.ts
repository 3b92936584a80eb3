/** C2SP signed notes: a text and signature lines. Reads hostile ones, verifies against a trust list, signs and cosigns. */
import {
  decodeBase64,
  isKeyName,
  verifySignature,
  type NoteKey,
  type NoteSigner,
} from './note-key.ts'

/** Room for sixteen post-quantum signatures and the text of a checkpoint. */
export const NOTE_BYTES_MAX = 131_072
/** The standard demands that at least 16 are accepted. */
export const NOTE_SIGNATURES_MAX = 64

const LINE_START = '\u2014 '
const KEY_ID_BYTES = 4
const ED25519_BYTES = 64
const TIME_BYTES = 8

export interface NoteSignature {
  readonly name: string
  readonly keyId: number
  /** Without the key id. */
  readonly bytes: Buffer
}

export interface Note {
  /** Ends in a newline. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

export type NoteReading =
  | { readonly kind: 'ok'; readonly note: Note }
  | { readonly kind: 'refused'; readonly reason: string }

const refused = (reason: string) => ({ kind: 'refused', reason }) as const

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decodeText(bytes: Buffer): string | null {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return null
  }
}

function parseSignatureLine(line: string): NoteSignature | null {
  if (!line.startsWith(LINE_START)) return null
  const [name, encoded, ...more] = line.slice(LINE_START.length).split(' ')
  if (name === undefined || encoded === undefined || more.length > 0) return null
  const bytes = decodeBase64(encoded)
  if (!isKeyName(name) || bytes === null || bytes.length <= KEY_ID_BYTES) return null
  return { name, keyId: bytes.readUInt32BE(0), bytes: bytes.subarray(KEY_ID_BYTES) }
}

/** Lines as a witness answers them, or null when one of them is no signature line. */
export function parseSignatureLines(text: string): readonly NoteSignature[] | null {
  if (!text.endsWith('\n')) return null
  const lines = text.slice(0, -1).split('\n')
  if (lines.length > NOTE_SIGNATURES_MAX) return null
  const signatures = lines.map(parseSignatureLine)
  return signatures.every((signature) => signature !== null) ? signatures : null
}

export function formatSignatureLine({ name, keyId, bytes }: NoteSignature): string {
  const id = Buffer.alloc(KEY_ID_BYTES)
  id.writeUInt32BE(keyId)
  return `${LINE_START}${name} ${Buffer.concat([id, bytes]).toString('base64')}\n`
}

export function formatNote({ text, signatures }: Note): Buffer {
  return Buffer.from(`${text}\n${signatures.map(formatSignatureLine).join('')}`)
}

export function parseNote(bytes: Buffer): NoteReading {
  if (bytes.length > NOTE_BYTES_MAX)
    return refused(`the note is longer than ${NOTE_BYTES_MAX} bytes`)
  const whole = decodeText(bytes)
  if (whole === null) return refused('the note is not UTF-8')
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u0009\u000b-\u001f]/.test(whole))
    return refused('the note holds a control character')
  if (!whole.endsWith('\n')) return refused('the note does not end in a newline')
  const gap = whole.lastIndexOf('\n\n')
  if (gap === -1) return refused('the note has no empty line before its signatures')
  const lines = whole.slice(gap + 2)
  if (lines === '') return refused('the note has no signatures')
  if (lines.split('\n').length - 1 > NOTE_SIGNATURES_MAX)
    return refused(`the note has more than ${NOTE_SIGNATURES_MAX} signatures`)
  const signatures = parseSignatureLines(lines)
  if (signatures === null) return refused('a signature line is malformed')
  return { kind: 'ok', note: { text: whole.slice(0, gap + 1), signatures } }
}

export interface TrustedSignature {
  readonly key: NoteKey
  /** When a witness signed, in seconds since 1970; null for a log's own signature. */
  readonly timeS: number | null
}

export type NoteVerdict =
  | {
      readonly kind: 'verified'
      readonly note: Note
      /** Each key once. */
      readonly by: readonly TrustedSignature[]
    }
  | { readonly kind: 'refused'; readonly reason: string }

function cosignedMessage(text: string, timeS: bigint): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${timeS}\n${text}`)
}

/** What a known key's signature says, or null when it does not verify. */
function check(key: NoteKey, text: string, bytes: Buffer): TrustedSignature | null {
  switch (key.type) {
    case 'note': {
      if (bytes.length !== ED25519_BYTES) return null
      return verifySignature(key, Buffer.from(text), bytes) ? { key, timeS: null } : null
    }
    case 'cosignature': {
      if (bytes.length !== TIME_BYTES + ED25519_BYTES) return null
      const timeS = bytes.readBigUInt64BE(0)
      if (timeS > BigInt(Number.MAX_SAFE_INTEGER)) return null
      const signature = bytes.subarray(TIME_BYTES)
      const message = cosignedMessage(text, timeS)
      return verifySignature(key, message, signature) ? { key, timeS: Number(timeS) } : null
    }
  }
}

const matches = (key: NoteKey, signature: NoteSignature): boolean =>
  key.id === signature.keyId && key.name === signature.name

/**
 * Verifies `note` against `trusted`. Unknown signatures are ignored; one bad signature under the name and id of a trusted
 * key refuses the whole note, since somebody tampered with it; no good signature refuses it too.
 */
export function verifyNote(note: Note, trusted: readonly NoteKey[]): NoteVerdict {
  const by = new Map<NoteKey, TrustedSignature>()
  for (const signature of note.signatures) {
    const [key, twin] = trusted.filter((known) => matches(known, signature))
    if (key === undefined) continue
    if (twin !== undefined && !twin.publicBytes.equals(key.publicBytes))
      return refused(`two trusted keys share the name ${key.name} and the id`)
    const checked = check(key, note.text, signature.bytes)
    if (checked === null) return refused(`the signature of ${key.name} does not verify`)
    // A repeated signature counts once; of a witness's the newest time counts.
    if ((by.get(key)?.timeS ?? -1) < (checked.timeS ?? 0)) by.set(key, checked)
  }
  if (by.size === 0) return refused('no trusted key signed the note')
  return { kind: 'verified', note, by: [...by.values()] }
}

export function openNote(bytes: Buffer, trusted: readonly NoteKey[]): NoteVerdict {
  const reading = parseNote(bytes)
  return reading.kind === 'ok' ? verifyNote(reading.note, trusted) : reading
}

/** The signature of `signer` over `text`; `timeS` is for witnesses. */
export function signText(text: string, signer: NoteSigner, timeS: number): NoteSignature {
  const { name, id, type } = signer.key
  switch (type) {
    case 'note':
      return { name, keyId: id, bytes: signer.sign(Buffer.from(text)) }
    case 'cosignature': {
      const time = Buffer.alloc(TIME_BYTES)
      time.writeBigUInt64BE(BigInt(timeS))
      const signature = signer.sign(cosignedMessage(text, BigInt(timeS)))
      return { name, keyId: id, bytes: Buffer.concat([time, signature]) }
    }
  }
}
