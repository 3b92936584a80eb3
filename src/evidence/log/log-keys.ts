/** The signing keys of one log: made once, kept wrapped by the key provider, rotated with the old key signing the new. */
import { randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path'
import type { Disk } from '../disk.ts'
import { unwrapUnder, writeOnce, type KeyProvider, type RootKey } from '../key-provider.ts'
import {
  formatNoteKey,
  noteSigner,
  parseNoteKey,
  type NoteKey,
  type NoteSigner,
} from './note-key.ts'
import { formatNote, openNote, signText } from './note.ts'

const FILE_NAME = 'log-key.json'
const SEED_BYTES = 32
const ROTATION_LINE = 'custody log key rotation v1'
const REVOCATION_LINE = 'custody log key revocation v1'

interface StoredKey {
  readonly verifier: string
  /** Base64 of the wrapped seed. */
  readonly wrapped: string
}

interface KeyFile {
  readonly version: 1
  readonly provider: string
  readonly origin: string
  /** True once the log has its first checkpoint: from then on a log that is gone is not begun anew with these keys. */
  readonly begun: boolean
  /** Oldest first. */
  readonly keys: readonly StoredKey[]
  /** Which one signs; one behind the last while a rotation is under way. */
  readonly active: number
}

export interface LogKeysOptions {
  readonly disk: Disk
  readonly folder: string
  readonly provider: KeyProvider
  /** Name of the log: a schema-less URL, e.g. `custody.example.com/log/1`. */
  readonly origin: string
}

/** The name of the log whose keys are in `folder`; a new one, of random letters, when there are none. */
export async function readLogOrigin(disk: Disk, folder: string): Promise<string> {
  const path = join(folder, FILE_NAME)
  if (!(await disk.exists(path))) return `custody/log/${randomBytes(10).toString('hex')}`
  const file: unknown = JSON.parse((await disk.readWhole(path)).toString('utf8'))
  if (!isKeyFile(file)) throw new Error(`${path} is not a log key file that this version knows`)
  return file.origin
}

/** The public keys that stand in a key file, oldest first; none when there is no file. Needs no provider. */
export async function readVerifiers(disk: Disk, folder: string): Promise<readonly NoteKey[]> {
  const path = join(folder, FILE_NAME)
  if (!(await disk.exists(path))) return []
  const file: unknown = JSON.parse((await disk.readWhole(path)).toString('utf8'))
  if (!isKeyFile(file)) throw new Error(`${path} is not a log key file that this version knows`)
  const keys = file.keys.map(({ verifier }) => parseNoteKey(verifier))
  return keys.filter((key) => key !== null)
}

const seedAad = (origin: string, verifier: string): Buffer =>
  Buffer.from(`custody/log-key/v1\0${origin}\0${verifier}`)

function isKeyFile(value: unknown): value is KeyFile {
  if (typeof value !== 'object' || value === null) return false
  if (!('version' in value) || value.version !== 1) return false
  if (!('provider' in value) || typeof value.provider !== 'string') return false
  if (!('origin' in value) || typeof value.origin !== 'string') return false
  if (!('begun' in value) || typeof value.begun !== 'boolean') return false
  if (!('keys' in value) || !Array.isArray(value.keys)) return false
  return 'active' in value && typeof value.active === 'number'
}

async function makeKey(origin: string, root: RootKey): Promise<StoredKey> {
  const seed = randomBytes(SEED_BYTES)
  const signer = noteSigner(origin, 'note', seed)
  if (signer === null) throw new Error(`${JSON.stringify(origin)} cannot be the name of a log`)
  const verifier = formatNoteKey(signer.key)
  const wrapped = await root.wrap(seed, seedAad(origin, verifier))
  return { verifier, wrapped: wrapped.toString('base64') }
}

export class LogKeys {
  readonly #options: LogKeysOptions
  #file: KeyFile
  #signers: readonly NoteSigner[]

  private constructor(options: LogKeysOptions, file: KeyFile, signers: readonly NoteSigner[]) {
    this.#options = options
    this.#file = file
    this.#signers = signers
  }

  /** Opens the key file, making it with a first key when there is none. Throws when it is another log's or damaged. */
  static async open(options: LogKeysOptions): Promise<LogKeys> {
    const { disk, folder, provider, origin } = options
    const path = join(folder, FILE_NAME)
    if (!(await disk.exists(path))) {
      const root = provider.active()
      const first: KeyFile = {
        version: 1,
        provider: root.id,
        origin,
        begun: false,
        keys: [await makeKey(origin, root)],
        active: 0,
      }
      await disk.makeFolder(folder)
      await disk.syncFolder(dirname(folder))
      await save(options, first)
    }
    const file: unknown = JSON.parse((await disk.readWhole(path)).toString('utf8'))
    if (!isKeyFile(file)) throw new Error(`${path} is not a log key file that this version knows`)
    if (file.origin !== origin) throw new Error(`${path} holds the key of ${file.origin}`)
    return new LogKeys(options, file, await unwrapAll(options, file))
  }

  get origin(): string {
    return this.#file.origin
  }

  get begun(): boolean {
    return this.#file.begun
  }

  get signer(): NoteSigner {
    return this.#at(this.#file.active)
  }

  /** Every key that ever signed, oldest first. */
  get verifiers(): readonly NoteKey[] {
    return this.#signers.slice(0, this.#file.active + 1).map((signer) => signer.key)
  }

  /** The number of the rotation that was begun and not finished, or null. Counts from 1. */
  get pendingRotation(): number | null {
    return this.#file.active < this.#signers.length - 1 ? this.#file.active + 1 : null
  }

  async markBegun(): Promise<void> {
    if (!this.#file.begun) await this.#save({ ...this.#file, begun: true })
  }

  /** First phase: makes and keeps the next key, once. Returns the note with which old and new key announce it. */
  async beginRotation(): Promise<Buffer> {
    if (this.pendingRotation === null) {
      const { provider, origin } = this.#options
      // All keys of the file are under one root key, also while another one is coming.
      const root = (await provider.find(this.#file.provider)) ?? provider.active()
      const keys = [...this.#file.keys, await makeKey(origin, root)]
      const file = { ...this.#file, keys }
      const signers = await unwrapAll(this.#options, file)
      await this.#save(file)
      this.#signers = signers
    }
    const [previous, next] = [this.signer, this.#at(this.#file.active + 1)]
    const text = `${ROTATION_LINE}\n${this.origin}\n${formatNoteKey(previous.key)}\n${formatNoteKey(next.key)}\n`
    return formatNote({ text, signatures: [signText(text, previous, 0), signText(text, next, 0)] })
  }

  /** Second phase: from here on the new key signs. */
  async finishRotation(): Promise<void> {
    await this.#save({ ...this.#file, active: this.#signers.length - 1 })
  }

  /** The note with which the key in use says that an older one is not to be believed beyond `size` leaves. */
  revocationOf(revoked: NoteKey, size: number): Buffer {
    const { signer } = this
    const text = `${REVOCATION_LINE}\n${this.origin}\n${formatNoteKey(revoked)}\n${size}\n`
    return formatNote({ text, signatures: [signText(text, signer, 0)] })
  }

  /** Id of the root key that all keys are wrapped under. */
  get rootKey(): string {
    return this.#file.provider
  }

  /** Wraps all keys anew, under the root key in use. */
  async rewrap(): Promise<void> {
    const { provider, origin } = this.#options
    const root = provider.active()
    const keys: StoredKey[] = []
    for (const { verifier, wrapped } of this.#file.keys) {
      const aad = seedAad(origin, verifier)
      const sealed = Buffer.from(wrapped, 'base64')
      const seed = await unwrapUnder(provider, this.#file.provider, sealed, aad)
      keys.push({ verifier, wrapped: (await root.wrap(seed, aad)).toString('base64') })
    }
    await this.#save({ ...this.#file, provider: root.id, keys })
  }

  async #save(file: KeyFile): Promise<void> {
    await save(this.#options, file)
    this.#file = file
  }

  #at(index: number): NoteSigner {
    const signer = this.#signers[index]
    if (signer === undefined) throw new Error('the log key file names a key that it does not hold')
    return signer
  }
}

async function save({ disk, folder }: LogKeysOptions, file: KeyFile): Promise<void> {
  await writeOnce(disk, join(folder, FILE_NAME), Buffer.from(`${JSON.stringify(file, null, 2)}\n`))
}

async function unwrapAll(
  { provider, origin }: LogKeysOptions,
  file: KeyFile,
): Promise<readonly NoteSigner[]> {
  return Promise.all(
    file.keys.map(async ({ verifier, wrapped }) => {
      const aad = seedAad(origin, verifier)
      const sealed = Buffer.from(wrapped, 'base64')
      const seed = await unwrapUnder(provider, file.provider, sealed, aad)
      const signer = noteSigner(origin, 'note', seed)
      if (signer === null || formatNoteKey(signer.key) !== verifier)
        throw new Error('a log key does not belong to its verifier key')
      return signer
    }),
  )
}

export interface Revocation {
  readonly key: NoteKey
  /** It signed no tree of more leaves than this. */
  readonly size: number
}

/** What the note revokes; null when none of `keys` signed it, or only the one that it revokes. */
export function openRevocation(bytes: Buffer, keys: readonly NoteKey[]): Revocation | null {
  const opened = openNote(bytes, keys)
  if (opened.kind === 'refused') return null
  const [line, origin, revoked = '', size = '', end, ...more] = opened.note.text.split('\n')
  if (line !== REVOCATION_LINE || end !== '' || more.length > 0) return null
  const key = parseNoteKey(revoked)
  if (key === null || key.name !== origin || !/^(0|[1-9]\d{0,15})$/.test(size)) return null
  const others = keys.filter((one) => !one.publicBytes.equals(key.publicBytes))
  return openNote(bytes, others).kind === 'verified' ? { key, size: Number(size) } : null
}

/** The key from which `next` took its log over, or null when the note does not say so with both signatures. */
export function openRotationBack(bytes: Buffer, next: NoteKey): NoteKey | null {
  const claimed = openNote(bytes, [next])
  if (claimed.kind === 'refused') return null
  const from = parseNoteKey(claimed.note.text.split('\n')[2] ?? '')
  const to = from === null ? null : openRotation(bytes, from)
  return to?.publicBytes.equals(next.publicBytes) === true ? from : null
}

/** The key that `previous` hands its log over to, or null when the note does not say so with both signatures. */
export function openRotation(bytes: Buffer, previous: NoteKey): NoteKey | null {
  const claimed = openNote(bytes, [previous])
  if (claimed.kind === 'refused') return null
  const [line, origin, from, to, end, ...more] = claimed.note.text.split('\n')
  if (line !== ROTATION_LINE || origin !== previous.name || end !== '' || more.length > 0)
    return null
  const next = to === undefined ? null : parseNoteKey(to)
  if (from !== formatNoteKey(previous) || next === null) return null
  if (next.type !== 'note' || next.name !== origin) return null
  return openNote(bytes, [next]).kind === 'verified' ? next : null
}
