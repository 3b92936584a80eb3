/** Wraps and unwraps keys; the local provider keeps its root key in a file, a KMS or Vault fits the same shape. */
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

export interface KeyProvider {
  /** Names the root key; stands in every segment header, so a wrong key is told from damage. */
  readonly id: string
  readonly wrap: (key: Buffer, aad: Buffer) => Promise<Buffer>
  /** Rejects when `wrapped` was not made by `wrap` with the same `aad`. */
  readonly unwrap: (wrapped: Buffer, aad: Buffer) => Promise<Buffer>
}

const ROOT_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

export function localKeyProvider(root: Buffer): KeyProvider {
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

/** Opens `<folder>/root.key`, making it when there is none. */
export async function openLocalKeyProvider(
  folder: string,
  disk: Disk = nodeDisk,
): Promise<KeyProvider> {
  const path = join(folder, 'root.key')
  if (!(await disk.exists(path))) {
    await disk.makeFolder(folder)
    await disk.syncFolder(dirname(folder))
    await writeOnce(disk, path, randomBytes(ROOT_BYTES))
  }
  const root = await disk.readWhole(path)
  if (root.length !== ROOT_BYTES)
    throw new Error(`${path} is not a root key: it must hold 32 bytes`)
  return localKeyProvider(root)
}
