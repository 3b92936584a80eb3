/** Keeps the tenant's block-id key, wrapped by the key provider, in `keyring.json`. */
import { hkdfSync, randomBytes } from 'node:crypto'
import { BlockKey } from './block-ids.ts'
import { join } from 'node:path'
import type { Disk } from './disk.ts'
import { nodeDisk } from './disk.ts'
import { unwrapUnder, writeOnce, type KeyProvider, type RootKey } from './key-provider.ts'

const FILE = 'keyring.json'
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
  const path = join(folder, FILE)
  if (!(await disk.exists(path))) {
    await disk.makeFolder(folder)
    await save(disk, path, provider.active(), randomBytes(KEY_BYTES))
  }
  const keyring: unknown = JSON.parse((await disk.readWhole(path)).toString('utf8'))
  if (!isKeyring(keyring)) throw new Error(`${path} is not a keyring this version knows`)
  const wrapped = keyring.tenants[TENANT]
  if (wrapped === undefined) throw new Error(`${path} holds no key for the tenant ${TENANT}`)
  return unwrapUnder(provider, keyring.provider, Buffer.from(wrapped, 'base64'), aad)
}

async function save(disk: Disk, path: string, root: RootKey, secret: Buffer): Promise<void> {
  const wrapped = await root.wrap(secret, aad)
  const keyring: KeyringFile = {
    version: 1,
    provider: root.id,
    tenants: { [TENANT]: wrapped.toString('base64') },
  }
  await writeOnce(disk, path, Buffer.from(`${JSON.stringify(keyring, null, 2)}\n`))
}

/** Wraps the tenant's key anew, under the root key in use. */
export async function rewrapTenantSecret(
  folder: string,
  provider: KeyProvider,
  disk: Disk,
): Promise<void> {
  const secret = await openTenantSecret(folder, provider, disk)
  await save(disk, join(folder, FILE), provider.active(), secret)
}

/** Id of the root key that the tenant's key is wrapped under; null while there is none. */
export async function tenantRootKey(folder: string, disk: Disk): Promise<string | null> {
  const path = join(folder, FILE)
  if (!(await disk.exists(path))) return null
  const keyring: unknown = JSON.parse((await disk.readWhole(path)).toString('utf8'))
  return isKeyring(keyring) ? keyring.provider : null
}
