import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { closedLeaf, heartbeat, openedLeaf, ORIGIN } from '../../../test/harness/log.ts'
import { sealCheckpoint } from './checkpoint.ts'
import { encodeLeaf, type LeafDraft } from './leaf.ts'
import { Frontier } from './merkle.ts'
import { keyIdText, noteSigner } from './note-key.ts'
import { parseTilePath, tilePath } from './tiles.ts'
import { TreeEdge } from './tree-edge.ts'
import { verifyLog, type LogProblem, type VerifyLogOptions } from './verify-log.ts'

const signer = noteSigner(ORIGIN, 'note', Buffer.alloc(32, 1))!

interface MadeLog {
  readonly files: Map<string, Buffer>
  /** Signed checkpoints, one for each batch. */
  readonly checkpoints: Buffer[]
}

/** A log in memory, made in batches; `timeOf` gives the seconds of a leaf. */
function makeLog(
  drafts: readonly LeafDraft[],
  timeOf = (index: number): number => 1_700_000_000 + index,
  sizes: readonly number[] = [drafts.length],
): MadeLog {
  const files = new Map<string, Buffer>()
  const checkpoints: Buffer[] = []
  let edge = new TreeEdge(new Frontier(), [], [])
  const logKey = keyIdText(signer.key)
  for (const size of sizes) {
    const entries = drafts
      .slice(edge.size, size)
      .map((draft, at) => ({ ...draft, sequence: edge.size + at }))
      .map((leaf) => encodeLeaf({ ...leaf, logKey, timeS: timeOf(leaf.sequence) }))
    const growth = edge.append(entries)
    for (const { tile, bytes } of growth.files) files.set(tilePath(tile), bytes)
    edge = growth.edge
    checkpoints.push(sealCheckpoint(edge.head(), signer))
  }
  files.set('checkpoint', checkpoints.at(-1)!)
  return { files, checkpoints }
}

async function problemsOf(
  files: ReadonlyMap<string, Buffer>,
  options: Partial<VerifyLogOptions> = {},
): Promise<readonly LogProblem[]> {
  const store = { read: async (path: string) => files.get(path) ?? null }
  const report = await verifyLog({ store, keys: [signer.key], ...options })
  assert.equal(report.holds, report.problemCount === 0)
  return report.problems
}
const kinds = (problems: readonly LogProblem[]): string[] => [
  ...new Set(problems.map((problem) => problem.kind)),
]
const beats = (count: number): LeafDraft[] => Array.from({ length: count }, () => heartbeat)
const changed = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes)
  copy[at] = copy[at]! ^ 1
  return copy
}

const big = makeLog(beats(2600), undefined, [1, 300, 2560, 2600])

test('a whole log of three levels holds, with every checkpoint it ever signed', async () => {
  const huge = makeLog(beats(65_600), undefined, [1, 65_536, 65_600])
  assert.deepEqual(await problemsOf(huge.files, { known: huge.checkpoints }), [])
  assert.deepEqual(await problemsOf(big.files, { known: big.checkpoints }), [])
})

test('each kind of damage is named with its place', async () => {
  const damage = async (path: string, bytes: Buffer | null): Promise<readonly LogProblem[]> => {
    const files = new Map(big.files)
    if (bytes === null) files.delete(path)
    else files.set(path, bytes)
    return problemsOf(files)
  }
  const file = (path: string): Buffer => big.files.get(path)!
  assert.deepEqual(await damage('checkpoint', null), [{ kind: 'checkpoint-missing' }])
  assert.deepEqual(kinds(await damage('checkpoint', changed(file('checkpoint'), 30))), [
    'checkpoint-refused',
  ])
  assert.deepEqual(await damage('tile/0/007', null), [{ kind: 'tile-missing', level: 0, index: 7 }])
  assert.deepEqual(await damage('tile/1/000.p/10', null), [
    { kind: 'tile-missing', level: 1, index: 0 },
  ])
  assert.deepEqual(await damage('tile/entries/007', null), [{ kind: 'bundle-missing', index: 7 }])
  assert.deepEqual(await damage('tile/entries/007', file('tile/entries/007').subarray(0, -1)), [
    { kind: 'bundle-missing', index: 7 },
  ])
  assert.deepEqual(await damage('tile/0/007', changed(file('tile/0/007'), 3 * 32 + 5)), [
    { kind: 'hash-altered', level: 0, index: 7 * 256 + 3 },
  ])
  assert.deepEqual(await damage('tile/1/000.p/10', changed(file('tile/1/000.p/10'), 9 * 32)), [
    { kind: 'hash-altered', level: 1, index: 9 },
  ])
  const altered = Buffer.from(
    file('tile/entries/007').toString('latin1').replace('"at":1', '"at":2'),
    'latin1',
  )
  assert.deepEqual(
    (await damage('tile/entries/007', altered)).filter(({ kind }) => kind !== 'clock-went-back'),
    [{ kind: 'entry-altered', index: 7 * 256 }],
  )
  const both = new Map(big.files)
  both.set('tile/entries/007', altered)
  both.set('tile/0/009', changed(file('tile/0/009'), 0))
  const mixed = (await problemsOf(both)).filter(({ kind }) => kind !== 'clock-went-back')
  assert.ok(kinds(mixed).includes('root-differs'))
  assert.ok(mixed.some((one) => one.kind === 'entry-or-hash-altered' && one.index === 7 * 256))
})

test('any bit flipped in any file of a small log is found', async () => {
  const small = makeLog([openedLeaf(1), closedLeaf(1, 0), ...beats(3)])
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...small.files.keys()),
      fc.nat(),
      fc.nat({ max: 7 }),
      async (path, place, bit) => {
        const files = new Map(small.files)
        const bytes = Buffer.from(files.get(path)!)
        const at = place % bytes.length
        bytes[at] = bytes[at]! ^ (1 << bit)
        files.set(path, bytes)
        assert.notDeepEqual(await problemsOf(files), [], `${path} ${at} ${bit}`)
      },
    ),
    { numRuns: 400 },
  )
})

test('a fork and a truncation are told by an older checkpoint, and strangers are refused', async () => {
  const drafts = beats(600)
  const one = makeLog(drafts, undefined, [300, 600])
  const other = makeLog(drafts, (index) => 1_700_000_000 + index * 2, [300, 600])
  const known = [...one.checkpoints]
  assert.deepEqual(await problemsOf(one.files, { known }), [])
  assert.deepEqual(await problemsOf(other.files, { known }), [
    { kind: 'forked', knownSize: 300 },
    { kind: 'forked', knownSize: 600 },
  ])
  const cut = makeLog(drafts.slice(0, 300))
  assert.deepEqual(await problemsOf(cut.files, { known }), [{ kind: 'truncated', knownSize: 600 }])
  const stranger = noteSigner(ORIGIN, 'note', Buffer.alloc(32, 9))!
  const forged = sealCheckpoint({ size: 1, root: Buffer.alloc(32) }, stranger)
  assert.deepEqual(kinds(await problemsOf(one.files, { known: [forged] })), ['known-refused'])
  assert.deepEqual(kinds(await problemsOf(one.files, { keys: [stranger.key] })), [
    'checkpoint-refused',
  ])
})

test('entries may be pruned below the minimum index and nowhere else', async () => {
  const { files, checkpoints } = makeLog(beats(600))
  files.delete('tile/entries/000')
  assert.deepEqual(await problemsOf(files), [{ kind: 'bundle-missing', index: 0 }])
  assert.deepEqual(await problemsOf(files, { minimumIndex: 256, known: checkpoints }), [])
  assert.deepEqual(await problemsOf(files, { minimumIndex: 255 }), [
    { kind: 'bundle-missing', index: 0 },
  ])
})

test('leaves that contradict each other are reported with their index', async () => {
  const drafts = [
    { ...heartbeat },
    openedLeaf(1),
    openedLeaf(2),
    closedLeaf(1, 1),
    closedLeaf(1, 1),
    closedLeaf(3, 2),
    { ...heartbeat },
  ]
  const times = [0, 1, 2, 3, 2, 5, 500].map((seconds) => 1_700_000_000 + seconds)
  const { files } = makeLog(drafts, (index) => times[index]!)
  assert.deepEqual(await problemsOf(files, { silenceMaxS: 60 }), [
    { kind: 'clock-went-back', index: 4, seconds: 1 },
    { kind: 'close-unmatched', index: 4 },
    { kind: 'close-unmatched', index: 5 },
    { kind: 'silence', index: 6, seconds: 495 },
  ])
  const store = { read: async (path: string) => files.get(path) ?? null }
  const report = await verifyLog({ store, keys: [signer.key] })
  assert.deepEqual(report.unclosed, [2])
  assert.equal(report.lastLeafS, times[6])
})

test('a stop explains a silence', async () => {
  const stopped: LeafDraft = {
    ...openedLeaf(1),
    kind: 'gateway.stopped',
    policyDigest: null,
  }
  const { files } = makeLog([stopped, heartbeat], (index) => index * 1000)
  assert.deepEqual(await problemsOf(files, { silenceMaxS: 60 }), [])
})

/** A log whose owner signs leaves that the format forbids. */
function makeRawLog(entries: readonly Buffer[]): Map<string, Buffer> {
  const { edge, files } = new TreeEdge(new Frontier(), [], []).append(entries)
  const named = new Map(files.map(({ tile, bytes }) => [tilePath(tile), bytes]))
  return named.set('checkpoint', sealCheckpoint(edge.head(), signer))
}

test('signed leaves that are no leaves, out of sequence or under another key are reported', async () => {
  const leaf = { ...heartbeat, sequence: 5, logKey: '00000000', timeS: 0 }
  assert.deepEqual(await problemsOf(makeRawLog([encodeLeaf(leaf), Buffer.from('{}')])), [
    { kind: 'sequence-wrong', index: 0, found: 5 },
    { kind: 'log-key-unknown', index: 0, key: '00000000' },
    { kind: 'leaf-refused', index: 1, reason: 'an unknown version' },
  ])
})

test('a rotation that the trusted key did not sign is reported', async () => {
  const { files } = makeLog(beats(2))
  files.set('rotation.1', Buffer.from('hello\n'))
  assert.deepEqual(await problemsOf(files), [
    { kind: 'rotation-refused', number: 1 },
    { kind: 'key-note-without-leaf', note: 'rotation.1' },
  ])
})

test('an empty log holds', async () => {
  assert.deepEqual(await problemsOf(makeRawLog([])), [])
  for (const path of big.files.keys())
    assert.ok(path === 'checkpoint' || parseTilePath(path) !== null)
})
