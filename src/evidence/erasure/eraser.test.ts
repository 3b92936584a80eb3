import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  assertNowhere,
  eraseNow,
  freely,
  readsExactly,
  recordChat,
  secretsOf,
} from '../../../test/harness/erasing.ts'
import { filesBelow } from '../../../test/harness/stored-bytes.ts'
import {
  chatBody,
  openingFacts,
  openTestEvidence,
  temporaryFolder,
  wholeBody,
  type Message,
} from '../../../test/harness/evidence.ts'
import { newExchangeId, type ExchangeId } from '../../lib/ids.ts'
import { openLocalKeyProvider } from '../key-provider.ts'
import { reindex } from '../reindex.ts'
import { segmentPath } from '../segment-scan.ts'

const SYSTEM: Message = { role: 'system', text: 'the rules of the house '.repeat(30) }

const turns = (name: string, count: number): Message[] => [
  SYSTEM,
  ...Array.from({ length: count }, (_, n): Message => ({
    role: n % 2 === 0 ? 'user' : 'assistant',
    text: `${name} says ${n} ${'and more '.repeat(20)}`,
  })),
]

test('an erased exchange is gone, and all others read as before', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  const { evidence, store } = opened
  const first = await recordChat(evidence, turns('anna', 3), { principal: null })
  const second = await recordChat(evidence, turns('anna', 5))
  const other = await recordChat(evidence, turns('bert', 20))
  await evidence.flush()
  const outcome = await eraseNow(evidence, [second.id])
  assert.equal(outcome.kind, 'erased')
  assert.ok(outcome.kind === 'erased' && outcome.receipt.shared >= 4)
  assert.equal(await store.index.exchange(second.id), null)
  assert.equal(await evidence.reader.readExchange(second.id), null)
  await readsExactly(evidence, first)
  await readsExactly(evidence, other)
  const tombstone = await store.index.erasure.tombstone(second.id)
  assert.equal(tombstone?.cause, 'request')
  assert.equal(tombstone?.actor, 'ada@example.test')
  assert.equal(tombstone?.reason, 'asked for')
})

test('nothing of it is left in any file: no key, no ciphertext, no derived text', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  const { evidence } = opened
  const kept = await recordChat(evidence, turns('anna', 3))
  const gone = await recordChat(evidence, turns('carla', 30), {
    model: 'model-of-carla',
    remoteAddress: '203.0.113.77',
    principal: { ...openingFacts().principal!, id: 'carla@example.test' },
  })
  await evidence.flush()
  const secrets = await secretsOf(folder.path, (record) => record === gone.id)
  assert.ok(secrets.length > 60)
  await eraseNow(evidence, [gone.id])
  assertNowhere(folder.path, [...secrets, 'carla@example.test', 'model-of-carla', '203.0.113.77'])
  await readsExactly(evidence, kept)
})

test('a shared block stays until the last exchange that refers to it is erased', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  const { evidence } = opened
  const a = await recordChat(evidence, turns('anna', 18))
  const b = await recordChat(evidence, turns('anna', 20))
  const c = await recordChat(evidence, turns('anna', 22))
  await evidence.flush()
  const shared = await secretsOf(folder.path, (record) => record === a.id)
  await eraseNow(evidence, [a.id])
  await readsExactly(evidence, b)
  await eraseNow(evidence, [c.id])
  await readsExactly(evidence, b)
  await eraseNow(evidence, [b.id])
  assertNowhere(folder.path, shared)
})

test('what is sent again after it was erased is stored again', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  const { evidence, store } = opened
  const before = await recordChat(evidence, turns('anna', 10))
  await eraseNow(evidence, [before.id])
  const again = await recordChat(evidence, turns('anna', 10))
  await evidence.flush()
  await readsExactly(evidence, again)
  const keyProvider = await openLocalKeyProvider(join(folder.path, 'keys'))
  await reindex({ folder: folder.path, index: store.index, keyProvider })
  await readsExactly(evidence, again)
})

test('an index built again has the tombstone and not the exchange, and goes on counting references rightly', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  const { evidence, store } = opened
  const a = await recordChat(evidence, turns('anna', 4))
  const b = await recordChat(evidence, turns('anna', 6))
  await eraseNow(evidence, [a.id])
  const tombstone = await store.index.erasure.tombstone(a.id)
  const keyProvider = await openLocalKeyProvider(join(folder.path, 'keys'))
  const report = await reindex({ folder: folder.path, index: store.index, keyProvider })
  assert.deepEqual(report.damage, [])
  assert.equal(await store.index.exchange(a.id), null)
  assert.deepEqual(await store.index.erasure.tombstone(a.id), tombstone)
  await readsExactly(evidence, b)
  await eraseNow(evidence, [b.id])
  assert.equal(await store.index.exchange(b.id), null)
})

test('exchanges of an earlier run of the gateway are erased too', async () => {
  await using folder = await temporaryFolder()
  const recorded = []
  for (let run = 0; run < 3; run += 1) {
    await using opened = await openTestEvidence(folder.path)
    recorded.push(await recordChat(opened.evidence, turns('anna', 4 + run)))
  }
  await using opened = await openTestEvidence(folder.path)
  const [a, b, c] = recorded
  const secrets = await secretsOf(folder.path, (record) => record === b!.id)
  await eraseNow(opened.evidence, [b!.id])
  await readsExactly(opened.evidence, a!)
  await readsExactly(opened.evidence, c!)
  await eraseNow(opened.evidence, [c!.id, a!.id])
  assertNowhere(folder.path, secrets)
})

test('what cannot be erased is refused, each with its reason, and then nothing is', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  const { evidence } = opened
  const closed = await recordChat(evidence, turns('anna', 2))
  const { bytes, spans } = chatBody(turns('open', 2))
  const facts = openingFacts()
  await evidence.recorder.open({ facts, body: wholeBody(bytes, spans) })
  await evidence.flush()
  const unknown = newExchangeId(Date.now())
  const whys = async (...ids: readonly ExchangeId[]): Promise<unknown> => {
    const outcome = await eraseNow(evidence, ids)
    return outcome.kind === 'refused' && outcome.refusals.map(({ why }) => why)
  }
  assert.deepEqual(await whys(closed.id, facts.id), ['open'])
  assert.deepEqual(await whys(closed.id, unknown), ['not-found'])
  const held = await evidence.eraser.erase({
    ...freely,
    exchanges: [closed.id],
    guard: async ([row]) => [{ exchange: row!.id, why: 'held', detail: 'a case needs it' }],
  })
  assert.equal(held.kind, 'refused')
  await readsExactly(evidence, closed)
  assert.equal((await eraseNow(evidence, [closed.id])).kind, 'erased')
  assert.deepEqual(await whys(closed.id), ['erased'])
})

test('exchanges that begin during an erasure rebuild exactly, whatever they share with it', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  const { evidence } = opened
  for (let round = 0; round < 5; round += 1) {
    const doomed = await recordChat(evidence, turns(`round ${round}`, 12))
    const erased = eraseNow(evidence, [doomed.id])
    const during = []
    for (let n = 0; n < 6; n += 1) {
      during.push(recordChat(evidence, turns(`round ${round}`, 12 + n)))
      await new Promise((resolve) => setImmediate(resolve))
    }
    const recorded = await Promise.all(during)
    assert.equal((await erased).kind, 'erased')
    await evidence.flush()
    for (const one of recorded) await readsExactly(evidence, one)
  }
})

test('storage is returned: holes take the place of erased frames, and the rest of the segment is the same', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  const { evidence } = opened
  const noise = (): string =>
    Array.from({ length: 60_000 }, () => Math.random().toString(36)).join('')
  const gone = await recordChat(evidence, [SYSTEM, { role: 'user', text: noise() }])
  const kept = await recordChat(evidence, [SYSTEM, { role: 'user', text: 'short' }])
  await evidence.flush()
  await eraseNow(evidence, [gone.id])
  await readsExactly(evidence, kept)
  const { size, blocks } = statSync(segmentPath(folder.path, evidence.instance, 1))
  assert.ok(size > 400_000)
  assert.ok(blocks * 512 < size / 4, `${blocks * 512} of ${size}`)
  assert.ok(!filesBelow(folder.path).some((path) => path.endsWith('.new')))
})
