import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { runCli, startCli } from '../../../test/harness/cli.ts'
import { heartbeat, openTestLog } from '../../../test/harness/log.ts'
import { temporaryFolder } from '../../../test/harness/temporary-folder.ts'
import { formatNoteKey } from '../../evidence/log/note-key.ts'
import { requestCosignature } from '../../evidence/log/witness-client.ts'
import { TileReader } from '../../evidence/log/tile-reader.ts'
import { httpWitness } from '../../evidence/publish/publisher.ts'

test('a witness signs what continues, keeps its key and its memory over a restart, and refuses the past', async () => {
  using folder = temporaryFolder()
  const { writer, keys } = await openTestLog(folder.path)
  await using log = writer
  const [key] = keys.verifiers
  const args = [
    'witness',
    '--json',
    '--state',
    join(folder.path, 'w'),
    '--listen',
    '127.0.0.1:0',
    '--log',
    formatNoteKey(key!),
  ]
  const old = log.checkpoint
  log.append(heartbeat)
  await log.flush()
  const seen: string[] = []
  for (const round of [1, 2]) {
    await using running = startCli(...args)
    await running.until('\n')
    running.kill('SIGTERM')
    const ran = await running.ended
    assert.equal(ran.code, 0, ran.err)
    const { key: witnessKey } = JSON.parse(ran.out) as { key: string }
    seen.push(witnessKey)
    assert.equal(seen[0], witnessKey, `round ${round}`)
  }
  await using running = startCli(...args)
  await running.until('\n')
  const { url } = JSON.parse(running.out()) as { url: string }
  const { peer } = httpWitness('w', seen[0]!, url)
  const reader = new TileReader(log.tiles, log.head.size)
  const consistencyProof = (from: number) => reader.consistencyProof(from)
  const asked = { checkpoint: log.checkpoint, oldSize: 0, consistencyProof }
  assert.equal((await requestCosignature(peer, asked)).kind, 'cosigned')
  const past = await requestCosignature(peer, { ...asked, checkpoint: old })
  assert.deepEqual(past, { kind: 'ahead', witnessSize: 1 })
})

test('a witness does not start without a log key that is one', async () => {
  using folder = temporaryFolder()
  const state = join(folder.path, 'w')
  assert.equal((await runCli('witness', '--state', state)).code, 2)
  const wrong = await runCli('witness', '--state', state, '--log', 'hello')
  assert.equal(wrong.code, 2)
  assert.match(wrong.err, /not the verifier key of a log/)
})
