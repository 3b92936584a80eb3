/** Keeps the tenant's block-id key, wrapped by the key provider, in `keyring.json`. */
import { hkdfSync, randomBytes } from 'node:crypto'
import { BlockKey } from './block-ids.ts'
import { join } from 'node:path'
import type { Disk } from './disk.ts'
import { nodeDisk } from './disk.ts'
import { writeOnce, type KeyProvider } from './key-provider.ts'

const TENANT = 'default'
const KEY_BYTES = 32
const aad = Buffer.from(`custody/tenant-key/v1\0${TENANT}`)

interface KeyringFile {
  readonly version: 1
  readonly provider: string
  readonly tenants: Readonly<Record<string, string>>
}

function isKeyring(value: unknown): value is KeyringFile {
  if (typeof value !== 'object' || value === null) return false
  if (!('version' in value) || value.version !== 1) return false
  if (!('provider' in value) || typeof value.provider !== 'string') return false
  return 'tenants' in value && typeof value.tenants === 'object' && value.tenants !== null
}

/** The key that turns block digests into block ids. Made on first use; without it no id can be guessed from content. */
export async function openBlockKey(
  folder: string,
  provider: KeyProvider,
  disk: Disk,
): Promise<BlockKey> {
  return new BlockKey(await openTenantSecret(folder, provider, disk))
}

/** The key of masks, tokens and fingerprints: as durable as the tenant's key, and it tells nothing about it. */
export async function openMaskingKey(
  folder: string,
  provider: KeyProvider,
  disk: Disk = nodeDisk,
): Promise<Buffer> {
  const secret = await openTenantSecret(folder, provider, disk)
  return Buffer.from(hkdfSync('sha256', secret, '', 'custody/masking/v1', KEY_BYTES))
}

/** The secret of the trace index: it chooses grams; the keys of its epochs are random. */
export async function openTraceSecret(
  folder: string,
  provider: KeyProvider,
  disk: Disk = nodeDisk,
): Promise<Buffer> {
  const secret = await openTenantSecret(folder, provider, disk)
  return Buffer.from(hkdfSync('sha256', secret, '', 'custody/trace/v1', KEY_BYTES))
}

async function openTenantSecret(
  folder: string,
  provider: KeyProvider,
  disk: Disk,
): Promise<Buffer> {
  const path = join(folder, 'keyring.json')
  if (!(await disk.exists(path))) {
    const wrapped = await provider.wrap(randomBytes(KEY_BYTES), aad)
    const keyring: KeyringFile = {
      version: 1,
      provider: provider.id,
      tenants: { [TENANT]: wrapped.toString('base64') },
    }
    await disk.makeFolder(folder)
    await writeOnce(disk, path, Buffer.from(`${JSON.stringify(keyring, null, 2)}\n`))
  }
  const keyring: unknown = JSON.parse((await disk.readWhole(path)).toString('utf8'))
  if (!isKeyring(keyring)) throw new Error(`${path} is not a keyring this version knows`)
  const wrapped = keyring.tenants[TENANT]
  if (wrapped === undefined) throw new Error(`${path} holds no key for the tenant ${TENANT}`)
  if (keyring.provider !== provider.id) {
    throw new Error(
      `${path} was wrapped by ${keyring.provider}, the key provider is ${provider.id}`,
    )
  }
  return provider.unwrap(Buffer.from(wrapped, 'base64'), aad)
}
