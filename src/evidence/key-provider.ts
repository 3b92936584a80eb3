/** Wraps and unwraps keys under root keys; the local provider keeps them in files, a KMS or Vault fits the same shape. */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  randomBytes,
} from 'node:crypto'
import { dirname, join } from 'node:path'
import type { Disk } from './disk.ts'
import { nodeDisk } from './disk.ts'
import { readRootState, rootKeyFile } from './keyring/root-state.ts'

export interface RootKey {
  /** Stands beside everything that it wrapped, so a wrong key is told from damage. */
  readonly id: string
  readonly wrap: (key: Buffer, aad: Buffer) => Promise<Buffer>
  /** Rejects when `wrapped` was not made by `wrap` with the same `aad`. */
  readonly unwrap: (wrapped: Buffer, aad: Buffer) => Promise<Buffer>
}

export interface KeyProvider {
  /** The root key that wraps what is made now. Take it once for things that belong together: it changes by rotation. */
  readonly active: () => RootKey
  /** The same, also when another process or thread rotated it since. */
  readonly current: () => Promise<RootKey>
  /** Any root key that still opens something; null when it is not here, or was retired. */
  readonly find: (id: string) => Promise<RootKey | null>
}

const ROOT_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

export function localRootKey(root: Buffer): RootKey {
  const key = createSecretKey(root)
  const name = createHash('sha256').update('custody/root-key-id/v1').update(root).digest('hex')
  return {
    id: `local:${name.slice(0, 16)}`,
    wrap: async (plain, aad) => {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, nonce)
      cipher.setAAD(aad)
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
    },
    unwrap: async (wrapped, aad) => {
      if (wrapped.length < NONCE_BYTES + TAG_BYTES) throw new Error('the wrapped key is too short')
      const decipher = createDecipheriv('aes-256-gcm', key, wrapped.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      })
      decipher.setAAD(aad)
      decipher.setAuthTag(wrapped.subarray(wrapped.length - TAG_BYTES))
      const body = wrapped.subarray(NONCE_BYTES, wrapped.length - TAG_BYTES)
      return Buffer.concat([decipher.update(body), decipher.final()])
    },
  }
}

/** A provider of one root key that never changes. */
export function fixedKeyProvider(root: RootKey): KeyProvider {
  return {
    active: () => root,
    current: async () => root,
    find: async (id) => (id === root.id ? root : null),
  }
}

/** Opens `wrapped` under the root key it names. */
export async function unwrapUnder(
  provider: KeyProvider,
  id: string,
  wrapped: Buffer,
  aad: Buffer,
): Promise<Buffer> {
  const root = await provider.find(id)
  if (root === null)
    throw new Error(`it was wrapped by ${id}, the key provider is ${provider.active().id}`)
  return root.unwrap(wrapped, aad)
}

/** Writes a file so that after a crash it is there whole or not at all. */
export async function writeOnce(disk: Disk, path: string, bytes: Buffer): Promise<void> {
  const half = `${path}.new`
  if (await disk.exists(half)) await disk.remove(half)
  const file = await disk.create(half)
  try {
    await file.write(bytes, 0)
    await file.fdatasync()
  } finally {
    await file.close()
  }
  await disk.rename(half, path)
  await disk.syncFolder(dirname(path))
}

/** Root keys in files of `<folder>`; which one is in use stands in `roots.json` once there has been a rotation. */
export class LocalKeyProvider implements KeyProvider {
  readonly #folder: string
  readonly #disk: Disk
  #active: RootKey
  #others: ReadonlyMap<string, RootKey>

  private constructor(folder: string, disk: Disk, keys: RootKeys) {
    this.#folder = folder
    this.#disk = disk
    this.#active = keys.active
    this.#others = keys.others
  }

  /** Makes the first root key when there is none. */
  static async open(folder: string, disk: Disk): Promise<LocalKeyProvider> {
    const path = join(folder, rootKeyFile(null))
    const state = await readRootState(disk, folder)
    if (state === null && !(await disk.exists(path))) {
      await disk.makeFolder(folder)
      await disk.syncFolder(dirname(folder))
      await writeOnce(disk, path, randomBytes(ROOT_BYTES))
    }
    return new LocalKeyProvider(folder, disk, await readRootKeys(folder, disk))
  }

  active(): RootKey {
    return this.#active
  }

  async current(): Promise<RootKey> {
    await this.reload()
    return this.#active
  }

  async find(id: string): Promise<RootKey | null> {
    const known = this.#known(id)
    if (known !== null) return known
    // Another process, or another thread, may have made it.
    await this.reload()
    return this.#known(id)
  }

  /** Looks at the files again: after each step of a rotation. */
  async reload(): Promise<void> {
    const { active, others } = await readRootKeys(this.#folder, this.#disk)
    this.#active = active
    this.#others = others
  }

  #known(id: string): RootKey | null {
    return id === this.#active.id ? this.#active : (this.#others.get(id) ?? null)
  }
}

interface RootKeys {
  readonly active: RootKey
  readonly others: ReadonlyMap<string, RootKey>
}

async function readRootKeys(folder: string, disk: Disk): Promise<RootKeys> {
  const state = await readRootState(disk, folder)
  const active = await readRoot(folder, disk, state?.active.file ?? rootKeyFile(null))
  if (state !== null && active.id !== state.active.id)
    throw new Error(`${join(folder, state.active.file)} is not the root key ${state.active.id}`)
  const others = new Map<string, RootKey>()
  if (state?.leaving !== undefined && state.leaving !== null) {
    const leaving = await readRoot(folder, disk, state.leaving.file)
    others.set(leaving.id, leaving)
  }
  return { active, others }
}

async function readRoot(folder: string, disk: Disk, file: string): Promise<RootKey> {
  const path = join(folder, file)
  const root = await disk.readWhole(path)
  if (root.length !== ROOT_BYTES)
    throw new Error(`${path} is not a root key: it must hold 32 bytes`)
  return localRootKey(root)
}

/** Opens the root keys of `<folder>`, making the first when there is none. */
export function openLocalKeyProvider(
  folder: string,
  disk: Disk = nodeDisk,
): Promise<LocalKeyProvider> {
  return LocalKeyProvider.open(folder, disk)
}
