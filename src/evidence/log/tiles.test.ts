import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Frontier, leafHash } from './merkle.ts'
import { verifyConsistency, verifyInclusion } from './merkle-proof.ts'
import { MissingTileError, TileReader } from './tile-reader.ts'
import {
  ENTRY_BYTES_MAX,
  hashesAtLevel,
  packEntries,
  parseTilePath,
  splitEntries,
  splitHashes,
  tilePath,
  tilesBetween,
  TILE_WIDTH,
  type Tile,
} from './tiles.ts'

test('tiles are named as C2SP tlog-tiles says', () => {
  const named: [Tile, string][] = [
    [{ level: 0, index: 0, width: 256 }, 'tile/0/000'],
    [{ level: 0, index: 999, width: 1 }, 'tile/0/999.p/1'],
    [{ level: 0, index: 1000, width: 256 }, 'tile/0/x001/000'],
    [{ level: 2, index: 1_234_067, width: 256 }, 'tile/2/x001/x234/067'],
    [{ level: 'entries', index: 1_234_067, width: 17 }, 'tile/entries/x001/x234/067.p/17'],
    [{ level: 63, index: 5, width: 255 }, 'tile/63/005.p/255'],
  ]
  for (const [tile, path] of named) {
    assert.equal(tilePath(tile), path)
    assert.deepEqual(parseTilePath(path), tile)
  }
})

test('a path that names no tile, or names it another way, is refused', () => {
  for (const path of [
    'tile/0/0',
    'tile/0/0000',
    'tile/00/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/0/x000/000',
    'tile/0/001/000',
    'tile/0/x001/x000',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/0/000.p/',
    'tile/0/000/',
    '/tile/0/000',
    'tile/data/000',
    'tile/0/../000',
    'tile/0/000\n',
    '',
  ])
    assert.equal(parseTilePath(path), null, path)
})

test('a path and its tile spell each other', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.constant('entries' as const), fc.integer({ min: 0, max: 63 })),
      fc.nat({ max: 10 ** 12 }),
      fc.integer({ min: 1, max: TILE_WIDTH }),
      (level, index, width) => {
        const tile = { level, index, width }
        assert.deepEqual(parseTilePath(tilePath(tile)), tile)
      },
    ),
  )
})

test('a tree of 70,000 leaves has the tiles of the specification', () => {
  const widths = (level: number): number[] =>
    tilesBetween(level, 0, hashesAtLevel(level, 70_000)).map((tile) => tile.width)
  assert.deepEqual([widths(0).length, widths(0).at(-1)], [274, 112])
  assert.deepEqual(widths(1), [256, 17])
  assert.deepEqual(widths(2), [1])
  assert.deepEqual(widths(3), [])
})

test('entry bundles give back what was packed, and nothing else is a bundle', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (arrays) => {
      const entries = arrays.map((array) => Buffer.from(array))
      const bytes = packEntries(entries)
      assert.deepEqual(splitEntries(bytes, entries.length), entries)
      assert.equal(splitEntries(bytes, entries.length + 1), null)
      assert.equal(splitEntries(Buffer.concat([bytes, Buffer.of(0)]), entries.length), null)
      if (entries.length === 0) return
      assert.equal(splitEntries(bytes, entries.length - 1), null)
      assert.equal(splitEntries(bytes.subarray(0, -1), entries.length), null)
    }),
  )
  assert.throws(() => packEntries([Buffer.alloc(ENTRY_BYTES_MAX + 1)]), RangeError)
  assert.equal(splitEntries(packEntries([Buffer.alloc(ENTRY_BYTES_MAX)]), 1)?.length, 1)
  assert.equal(splitHashes(Buffer.alloc(64), 3), null)
  assert.equal(splitHashes(Buffer.alloc(64), 2)?.length, 2)
})

/** Tiles of a tree of `size` leaves, straight from the definition. */
function tiledTree(size: number): {
  files: Map<string, Buffer>
  roots: Buffer[]
  leaves: Buffer[]
} {
  const files = new Map<string, Buffer>()
  const levels: Buffer[][] = []
  const frontier = new Frontier()
  const roots = [frontier.root()]
  const leaves = Array.from({ length: size }, (_, at) => leafHash(Buffer.from(String(at))))
  for (const leaf of leaves) {
    frontier.append(leaf, (level, root) => {
      if (level % 8 === 0) (levels[level / 8] ??= []).push(root)
    })
    roots.push(frontier.root())
  }
  for (const [level, hashes] of levels.entries()) {
    for (const tile of tilesBetween(level, 0, hashes.length)) {
      const at = tile.index * TILE_WIDTH
      files.set(tilePath(tile), Buffer.concat(hashes.slice(at, at + tile.width)))
    }
  }
  return { files, roots, leaves }
}

test('every proof read out of tiles verifies, at sizes around the edges of tiles', async () => {
  const { files, roots, leaves } = tiledTree(66_000)
  // Partial tiles of smaller trees are gone, as after pruning: the full or wider tile stands in for them.
  const store = {
    read: async (path: string): Promise<Buffer | null> => {
      const whole = files.get(path)
      if (whole !== undefined) return whole
      const tile = parseTilePath(path)
      if (tile === null || tile.width === TILE_WIDTH) return null
      const [wider] = [...files].filter(([name]) => name.startsWith(path.replace(/\d+$/, '')))
      return wider === undefined ? null : wider[1].subarray(0, tile.width * 32)
    },
  }
  for (const size of [1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 66_000]) {
    const reader = new TileReader(store, size)
    const root = roots[size]!
    assert.deepEqual(await reader.root(), root)
    assert.deepEqual((await reader.frontier()).root(), root)
    for (const index of new Set([0, size >> 1, size - 1, Math.min(255, size - 1)])) {
      const proof = await reader.inclusionProof(index)
      assert.equal(verifyInclusion(leaves[index]!, index, size, proof, root), true)
    }
    for (const older of new Set([1, size >> 1 || 1, size - 1 || 1, size])) {
      const proof = await reader.consistencyProof(older)
      const head = { size: older, root: roots[older]! }
      assert.equal(verifyConsistency(head, { size, root }, proof), true, `${older} to ${size}`)
    }
    await assert.rejects(reader.inclusionProof(size), RangeError)
    await assert.rejects(reader.consistencyProof(size + 1), RangeError)
    assert.deepEqual(await reader.consistencyProof(0), [])
  }
})

test('a tile that is gone or short is an error with its name, not a wrong proof', async () => {
  const { files } = tiledTree(300)
  const without = (path: string, bytes: Buffer | null) => ({
    read: async (name: string) => (name === path ? bytes : (files.get(name) ?? null)),
  })
  for (const bytes of [null, Buffer.alloc(44 * 32 - 1), Buffer.alloc(0)]) {
    const reader = new TileReader(without('tile/0/001.p/44', bytes), 300)
    await assert.rejects(reader.inclusionProof(280), MissingTileError)
    assert.equal(await reader.entries(0), null)
  }
})
