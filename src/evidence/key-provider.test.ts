import assert from 'node:assert/strict'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../test/harness/evidence.ts'
import { blockId, BlockKey } from './block-ids.ts'
import { nodeDisk } from './disk.ts'
import { fixedKeyProvider, localRootKey, openLocalKeyProvider } from './key-provider.ts'
import { openBlockKey } from './keyring.ts'

test('the root key is made once, readable by the owner only', async () => {
  await using folder = await temporaryFolder()
  const keys = join(folder.path, 'keys')
  const first = await openLocalKeyProvider(keys)
  const second = await openLocalKeyProvider(keys)
  assert.equal(first.active().id, second.active().id)
  assert.equal((await stat(join(keys, 'root.key'))).mode & 0o777, 0o600)
  assert.equal((await stat(keys)).mode & 0o777, 0o700)
  const aad = Buffer.from('what for')
  const wrapped = await first.active().wrap(Buffer.from('a key'), aad)
  assert.deepEqual(await second.active().unwrap(wrapped, aad), Buffer.from('a key'))
})

test('a wrapped key opens with the same purpose and root only, and not after any change', async () => {
  const provider = localRootKey(Buffer.alloc(32, 1))
  const aad = Buffer.from('segment 1')
  const wrapped = await provider.wrap(Buffer.alloc(32, 9), aad)
  await assert.rejects(provider.unwrap(wrapped, Buffer.from('segment 2')))
  await assert.rejects(localRootKey(Buffer.alloc(32, 2)).unwrap(wrapped, aad))
  await assert.rejects(provider.unwrap(wrapped.subarray(0, 20), aad))
  for (let at = 0; at < wrapped.length; at += 1) {
    const copy = Buffer.from(wrapped)
    copy[at] = (copy[at] ?? 0) ^ 1
    await assert.rejects(provider.unwrap(copy, aad))
  }
})

test('a root key of the wrong length is refused', async () => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'root.key'), 'short')
  await assert.rejects(openLocalKeyProvider(folder.path), /32 bytes/)
})

test('the block key is the same on every start and stands nowhere in clear', async () => {
  await using folder = await temporaryFolder()
  const provider = fixedKeyProvider(localRootKey(Buffer.alloc(32, 1)))
  const first = await openBlockKey(folder.path, provider, nodeDisk)
  const second = await openBlockKey(folder.path, provider, nodeDisk)
  const bytes = Buffer.from('the same bytes')
  assert.deepEqual(blockId(first, bytes), blockId(second, bytes))
  const keyring: unknown = JSON.parse(await readFile(join(folder.path, 'keyring.json'), 'utf8'))
  assert.ok(typeof keyring === 'object' && keyring !== null && 'tenants' in keyring)
  const wrapped = Object.values(keyring.tenants as Record<string, string>)[0] ?? ''
  // Nonce, 32 key bytes, tag: what stands there is not the key that makes these ids.
  const inClear = new BlockKey(Buffer.from(wrapped, 'base64').subarray(12, 44))
  assert.notDeepEqual(blockId(inClear, bytes), blockId(first, bytes))
  await assert.rejects(
    openBlockKey(folder.path, fixedKeyProvider(localRootKey(Buffer.alloc(32, 2))), nodeDisk),
    /wrapped by/,
  )
})

test('a keyring of another version is refused', async () => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'keyring.json'), '{"version":2,"provider":"x","tenants":{}}')
  const provider = fixedKeyProvider(localRootKey(Buffer.alloc(32, 1)))
  await assert.rejects(openBlockKey(folder.path, provider, nodeDisk), /not a keyring/)
})
