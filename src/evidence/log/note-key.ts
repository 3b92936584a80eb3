/** Ed25519 keys of C2SP signed notes: log keys (type 1) and witness keys (type 4), their ids and text forms. */
import {
  createPrivateKey,
  createPublicKey,
  hash,
  sign as signBytes,
  verify as verifyBytes,
  type KeyObject,
} from 'node:crypto'

/** `note`: signs the text itself. `cosignature`: signs it with a time, as a witness does. */
export type NoteKeyType = 'note' | 'cosignature'

const TYPE_BYTE: Readonly<Record<NoteKeyType, number>> = { note: 0x01, cosignature: 0x04 }
const PUBLIC_BYTES = 32
const SEED_BYTES = 32
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const NAME_BYTES_MAX = 255

export interface NoteKey {
  readonly name: string
  /** First four bytes of SHA-256(name, newline, type, public key), as a number. */
  readonly id: number
  readonly type: NoteKeyType
  /** 32 bytes. */
  readonly publicBytes: Buffer
  readonly publicKey: KeyObject
}

export interface NoteSigner {
  readonly key: NoteKey
  readonly sign: (message: Buffer) => Buffer
}

/** Names must not be empty nor hold white space, plus or control characters: they stand in signature lines. */
export function isKeyName(name: string): boolean {
  return (
    name !== '' &&
    Buffer.byteLength(name) <= NAME_BYTES_MAX &&
    name.isWellFormed() &&
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    !/[\p{White_Space}+\u0000-\u001f\u007f]/u.test(name)
  )
}

/** Strict RFC 4648 section 4: what would encode differently, or not at all, is null. */
export function decodeBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : null
}

export function noteKey(name: string, type: NoteKeyType, publicBytes: Buffer): NoteKey | null {
  if (!isKeyName(name) || publicBytes.length !== PUBLIC_BYTES) return null
  const named = Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(TYPE_BYTE[type]), publicBytes])
  return {
    name,
    id: hash('sha256', named, 'buffer').readUInt32BE(0),
    type,
    publicBytes,
    publicKey: createPublicKey({
      key: Buffer.concat([SPKI_PREFIX, publicBytes]),
      format: 'der',
      type: 'spki',
    }),
  }
}

export function keyIdText(key: NoteKey): string {
  return key.id.toString(16).padStart(8, '0')
}

/** `name+id+base64(type, public key)`. */
export function formatNoteKey(key: NoteKey): string {
  const material = Buffer.concat([Buffer.of(TYPE_BYTE[key.type]), key.publicBytes])
  return `${key.name}+${keyIdText(key)}+${material.toString('base64')}`
}

interface KeyText {
  readonly name: string
  readonly id: string
  readonly type: NoteKeyType
  readonly material: Buffer
}

function splitKeyText(text: string): KeyText | null {
  const match = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text)
  const [, name, id, encoded] = match ?? []
  if (name === undefined || id === undefined || encoded === undefined) return null
  const bytes = decodeBase64(encoded)
  if (bytes === null) return null
  const type = bytes[0] === TYPE_BYTE.note ? 'note' : 'cosignature'
  return bytes[0] === TYPE_BYTE[type] ? { name, id, type, material: bytes.subarray(1) } : null
}

/** Null for anything but a well-formed Ed25519 verifier key whose id is its own. */
export function parseNoteKey(text: string): NoteKey | null {
  const parts = splitKeyText(text)
  if (parts === null) return null
  const key = noteKey(parts.name, parts.type, parts.material)
  return key !== null && keyIdText(key) === parts.id ? key : null
}

/** `seed`: the 32 secret bytes of RFC 8032. Null when the name or the length is not acceptable. */
export function noteSigner(name: string, type: NoteKeyType, seed: Buffer): NoteSigner | null {
  if (seed.length !== SEED_BYTES) return null
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, seed]),
    format: 'der',
    type: 'pkcs8',
  })
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  const key = noteKey(name, type, spki.subarray(SPKI_PREFIX.length))
  return key === null ? null : { key, sign: (message) => signBytes(null, message, privateKey) }
}

/** `PRIVATE+KEY+name+id+base64(type, seed)`, the form other tools write. */
export function parseNoteSigner(text: string): NoteSigner | null {
  const prefix = 'PRIVATE+KEY+'
  if (!text.startsWith(prefix)) return null
  const parts = splitKeyText(text.slice(prefix.length))
  if (parts === null) return null
  const signer = noteSigner(parts.name, parts.type, parts.material)
  return signer !== null && keyIdText(signer.key) === parts.id ? signer : null
}

export function verifySignature(key: NoteKey, message: Buffer, signature: Buffer): boolean {
  return verifyBytes(null, message, key.publicKey, signature)
}
