import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryFolder } from '../../test/harness/temporary-folder.ts'
import { createKey } from '../identity/key-admin.ts'
import { createPerson } from '../identity/people-admin.ts'
import type { EvidenceEvent } from '../model/record.ts'
import type { Recorder } from '../model/recorder.ts'
import { openStore } from '../store/store.ts'
import type { Logger } from '../telemetry/logger.ts'
import { keepKeys } from './key-upkeep.ts'

const DAY_MS = 86_400_000

test('keys that nobody uses or that were left behind end after the grace, once, as evidence', async () => {
  using folder = temporaryFolder()
  await using store = await openStore({ kind: 'sqlite', folder: folder.path })
  const clock = { now: 1000 * DAY_MS, nowMs: () => clock.now, monotonicMs: () => clock.now }
  const noted: EvidenceEvent[] = []
  const recorder = { note: async (event: EvidenceEvent) => void noted.push(event) }
  await createPerson(store.control.people, clock, { login: 'ada', name: '', roles: ['admin'] })
  const ids: string[] = []
  for (const owner of ['ada', 'ada', 'the ci team']) {
    const made = await createKey(store.keys, clock, {
      name: 'k',
      owner,
      service: '',
      expiresInMs: 'never',
      allowedUpstreams: null,
      allowedModels: null,
    })
    assert.ok(made.kind === 'created')
    ids.push(made.key.id)
  }
  await using upkeep = keepKeys({
    store,
    recorder: recorder as unknown as Recorder,
    log: { warn: () => undefined } as unknown as Logger,
    clock,
    rules: () => ({ staleAfterMs: 60 * DAY_MS, graceMs: 30 * DAY_MS, ownersArePeople: false }),
  })
  const working = async () =>
    (await store.keys.list()).filter(({ expiresAtMs }) => expiresAtMs === null).map(({ id }) => id)
  clock.now += 89 * DAY_MS
  await upkeep.look()
  assert.equal((await working()).length, 3)
  const used = (await store.keys.list()).find(({ id }) => id === ids[0])
  await store.keys.touch(new Map([[used!.id, clock.now]]))
  clock.now += DAY_MS
  await upkeep.look()
  await upkeep.look()
  assert.deepEqual(await working(), [used!.id])
  assert.deepEqual(
    noted.map(({ type, details }) => [type, details['key'], details['because']]).toSorted(),
    [
      ['key.ended', ids[1], 'stale'],
      ['key.ended', ids[2], 'ownerless stale'],
    ].toSorted(),
  )
})
