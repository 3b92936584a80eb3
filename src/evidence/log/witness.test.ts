import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { faultyDisk } from '../../../test/harness/faulty-disk.ts'
import { heartbeat, openTestLog, stillClock } from '../../../test/harness/log.ts'
import { temporaryFolder } from '../../../test/harness/temporary-folder.ts'
import { serveWitness } from '../../../test/harness/witness-http.ts'
import { nodeDisk } from '../disk.ts'
import { sealCheckpoint } from './checkpoint.ts'
import type { LogWriter } from './log-writer.ts'
import { EMPTY_ROOT, Frontier, leafHash } from './merkle.ts'
import { formatNoteKey, noteSigner, type NoteSigner } from './note-key.ts'
import { evaluatePolicy, parsePolicy } from './policy.ts'
import { TileReader } from './tile-reader.ts'
import { addCosignatures, requestCosignature, type CosignRequest } from './witness-client.ts'
import { formatWitnessMessage, parseWitnessMessage } from './witness-message.ts'
import { Witness, witnessFolder, type WitnessAnswer } from './witness-server.ts'

const signer = noteSigner('witness.example/w1', 'cosignature', Buffer.alloc(32, 40))!

function requestOf(writer: LogWriter, oldSize: number): CosignRequest {
  const reader = new TileReader(writer.tiles, writer.head.size)
  return {
    checkpoint: writer.checkpoint,
    oldSize,
    consistencyProof: (from) => reader.consistencyProof(from),
  }
}

test('a log and a witness meet over HTTP: cosigned, caught up after a conflict, accepted by policy', async () => {
  using folder = temporaryFolder()
  const { writer, keys } = await openTestLog(folder.path)
  await using log = writer
  const state = witnessFolder(nodeDisk, join(folder.path, 'witness'))
  const logs = keys.verifiers
  const witness = new Witness({ signer, logs, state, clock: stillClock })
  await using served = await serveWitness(witness, signer.key)
  for (let round = 0; round < 5; round += 1) {
    for (let count = 0; count < 70; count += 1) log.append(heartbeat)
    await log.flush()
    // The client knows nothing of what the witness saw: it is told by a 409.
    const result = await requestCosignature(served.peer, requestOf(log, 0))
    assert.ok(result.kind === 'cosigned')
    assert.equal(result.timeS, 1_700_000_000)
    const note = addCosignatures(log.checkpoint, [result.signature])
    const text = `log ${formatNoteKey(logs[0]!)}\nwitness W ${formatNoteKey(signer.key)}\nquorum W\n`
    const policy = parsePolicy(Buffer.from(text))
    assert.ok(policy.kind === 'ok')
    const asked = { policy: policy.policy, latestS: 1_700_000_000 }
    assert.equal(evaluatePolicy({ ...asked, note }).kind, 'accepted')
    assert.equal(evaluatePolicy({ ...asked, note: log.checkpoint }).kind, 'refused')
  }
  assert.equal((await state.load(logs[0]!.name))?.size, 350)
  assert.equal((await requestCosignature(served.peer, requestOf(log, 350))).kind, 'cosigned')
})

const log = noteSigner('example.com/log', 'note', Buffer.alloc(32, 1))!
const roots: Buffer[] = [EMPTY_ROOT]
const tree = new Frontier()
for (let size = 1; size <= 8; size += 1) {
  tree.append(leafHash(Buffer.from(String(size))))
  roots.push(tree.root())
}
const note = (size: number, by: NoteSigner = log, root = roots[size]!): Buffer =>
  sealCheckpoint({ size, root }, by)
/** Proof from 4 to 8: the right half. */
const right = new Frontier()
for (let size = 5; size <= 8; size += 1) right.append(leafHash(Buffer.from(String(size))))

async function freshWitness(): Promise<{
  readonly ask: (oldSize: number, checkpoint: Buffer, ...proof: Buffer[]) => Promise<WitnessAnswer>
}> {
  const heads = new Map<string, { size: number; root: Buffer }>()
  const witness = new Witness({
    signer,
    logs: [log.key],
    clock: stillClock,
    state: {
      load: async (origin) => heads.get(origin) ?? null,
      save: async (origin, head) => void heads.set(origin, head),
    },
  })
  return {
    ask: (oldSize, checkpoint, ...proof) =>
      witness.addCheckpoint(formatWitnessMessage({ oldSize, proof, checkpoint })),
  }
}

test('the witness answers each mistake with its own status', async () => {
  const { ask } = await freshWitness()
  const stranger = noteSigner('example.com/other', 'note', Buffer.alloc(32, 2))!
  const thief = noteSigner('example.com/log', 'note', Buffer.alloc(32, 3))!
  assert.equal((await ask(0, note(4, stranger))).status, 404)
  assert.equal((await ask(0, note(4, thief))).status, 403)
  assert.equal((await ask(5, note(4))).status, 400)
  assert.equal((await ask(0, Buffer.from('no note'))).status, 400)
  assert.equal((await ask(0, note(0, log, roots[1]))).status, 422)
  assert.equal((await ask(0, note(4), roots[1]!)).status, 422)
  const early = await ask(2, note(4))
  assert.deepEqual([early.status, early.body, early.mediaType], [409, '0\n', 'text/x.tlog.size'])
  assert.equal((await ask(0, note(4))).status, 200)
  const late = await ask(0, note(8))
  assert.deepEqual([late.status, late.body], [409, '4\n'])
  assert.equal((await ask(4, note(8))).status, 422)
  assert.equal((await ask(4, note(8), roots[3]!)).status, 422)
  assert.equal((await ask(4, note(8, log, roots[7]), right.root())).status, 422)
  assert.equal((await ask(4, note(4, log, roots[3]))).status, 409)
  assert.equal((await ask(4, note(4))).status, 200)
  assert.equal((await ask(4, note(8), right.root())).status, 200)
  assert.equal((await ask(4, note(8), right.root())).status, 409)
  assert.equal((await ask(8, note(4))).status, 400)
})

test('an empty tree may be cosigned first, and every tree continues it', async () => {
  const { ask } = await freshWitness()
  assert.equal((await ask(0, note(0))).status, 200)
  assert.equal((await ask(0, note(0))).status, 200)
  assert.equal((await ask(0, note(3))).status, 200)
  assert.equal((await ask(0, note(4))).status, 409)
})

test('of two requests at one moment one wins, and the size never goes back', async () => {
  const { ask } = await freshWitness()
  assert.equal((await ask(0, note(4))).status, 200)
  const answers = await Promise.all([ask(4, note(8), right.root()), ask(4, note(4))])
  assert.deepEqual(
    answers.map((one) => one.status),
    [200, 409],
  )
})

test('nothing is signed unless it could be kept, and damaged state is not taken for none', async () => {
  using folder = temporaryFolder()
  const faulty = faultyDisk()
  const place = join(folder.path, 'state')
  const witness = new Witness({
    signer,
    logs: [log.key],
    clock: stillClock,
    state: witnessFolder(faulty.disk, place),
  })
  const ask = (oldSize: number, size: number): Promise<WitnessAnswer> =>
    witness.addCheckpoint(formatWitnessMessage({ oldSize, proof: [], checkpoint: note(size) }))
  faulty.decide = (call) => (call.name === 'fdatasync' ? 'EIO' : null)
  await assert.rejects(ask(0, 4))
  faulty.decide = () => null
  assert.equal((await ask(0, 4)).status, 200)
  const [file] = await readdir(place)
  await writeFile(join(place, file!), 'example.com/log\n4\n')
  await assert.rejects(ask(0, 8), /damaged/)
})

test('messages have one spelling', () => {
  const good = formatWitnessMessage({ oldSize: 4, proof: [right.root()], checkpoint: note(8) })
  assert.deepEqual(parseWitnessMessage(good)?.proof, [right.root()])
  const text = good.toString()
  const hash = right.root().toString('base64')
  for (const bad of [
    '',
    text.replace('old 4', 'old 04'),
    text.replace('old 4', 'Old 4'),
    text.replace('old 4', 'old'),
    text.replace('old 4\n', ''),
    text.replace(hash, hash.slice(0, -1)),
    text.replace(hash, `${hash}\n`.repeat(63) + hash),
    text.replaceAll('\n', '\r\n'),
    text.slice(0, text.indexOf('\n\n')),
    `${text}${'x'.repeat(200_000)}`,
  ])
    assert.equal(parseWitnessMessage(Buffer.from(bad)), null, bad.slice(0, 40))
})

test('a client takes no signature that does not hold, and does not ask for ever', async () => {
  const request = {
    checkpoint: note(8),
    oldSize: 0,
    consistencyProof: async () => [],
  }
  const answering = (status: number, body: string) => {
    let asked = 0
    const peer = {
      key: signer.key,
      post: async () => {
        asked += 1
        return { status, body: Buffer.from(body.replace('{asked}', String(asked))) }
      },
    }
    return requestCosignature(peer, request)
  }
  assert.deepEqual(await answering(200, ''), { kind: 'malformed' })
  assert.deepEqual(await answering(200, '— witness.example/w1 AAAAAAE=\n'), { kind: 'malformed' })
  assert.deepEqual(await answering(404, ''), { kind: 'refused', status: 404 })
  assert.deepEqual(await answering(409, 'many\n'), { kind: 'malformed' })
  assert.deepEqual(await answering(409, '0\n'), { kind: 'refused', status: 409 })
  assert.deepEqual(await answering(409, '9\n'), { kind: 'ahead', witnessSize: 9 })
  assert.deepEqual(await answering(409, '{asked}\n'), { kind: 'refused', status: 409 })
})
