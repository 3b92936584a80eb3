/** The key that `custody up` prints: made on the first start, kept wrapped under the root key so that it can be shown again. */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../lib/clock.ts'
import type { KeyTable } from '../model/keys.ts'
import { unwrapUnder, type KeyProvider, type RootKey } from '../evidence/key-provider.ts'
import { createKey } from '../identity/key-admin.ts'
import { parseKey } from '../identity/gateway-key.ts'

const FILE = 'starter-key.json'
const AAD = Buffer.from('custody/starter-key/v1')
const STARTER_NAME = 'starter'

/** The starter key's text; null when it was revoked or has expired, or when keys exist that were made otherwise. */
export async function starterKey(
  keysFolder: string,
  table: KeyTable,
  provider: KeyProvider,
  clock: Clock,
): Promise<string | null> {
  const path = join(keysFolder, FILE)
  const stored = await readStored(path, provider)
  if (stored !== null) {
    const parsed = parseKey(stored)
    const row = parsed.kind === 'key' ? await table.byHash(parsed.hash) : null
    if (row !== null) {
      const isUsable =
        row.revokedAtMs === null && (row.expiresAtMs === null || row.expiresAtMs > clock.nowMs())
      return isUsable ? stored : null
    }
  }
  if ((await table.list()).length > 0) return null
  const created = await createKey(table, clock, {
    name: STARTER_NAME,
    owner: ownerName(),
    service: 'local',
    allowedUpstreams: null,
    allowedModels: null,
  })
  if (created.kind !== 'created') return null
  await store(path, provider.active(), created.text)
  return created.text
}

async function store(path: string, root: RootKey, text: string): Promise<void> {
  const wrapped = await root.wrap(Buffer.from(text), AAD)
  const file = { version: 1, provider: root.id, wrapped: wrapped.toString('base64') }
  // Written beside and renamed: a crash in between leaves either no file or a whole one.
  await writeFile(`${path}.new`, JSON.stringify(file), { mode: 0o600, flush: true })
  await rename(`${path}.new`, path)
}

/** Wraps the key anew, under the root key in use. */
export async function rewrapStarterKey(keysFolder: string, provider: KeyProvider): Promise<void> {
  const path = join(keysFolder, FILE)
  const text = await readStored(path, provider)
  if (text !== null) await store(path, provider.active(), text)
}

/** Who runs the gateway, as the operating system knows them. */
export function ownerName(): string {
  try {
    return userInfo().username
  } catch {
    // A container user without a passwd entry has no name.
    return 'local'
  }
}

async function readStored(path: string, provider: KeyProvider): Promise<string | null> {
  try {
    const parsed: unknown = JSON.parse(await readFile(path, 'utf8'))
    if (typeof parsed !== 'object' || parsed === null || !('wrapped' in parsed)) return null
    const wrapped = Buffer.from(String(parsed.wrapped), 'base64')
    const id = 'provider' in parsed ? String(parsed.provider) : provider.active().id
    return (await unwrapUnder(provider, id, wrapped, AAD)).toString()
  } catch {
    // Absent, or wrapped under another root key: then there is none to show.
    return null
  }
}
