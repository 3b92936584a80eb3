import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { vectorFolder } from '../../../test/harness/vectors.ts'
import { openCheckpoint, sealCheckpoint } from './checkpoint.ts'
import { Frontier, leafHash } from './merkle.ts'
import { verifyConsistency, verifyInclusion } from './merkle-proof.ts'
import { parseNoteKey, parseNoteSigner } from './note-key.ts'
import { TileReader } from './tile-reader.ts'
import { packEntries, splitEntries, tilePath } from './tiles.ts'

// The published example keys of the fixture: test data, not secrets.
const VERIFIER = 'example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx'
const SIGNER_BASE64 =
  'UFJJVkFURStLRVkrZXhhbXBsZS5jb20vbG9nL3Rlc3RkYXRhKzMzZDdiNDk2K0FleW1ZL1NaQVgwalpjSjhlblo1RlkxRHord1RNTDJ5V1NrSys5RFNGM2Vn'
const SIZE = 15

const folder = vectorFolder('tlog-tiles/log')
const skip = folder === null
const file = (name: string): Buffer => readFileSync(join(folder!, name))
const entriesOf = (size: number): readonly Buffer[] =>
  splitEntries(file(`tile/entries/000.p/${size}`), size)!

test("Tessera's fixture log is reproduced byte for byte", { skip }, () => {
  const signer = parseNoteSigner(Buffer.from(SIGNER_BASE64, 'base64').toString())!
  const entries = entriesOf(SIZE)
  const frontier = new Frontier()
  const hashes: Buffer[] = []
  for (let size = 0; ; size += 1) {
    const head = { size, root: frontier.root() }
    assert.deepEqual(sealCheckpoint(head, signer), file(`checkpoint.${size}`))
    if (size > 0) {
      const place = { index: 0, width: size }
      assert.deepEqual(Buffer.concat(hashes), file(tilePath({ level: 0, ...place })))
      const bundle = packEntries(entries.slice(0, size))
      assert.deepEqual(bundle, file(tilePath({ level: 'entries', ...place })))
    }
    if (size === SIZE) break
    hashes.push(leafHash(entries[size]!))
    frontier.append(hashes.at(-1)!)
  }
  assert.deepEqual(
    sealCheckpoint({ size: SIZE, root: frontier.root() }, signer),
    file('checkpoint'),
  )
})

test('checkpoints, tiles and entries of the fixture prove each other', { skip }, async () => {
  const key = parseNoteKey(VERIFIER)!
  const store = {
    read: async (path: string): Promise<Buffer | null> => file(path),
  }
  const heads = Array.from({ length: SIZE + 1 }, (_, size) => {
    const opened = openCheckpoint(file(`checkpoint.${size}`), [key])
    assert.equal(opened.kind, 'ok')
    return opened.kind === 'ok' ? opened.checkpoint : assert.fail()
  })
  for (const newer of heads.slice(1)) {
    const reader = new TileReader(store, newer.size)
    for (const [index, entry] of entriesOf(newer.size).entries()) {
      const proof = await reader.inclusionProof(index)
      assert.equal(verifyInclusion(leafHash(entry), index, newer.size, proof, newer.root), true)
    }
    for (const older of heads.slice(1, newer.size + 1))
      assert.equal(verifyConsistency(older, newer, await reader.consistencyProof(older.size)), true)
  }
})
