/** Compares the leaves of a data folder with its frames, one by one: what each must say, computed from the frames alone. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { join } from 'node:path'
import { nodeDisk } from '../../src/evidence/disk.ts'
import { openLocalKeyProvider } from '../../src/evidence/key-provider.ts'
import { LogFolder } from '../../src/evidence/log/log-folder.ts'
import { openCheckpoint, peekCheckpoint } from '../../src/evidence/log/checkpoint.ts'
import { parseLeaf, type Leaf } from '../../src/evidence/log/leaf.ts'
import { parseNoteKey, type NoteKey } from '../../src/evidence/log/note-key.ts'
import { TileReader } from '../../src/evidence/log/tile-reader.ts'
import { verifyLog } from '../../src/evidence/log/verify-log.ts'
import { frameDigest } from '../../src/evidence/segment-format.ts'
import { SegmentFiles } from '../../src/evidence/segment-files.ts'
import { scanSegments } from '../../src/evidence/segment-scan.ts'

export async function readLeaves(folder: string): Promise<readonly Leaf[]> {
  const store = new LogFolder(nodeDisk, join(folder, 'log'))
  const note = await store.read('checkpoint')
  const size = note === null ? 0 : (peekCheckpoint(note)?.size ?? 0)
  const reader = new TileReader(store, size)
  const leaves: Leaf[] = []
  for (let index = 0; index * 256 < size; index += 1) {
    for (const entry of (await reader.entries(index)) ?? []) {
      const reading = parseLeaf(entry)
      assert.ok(reading.kind === 'ok')
      leaves.push(reading.leaf)
    }
  }
  return leaves
}

export async function logKeysOf(folder: string): Promise<readonly NoteKey[]> {
  const file = JSON.parse(
    (await nodeDisk.readWhole(join(folder, 'keys', 'log-key.json'))).toString(),
  ) as { keys: { verifier: string }[] }
  return file.keys.map(({ verifier }) => parseNoteKey(verifier)!)
}

type Expected = Pick<Leaf, 'kind' | 'record' | 'frame' | 'storedDigest' | 'partsDigest'>

interface Ahead {
  readonly record: string
  readonly digests: readonly string[]
  readonly last: string
}

const nobody = (): Ahead | null => null

/** What the frames of the folder demand of the log, in order. */
async function expectedLeaves(folder: string): Promise<readonly Expected[]> {
  const files = new SegmentFiles(nodeDisk, folder, await openLocalKeyProvider(join(folder, 'keys')))
  const expected: Expected[] = []
  const streams = new Map<string, string[]>()
  let ahead = nobody()
  const joined = (digests: readonly string[]): string | null =>
    digests.length === 0 ? null : hash('sha256', digests.join(''), 'hex')
  const flush = (blocks: Ahead | null): Ahead | null => {
    if (blocks === null) return null
    const { record, digests, last } = blocks
    const leaf = { kind: 'blocks.stored', record, frame: last, storedDigest: null } as const
    expected.push({ ...leaf, partsDigest: joined(digests) })
    return null
  }
  for await (const found of scanSegments(nodeDisk, folder)) {
    if (found.kind === 'end') ahead = flush(ahead)
    if (found.kind !== 'frame') continue
    const { head, address, bytes, header } = found
    const { record } = head
    const frame = `${address.instance}/${address.segment}/${address.offset}`
    const storedDigest = frameDigest(bytes)
    const leaf = { record, frame, storedDigest, partsDigest: null }
    switch (head.type) {
      case 'block':
      case 'list': {
        if (ahead?.record !== record) ahead = flush(ahead)
        ahead = { record, digests: [...(ahead?.digests ?? []), storedDigest], last: frame }
        continue
      }
      case 'request':
      case 'answer':
        streams.set(record, [...(streams.get(record) ?? []), storedDigest])
        continue
      case 'opening':
      case 'refusal': {
        const own = ahead?.record === record ? ahead.digests : []
        if (own.length > 0) ahead = null
        else ahead = flush(ahead)
        const kind = head.type === 'opening' ? 'exchange.opened' : 'exchange.refused'
        expected.push({ ...leaf, kind, partsDigest: joined(own) })
        continue
      }
      case 'closing':
        expected.push({
          ...leaf,
          kind: 'exchange.closed',
          partsDigest: joined(streams.get(record) ?? []),
        })
        continue
      case 'event': {
        const opened = await files.open(address, head, bytes, header)
        const { event } = JSON.parse(opened.plain!.toString('utf8', 4)) as {
          event: { type: Leaf['kind'] }
        }
        expected.push({ ...leaf, kind: event.type })
      }
    }
  }
  return expected
}

/** Every durable record has its leaf, in order, once; the log itself holds. Returns the leaves. */
export async function assertCovered(
  folder: string,
  known: readonly Buffer[] = [],
): Promise<readonly Leaf[]> {
  const leaves = await readLeaves(folder)
  const framed = leaves
    .filter((leaf) => leaf.frame !== null)
    .map(({ kind, record, frame, storedDigest, partsDigest }) => ({
      kind,
      record,
      frame,
      storedDigest,
      partsDigest,
    }))
  assert.deepEqual(
    framed,
    (await expectedLeaves(folder)).map(({ kind, record, frame, storedDigest, partsDigest }) => ({
      kind,
      record,
      frame,
      storedDigest,
      partsDigest,
    })),
  )
  for (const leaf of leaves) {
    if (leaf.kind !== 'exchange.closed') continue
    const opening = leaves[leaf.opening ?? -1]
    assert.equal(opening?.kind, 'exchange.opened')
    assert.equal(opening?.record, leaf.record)
  }
  const keys = await logKeysOf(folder)
  const store = new LogFolder(nodeDisk, join(folder, 'log'))
  for (const note of known) assert.equal(openCheckpoint(note, keys).kind, 'ok')
  const report = await verifyLog({ store, keys, known })
  assert.deepEqual(report.problems, [])
  return leaves
}
