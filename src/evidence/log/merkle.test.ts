import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { vectorFolder } from '../../../test/harness/vectors.ts'
import { EMPTY_ROOT, foldRight, Frontier, leafHash, nodeHash, subtreeLevels } from './merkle.ts'
import {
  consistencySteps,
  inclusionSteps,
  readProof,
  rootNodes,
  verifyConsistency,
  verifyInclusion,
  type TreeNode,
} from './merkle-proof.ts'

/** The definitions of RFC 6962 2.1, written down as they stand there. */
const split = (n: number): number => 2 ** Math.ceil(Math.log2(n) - 1)
function treeHash(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return EMPTY_ROOT
  if (leaves.length === 1) return leaves[0]!
  const k = split(leaves.length)
  return nodeHash(treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)))
}
function path(m: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length === 1) return []
  const k = split(leaves.length)
  return m < k
    ? [...path(m, leaves.slice(0, k)), treeHash(leaves.slice(k))]
    : [...path(m - k, leaves.slice(k)), treeHash(leaves.slice(0, k))]
}
function subproof(m: number, leaves: readonly Buffer[], whole: boolean): Buffer[] {
  if (m === leaves.length) return whole ? [] : [treeHash(leaves)]
  const k = split(leaves.length)
  return m <= k
    ? [...subproof(m, leaves.slice(0, k), whole), treeHash(leaves.slice(k))]
    : [...subproof(m - k, leaves.slice(k), false), treeHash(leaves.slice(0, k))]
}

const SIZE_MAX = 140
const LEAVES = Array.from({ length: SIZE_MAX }, (_, at) => leafHash(Buffer.from(`leaf ${at}`)))
const readNode = ({ level, index }: TreeNode): Promise<Buffer> =>
  Promise.resolve(treeHash(LEAVES.slice(index * 2 ** level, (index + 1) * 2 ** level)))

const flipped = (bytes: Buffer, bit: number): Buffer => {
  const copy = Buffer.from(bytes)
  copy[bit >> 3] = copy[bit >> 3]! ^ (1 << (bit & 7))
  return copy
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex')

test('hashes are those of RFC 6962', () => {
  assert.equal(
    EMPTY_ROOT.toString('hex'),
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  )
  assert.deepEqual(
    leafHash(Buffer.alloc(0)),
    hex('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'),
  )
  assert.deepEqual(
    leafHash(Buffer.from('L123456')),
    hex('395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56'),
  )
  assert.deepEqual(
    foldRight([leafHash(Buffer.alloc(0)), leafHash(Buffer.alloc(1))]),
    hex('fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'),
  )
})

test('a tree grown leaf by leaf has the root of the definition at every size', () => {
  const frontier = new Frontier()
  assert.deepEqual(frontier.root(), EMPTY_ROOT)
  for (const [at, leaf] of LEAVES.entries()) {
    const seen: [number, Buffer][] = []
    frontier.append(leaf, (level, root) => seen.push([level, root]))
    assert.equal(frontier.size, at + 1)
    assert.deepEqual(frontier.root(), treeHash(LEAVES.slice(0, at + 1)))
    for (const [level, root] of seen)
      assert.deepEqual(root, treeHash(LEAVES.slice(at + 1 - 2 ** level, at + 1)))
    const again = Frontier.of(frontier.size, frontier.subtrees())
    assert.deepEqual(again.root(), frontier.root())
    assert.equal(frontier.subtrees().length, subtreeLevels(frontier.size).length)
  }
  assert.throws(() => Frontier.of(3, [EMPTY_ROOT]), RangeError)
})

test('planned proofs are those of the definitions, and every one verifies', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: SIZE_MAX }),
      fc.nat(),
      fc.nat(),
      async (size, one, two) => {
        const leaves = LEAVES.slice(0, size)
        const root = treeHash(leaves)
        const index = one % size
        const inclusion = await readProof(inclusionSteps(index, size), readNode)
        assert.deepEqual(inclusion, path(index, leaves))
        assert.equal(verifyInclusion(LEAVES[index]!, index, size, inclusion, root), true)

        const oldSize = 1 + (two % size)
        const older = { size: oldSize, root: treeHash(LEAVES.slice(0, oldSize)) }
        const consistency = await readProof(consistencySteps(oldSize, size), readNode)
        assert.deepEqual(consistency, subproof(oldSize, leaves, true))
        assert.equal(verifyConsistency(older, { size, root }, consistency), true)
        assert.deepEqual(foldRight(await Promise.all(rootNodes(size).map(readNode))), root)
      },
    ),
    { numRuns: 300 },
  )
})

test('a proof with any bit flipped, a hash more or less, or another place is refused', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: SIZE_MAX }),
      fc.nat(),
      fc.nat(),
      fc.nat({ max: 255 }),
      (size, one, two, bit) => {
        const leaves = LEAVES.slice(0, size)
        const root = treeHash(leaves)
        const index = one % size
        const leaf = LEAVES[index]!
        const proof = path(index, leaves)
        const at = two % proof.length
        const bad = proof.with(at, flipped(proof[at]!, bit))
        assert.equal(verifyInclusion(leaf, index, size, bad, root), false)
        assert.equal(verifyInclusion(flipped(leaf, bit), index, size, proof, root), false)
        assert.equal(verifyInclusion(leaf, index, size, proof, flipped(root, bit)), false)
        assert.equal(verifyInclusion(leaf, index, size, proof.slice(1), root), false)
        assert.equal(verifyInclusion(leaf, index, size, proof.slice(0, -1), root), false)
        assert.equal(verifyInclusion(leaf, index, size, [...proof, root], root), false)
        const other = (index + 1 + (two % (size - 1))) % size
        assert.equal(verifyInclusion(leaf, other, size, proof, root), false)

        const oldSize = 1 + (one % (size - 1))
        const older = { size: oldSize, root: treeHash(LEAVES.slice(0, oldSize)) }
        const newer = { size, root }
        const chain = subproof(oldSize, leaves, true)
        const place = two % chain.length
        assert.equal(
          verifyConsistency(older, newer, chain.with(place, flipped(chain[place]!, bit))),
          false,
        )
        assert.equal(verifyConsistency(older, newer, chain.slice(1)), false)
        assert.equal(verifyConsistency(older, newer, chain.slice(0, -1)), false)
        assert.equal(verifyConsistency(older, newer, [...chain, root]), false)
        const altered = { size: oldSize, root: flipped(older.root, bit) }
        assert.equal(verifyConsistency(altered, newer, chain), false)
        assert.equal(verifyConsistency(older, { size, root: flipped(root, bit) }, chain), false)
        assert.equal(verifyConsistency(newer, older, chain), false)
      },
    ),
    { numRuns: 300 },
  )
})

test('sizes that are no sizes and hashes that are no hashes are refused', () => {
  const [leaf] = LEAVES
  for (const size of [-1, 0, 0.5, Number.NaN, Infinity, 2 ** 53])
    assert.equal(verifyInclusion(leaf!, 0, size, [], leaf!), false)
  assert.equal(verifyInclusion(Buffer.alloc(0), 0, 1, [], Buffer.alloc(0)), false)
  assert.equal(verifyInclusion(leaf!, 0, 2, [Buffer.alloc(31)], leaf!), false)
  const head = { size: 0, root: EMPTY_ROOT }
  assert.equal(verifyConsistency(head, head, []), false)
  assert.equal(verifyConsistency(head, { size: 1, root: leaf! }, []), false)
})

interface InclusionVector {
  readonly leafIdx: number
  readonly treeSize: number
  readonly root: string
  readonly leafHash: string
  readonly proof: readonly string[] | null
  readonly desc: string
  readonly wantErr: boolean
}
interface ConsistencyVector {
  readonly size1: number
  readonly size2: number
  readonly root1: string
  readonly root2: string
  readonly proof: readonly string[] | null
  readonly desc: string
  readonly wantErr: boolean
}

function readVectors<T>(folder: string): T[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile())
    .map((file) => JSON.parse(readFileSync(file, 'utf8')) as T)
}
const base64 = (text: string): Buffer => Buffer.from(text, 'base64')
const vectors = vectorFolder('merkle')

test('98 public inclusion vectors agree', { skip: vectors === null }, () => {
  const all = readVectors<InclusionVector>(join(vectors!, 'inclusion'))
  assert.equal(all.length, 98)
  for (const { leafIdx, treeSize, root, leafHash, proof, desc, wantErr } of all) {
    const hashes = (proof ?? []).map(base64)
    const holds = verifyInclusion(base64(leafHash), leafIdx, treeSize, hashes, base64(root))
    assert.equal(holds, !wantErr, desc)
  }
})

test('98 public consistency vectors agree', { skip: vectors === null }, () => {
  const all = readVectors<ConsistencyVector>(join(vectors!, 'consistency'))
  assert.equal(all.length, 98)
  for (const { size1, size2, root1, root2, proof, desc, wantErr } of all) {
    const older = { size: size1, root: base64(root1) }
    const newer = { size: size2, root: base64(root2) }
    assert.equal(verifyConsistency(older, newer, (proof ?? []).map(base64)), !wantErr, desc)
  }
})
