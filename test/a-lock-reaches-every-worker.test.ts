import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createKey } from '../src/identity/key-admin.ts'
import { setLock } from '../src/identity/locks.ts'
import { systemClock } from '../src/lib/clock.ts'
import { openStore } from '../src/store/store.ts'
import { chatCall, startDataPlane, upstreamsAt } from './harness/data-plane.ts'
import type { DataPlane } from './harness/data-plane.ts'
import { startPostgres } from './harness/postgres.ts'
import type { RunningPostgres } from './harness/postgres.ts'
import { startSandbox } from '../src/sandbox/start-sandbox.ts'
import type { Sandbox } from '../src/sandbox/start-sandbox.ts'
import { until } from './harness/until.ts'

let postgres: RunningPostgres
let sandbox: Sandbox
const workers: DataPlane[] = []

before(async () => {
  postgres = await startPostgres()
  sandbox = await startSandbox()
  for (let n = 0; n < 2; n += 1) {
    workers.push(
      await startDataPlane(sandbox.url, {
        upstreams: upstreamsAt(sandbox.url),
        yaml: 'storage: { index: { postgres: "${DATABASE_URL}" } }\ncontainment: { staleAfterMs: 1s }\n',
        env: { DATABASE_URL: postgres.url },
      }),
    )
  }
})

after(async () => {
  for (const worker of workers) await worker[Symbol.asyncDispose]()
  await sandbox[Symbol.asyncDispose]()
  await postgres[Symbol.asyncDispose]()
})

test('a lock cuts streams on every worker within a second, and each refuses what comes next', async () => {
  await using store = await openStore({ kind: 'postgres', url: postgres.url })
  const wanted = { name: 'ci', owner: 'mallory', service: 'ci' }
  const made = await createKey(store.keys, systemClock, {
    ...wanted,
    allowedUpstreams: null,
    allowedModels: null,
  })
  assert.ok(made.kind === 'created')
  const call = (worker: DataPlane) => {
    const { path, body } = chatCall('anthropic', true)
    return fetch(worker.url + path, {
      method: 'POST',
      headers: {
        'x-api-key': made.text,
        'content-type': 'application/json',
        'x-sandbox-script': JSON.stringify({ events: 5_000, intervalMs: 20 }),
      },
      body,
    })
  }
  const readers = []
  for (const worker of workers) readers.push((await call(worker)).body!.getReader())
  for (const reader of readers) assert.equal((await reader.read()).done, false)
  const setAt = performance.now()
  const setting = await setLock(store.control.locks, systemClock, 'responder', {
    kind: 'person',
    value: 'mallory',
    reason: 'left',
    expiresInMs: 'never',
  })
  assert.ok(setting.kind === 'set')
  for (const reader of readers) {
    let text = ''
    for (let part = await reader.read(); !part.done; part = await reader.read())
      text += Buffer.from(part.value).toString()
    assert.ok(text.includes(setting.lock.id), text.slice(-300))
  }
  const tookMs = performance.now() - setAt
  // Promised is one second; the bound leaves room for a machine that runs everything at once.
  assert.ok(tookMs < 30_000, `cut after ${tookMs} ms`)
  for (const worker of workers) {
    const refused = await call(worker)
    assert.equal(refused.status, 400)
    assert.ok((await refused.text()).includes(setting.lock.id))
  }
})

test('workers come back by themselves after the database was away', async () => {
  await postgres.restart()
  const [worker] = workers
  assert.ok(worker !== undefined)
  await until(async () => (await fetch(`${worker.adminUrl}/readyz`)).status === 200)
  await using store = await openStore({ kind: 'postgres', url: postgres.url })
  const before = (await store.control.locks.active(systemClock.nowMs())).length
  assert.equal(before, 1)
})
