import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { createKey } from '../src/identity/key-admin.ts'
import { releaseLock, setLock } from '../src/identity/locks.ts'
import type { LockRequest } from '../src/identity/locks.ts'
import type { Clock } from '../src/lib/clock.ts'
import { systemClock } from '../src/lib/clock.ts'
import type { LockRow } from '../src/model/containment.ts'
import { linkedConversation } from '../src/model/linked-conversation.ts'
import { startSandbox } from '../src/sandbox/start-sandbox.ts'
import type { Sandbox } from '../src/sandbox/start-sandbox.ts'
import { openStore } from '../src/store/store.ts'
import type { Store } from '../src/store/store.ts'
import { chatCall, DIALECTS, startDataPlane } from './harness/data-plane.ts'
import type { DataPlane, TestDialect } from './harness/data-plane.ts'
import { temporaryFolder } from './harness/temporary-folder.ts'
import { until } from './harness/until.ts'

let sandbox: Sandbox
let gateway: DataPlane
/** Another process on the same data: what the command line is. */
let other: Store

before(async () => {
  sandbox = await startSandbox()
  gateway = await startDataPlane(sandbox.url, {
    yaml: 'masking: { packs: [strict], directions: [request] }\n',
  })
  other = await openStore({ kind: 'sqlite', folder: gateway.folder })
})

after(async () => {
  await other[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
  await sandbox[Symbol.asyncDispose]()
})

async function lock(kind: LockRequest['kind'], value: string): Promise<LockRow> {
  const request = { kind, value, reason: 'test', expiresInMs: 60_000 }
  const setting = await setLock(other.control.locks, systemClock, 'responder', request)
  assert.ok(setting.kind === 'set', JSON.stringify(setting))
  return setting.lock
}

async function unlock({ id }: LockRow): Promise<void> {
  const release = { by: 'responder', reason: 'over' }
  assert.equal((await releaseLock(other.control.locks, systemClock, id, release)).kind, 'released')
}

async function keyOf(owner: string, service = ''): Promise<{ text: string; id: string }> {
  const wanted = { name: 'k', owner, service, allowedUpstreams: null, allowedModels: null }
  const made = await createKey(other.keys, systemClock, wanted)
  assert.ok(made.kind === 'created')
  return { text: made.text, id: made.key.id }
}

interface Sent {
  readonly dialect?: TestDialect
  readonly stream?: boolean
  readonly model?: string
  readonly key?: string
  readonly script?: object
  readonly headers?: Readonly<Record<string, string>>
  readonly content?: string
}

function send(sent: Sent = {}): Promise<Response> {
  const call = chatCall(sent.dialect ?? 'openai', sent.stream ?? false, sent.model)
  return fetch(gateway.url + call.path, {
    method: 'POST',
    headers: {
      'x-api-key': sent.key ?? gateway.key,
      'content-type': 'application/json',
      ...(sent.script === undefined ? {} : { 'x-sandbox-script': JSON.stringify(sent.script) }),
      ...sent.headers,
    },
    body: call.body.replace('hello', sent.content ?? 'hello'),
  })
}

/** The next exchange after a lock was set by another process is refused; after its release it passes. */
async function holdsFor(kind: LockRequest['kind'], value: string, sent: Sent): Promise<void> {
  const before = await send(sent)
  assert.equal(before.status, 200, `${kind} before: ${await before.text()}`)
  const held = await lock(kind, value)
  const from = sandbox.received().length
  const refused = await send(sent)
  const text = await refused.text()
  assert.equal(refused.status, 400, `${kind}: ${text}`)
  assert.ok(text.includes(held.id), text)
  assert.ok(!text.includes('responder'), 'who locked it is not for the caller')
  assert.equal(refused.headers.get('x-should-retry'), 'false')
  assert.equal(sandbox.received().length, from, 'nothing reached the provider')
  const recorded = await gateway.recorded(refused.headers.get('x-custody-exchange'))
  assert.equal(recorded.row.state, 'refused')
  assert.equal(recorded.closing?.errorCode, 'containment.locked')
  assert.equal(recorded.closing?.lock, held.id)
  await unlock(held)
  assert.equal((await send(sent)).status, 200, `${kind} after its release`)
}

test('a lock on the principal holds from the next exchange on, until it is released', async () => {
  const { text } = await keyOf('mallory', 'batch')
  await holdsFor('principal', 'mallory', { key: text })
})

test('a lock on a person holds for the keys they own', async () => {
  const { text } = await keyOf('carol')
  await holdsFor('person', 'carol', { key: text })
})

test('a lock on a key leaves the other keys of its owner alone', async () => {
  const one = await keyOf('dave')
  const two = await keyOf('dave')
  await holdsFor('key', one.id, { key: one.text })
  const held = await lock('key', one.id)
  assert.equal((await send({ key: two.text })).status, 200)
  await unlock(held)
})

test('a lock on a service holds for what the key proves and for what the caller declares', async () => {
  const { text } = await keyOf('erin', 'billing')
  await holdsFor('service', 'billing', { key: text })
  await holdsFor('service', 'shop', { headers: { 'x-custody-service': 'shop' } })
})

test('a lock on an upstream or a model holds for it alone, and a model may be a pattern', async () => {
  await holdsFor('upstream', 'anthropic', { dialect: 'anthropic' })
  await holdsFor('model', 'gpt-5', { model: 'gpt-5' })
  await holdsFor('model', 'gpt-6*', { model: 'gpt-6-mini' })
  const held = await lock('model', 'gpt-5')
  assert.equal((await send({ model: 'gpt-5-mini' })).status, 200)
  await unlock(held)
})

test('a lock on a declared conversation holds for it and for no other', async () => {
  const headers = { 'session-id': 'talk 1' }
  const first = await send({ headers })
  const { row } = await gateway.recorded(first.headers.get('x-custody-exchange'))
  assert.ok(row.conversation !== null)
  await holdsFor('conversation', row.conversation, { headers })
  const held = await lock('conversation', row.conversation)
  assert.equal((await send({ headers: { 'session-id': 'talk 2' } })).status, 200)
  await unlock(held)
})

/** A growing conversation whose client declares nothing, as SDKs send it. */
function talking(key: string, first: string) {
  const messages: { role: string; content: string }[] = []
  const say = (content: string, more: { stream?: boolean; script?: object } = {}) => {
    messages.push({ role: 'user', content })
    return fetch(`${gateway.url}/openai/v1/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        ...(more.script === undefined ? {} : { 'x-sandbox-script': JSON.stringify(more.script) }),
      },
      body: JSON.stringify({ model: 'echo', stream: more.stream ?? false, messages }),
    })
  }
  /** The name of what was said up to this turn. */
  const turn = async (content: string): Promise<string> => {
    const answer = await say(content)
    const text = await answer.text()
    assert.equal(answer.status, 200, text)
    messages.push(JSON.parse(text).choices[0].message)
    const { row } = await gateway.recorded(answer.headers.get('x-custody-exchange'))
    assert.equal(row.conversation, null)
    assert.ok(row.contextEnd !== null)
    return linkedConversation(row.principal, row.contextEnd)
  }
  const turns = async (count: number): Promise<readonly string[]> => {
    const names = [await turn(first)]
    for (let n = 2; n <= count; n += 1) names.push(await turn(`turn ${n} of ${first}`))
    return names
  }
  return { say, turn, turns }
}

test('a lock on a conversation that declares no id holds for what continues it, and for no other', async () => {
  const { text: key } = await keyOf('grace')
  const other = talking(key, 'about the weather')
  await other.turns(2)
  const names = await talking(key, 'about the merger').turns(3)
  // The first turn or the last one that is known: both name the conversation that goes on.
  for (const name of [names[0], names[2]]) {
    const talk = talking(key, 'about the merger')
    await talk.turns(3)
    const held = await lock('conversation', name ?? '')
    const from = sandbox.received().length
    const refused = await talk.say('turn 4')
    const text = await refused.text()
    assert.equal(refused.status, 400, text)
    assert.ok(text.includes(held.id), text)
    assert.equal(sandbox.received().length, from, 'nothing reached the provider')
    const recorded = await gateway.recorded(refused.headers.get('x-custody-exchange'))
    assert.equal(recorded.closing?.lock, held.id)
    await other.turn('and tomorrow')
    // The same words of somebody else are another conversation.
    const { text: heirs } = await keyOf('heidi')
    await talking(heirs, 'about the merger').turns(4)
    await unlock(held)
    assert.equal((await talk.say('turn 4')).status, 200)
  }
})

test('a lock on a turn leaves alone what went another way before it', async () => {
  const { text: key } = await keyOf('ivan')
  const names = await talking(key, 'a plan').turns(3)
  const held = await lock('conversation', names[2] ?? '')
  const fork = talking(key, 'a plan')
  await fork.turn('a plan')
  await fork.turn('another second turn')
  await unlock(held)
})

test('a lock on a linked conversation cuts its stream within a second', async () => {
  const { text: key } = await keyOf('judy')
  const talk = talking(key, 'a long story')
  const names = await talk.turns(2)
  const other = talking(key, 'a short story')
  await other.turns(2)
  const script = { events: 5_000, intervalMs: 20 }
  const go = { stream: true, script }
  const [cut, runs] = await Promise.all([talk.say('go on', go), other.say('go on', go)])
  const reader = cut.body!.getReader()
  assert.equal((await reader.read()).done, false)
  const setAt = performance.now()
  const held = await lock('conversation', names[0] ?? '')
  let text = ''
  for (let part = await reader.read(); !part.done; part = await reader.read())
    text += Buffer.from(part.value).toString('latin1')
  const tookMs = performance.now() - setAt
  assert.ok(text.includes(held.id), text.slice(-300))
  // As above: promised is one second.
  assert.ok(tookMs < 30_000, `cut after ${tookMs} ms`)
  const recorded = await gateway.recorded(cut.headers.get('x-custody-exchange'))
  assert.deepEqual(
    [recorded.row.state, recorded.closing?.outcome, recorded.closing?.lock],
    ['interrupted', 'contained', held.id],
  )
  const spare = runs.body!.getReader()
  assert.equal((await spare.read()).done, false, 'the other stream goes on')
  await spare.cancel()
  await unlock(held)
  await gateway.idle()
})

test('a lock on a finding holds for every request with that value', async () => {
  const content = 'write to eve@example.org today'
  const first = await send({ content })
  const { facts } = await gateway.recorded(first.headers.get('x-custody-exchange'))
  const fingerprint = facts?.findings?.[0]?.fingerprint
  assert.ok(fingerprint !== undefined)
  await holdsFor('finding', fingerprint, { content })
  const held = await lock('finding', fingerprint)
  assert.equal((await send({ content: 'write to bob@example.org today' })).status, 200)
  await unlock(held)
})

test('each dialect is refused in its own words, stream or not', async () => {
  const held = await lock(
    'principal',
    (await send().then((one) => gateway.recorded(one.headers.get('x-custody-exchange')))).row
      .principal,
  )
  for (const dialect of DIALECTS) {
    for (const stream of [false, true]) {
      const refused = await send({ dialect, stream })
      assert.equal(refused.status, 400, dialect)
      const text = await refused.text()
      assert.ok(text.includes(held.id), `${dialect}: ${text}`)
    }
  }
  await unlock(held)
})

test('a lock cuts the streams it hits within a second, in the form the dialect raises, and no others', async () => {
  const owned = await keyOf('frank')
  const spared = await keyOf('grace')
  const script = { events: 5_000, intervalMs: 20 }
  for (const dialect of DIALECTS) {
    const [cut, runs] = await Promise.all([
      send({ dialect, stream: true, key: owned.text, script }),
      send({ dialect, stream: true, key: spared.text, script }),
    ])
    const reader = cut.body!.getReader()
    const first = await reader.read()
    assert.equal(first.done, false, dialect)
    const setAt = performance.now()
    const held = await lock('person', 'frank')
    let text = ''
    for (let part = await reader.read(); !part.done; part = await reader.read())
      text += Buffer.from(part.value).toString('latin1')
    const tookMs = performance.now() - setAt
    assert.ok(text.includes(held.id), `${dialect}: ${text.slice(-300)}`)
    // Promised is one second; the bound leaves room for a machine that runs everything at once.
    assert.ok(tookMs < 30_000, `${dialect}: cut after ${tookMs} ms`)
    const recorded = await gateway.recorded(cut.headers.get('x-custody-exchange'))
    assert.deepEqual(
      [
        recorded.row.state,
        recorded.closing?.outcome,
        recorded.row.errorCode,
        recorded.closing?.lock,
      ],
      ['interrupted', 'contained', 'containment.locked', held.id],
      dialect,
    )
    const spare = runs.body!.getReader()
    assert.equal((await spare.read()).done, false, `${dialect}: the other stream goes on`)
    await spare.cancel()
    await unlock(held)
  }
  await gateway.idle()
})

test('a lock ends a call that waits for its first byte, and one whose body is still arriving', async () => {
  const { text } = await keyOf('heidi')
  const waiting = send({ key: text, script: { delayMs: 60_000 } })
  let halfSent: ReadableStreamDefaultController<Uint8Array> | null = null
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      halfSent = controller
      controller.enqueue(Buffer.from('{"model":"echo",'))
    },
  })
  const uploading = fetch(`${gateway.url}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { 'x-api-key': text, 'content-type': 'application/json' },
    body,
    duplex: 'half',
  })
  await until(async () => (await gateway.metric('custody_exchanges_in_progress')) === 2)
  const held = await lock('person', 'heidi')
  for (const answer of await Promise.all([waiting, uploading])) {
    assert.equal(answer.status, 400)
    assert.ok((await answer.text()).includes(held.id))
  }
  await unlock(held)
  assert.ok(halfSent !== null)
  await gateway.idle()
})

test('a lock that expires lets go by itself', async () => {
  let aheadMs = 0
  const clock: Clock = { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs }
  await using late = await startDataPlane(sandbox.url, { clock })
  await using store = await openStore({ kind: 'sqlite', folder: late.folder })
  const { path, body } = chatCall('openai', false)
  const headers = { 'x-api-key': late.key, 'content-type': 'application/json' }
  const statusNow = async () =>
    (await fetch(late.url + path, { method: 'POST', headers, body })).status
  const hour = 3_600_000
  const request = { kind: 'model', value: 'echo', reason: 'short', expiresInMs: hour } as const
  await setLock(store.control.locks, clock, 'responder', request)
  await until(async () => (await statusNow()) === 400)
  aheadMs = hour - 60_000
  assert.equal(await statusNow(), 400)
  aheadMs = hour + 1
  await until(async () => (await statusNow()) === 200)
})

test('a lock survives a restart, and setting and releasing it are evidence', async () => {
  using kept = temporaryFolder()
  const options = { folder: kept.path }
  let id = ''
  {
    await using first = await startDataPlane(sandbox.url, options)
    await using store = await openStore({ kind: 'sqlite', folder: first.folder })
    const request = {
      kind: 'upstream',
      value: 'openai',
      reason: 'incident 7',
      expiresInMs: 'never',
    } as const
    const setting = await setLock(store.control.locks, systemClock, 'responder', request)
    assert.ok(setting.kind === 'set')
    id = setting.lock.id
  }
  await using again = await startDataPlane(sandbox.url, options)
  const { path, body } = chatCall('openai', false)
  const headers = { 'x-api-key': again.key, 'content-type': 'application/json' }
  const refused = await fetch(again.url + path, { method: 'POST', headers, body })
  assert.equal(refused.status, 400)
  assert.ok((await refused.text()).includes(id))
  await using store = await openStore({ kind: 'sqlite', folder: again.folder })
  await releaseLock(store.control.locks, systemClock, id, { by: 'lead', reason: 'resolved' })
  const types: string[] = []
  await until(async () => {
    await again.app.evidence.flush()
    types.splice(0)
    for (const { event } of await again.app.index.events(100)) {
      if (event.details['lock'] !== id) continue
      types.push(event.type)
      assert.equal(event.details['value'], 'openai')
      assert.equal(event.actor, event.type === 'lock.set' ? 'responder' : 'lead')
    }
    return types.includes('lock.released')
  })
  assert.deepEqual(types.toSorted(), ['lock.released', 'lock.set'])
})

for (const whenStale of ['refuse', 'pass'] as const) {
  test(`a gateway that cannot read its locks for too long lets new exchanges ${whenStale === 'pass' ? 'pass' : 'end in a refusal'}, as configured`, async () => {
    await using blind = await startDataPlane(sandbox.url, {
      yaml: `containment: { staleAfterMs: 300ms, whenStale: ${whenStale} }\n`,
    })
    const { path, body } = chatCall('openai', false)
    const call = () =>
      fetch(blind.url + path, {
        method: 'POST',
        headers: { 'x-api-key': blind.key, 'content-type': 'application/json' },
        body,
      })
    // Of a machine that stood still for so long the locks are stale as well.
    await until(async () => (await call()).status === 200)
    // The table is gone, as after a botched restore; that it changed is seen, what is in it cannot be read.
    const database = new DatabaseSync(join(blind.folder, 'control.db'))
    database.exec('alter table locks rename to locks_lost')
    const stale = whenStale === 'pass' ? 200 : 503
    const ready = () => fetch(`${blind.adminUrl}/readyz`)
    await until(async () => (await (await ready()).text()).includes('locks could not be read'))
    assert.equal((await ready()).status, stale)
    const answer = await call()
    assert.equal(answer.status, stale, await answer.text())
    database.exec('alter table locks_lost rename to locks')
    database.close()
    await until(async () => (await call()).status === 200)
    await until(async () => (await ready()).status === 200)
  })
}
