import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { TestConsole } from '../../test/harness/console.ts'
import { startConsole } from '../../test/harness/console.ts'

let console: TestConsole

before(async () => {
  console = await startConsole()
})
after(() => console[Symbol.asyncDispose]())

const wish = (kind: string, value: string) => ({
  kind,
  value,
  reason: 'incident 7',
  expiresInMs: 60_000,
})

test('a lock on a conversation that declares no id is previewed by what continues it, and set', async () => {
  const key = await console.keyFor('grace')
  const messages = [{ role: 'user', content: 'begin' }]
  const exchanges: { id: string; linked: string; conversation: null }[] = []
  for (const next of ['go on', 'and on']) {
    const answer = await fetch(`${console.gateway.url}/openai/v1/chat/completions`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'echo', messages }),
    })
    messages.push(JSON.parse(await answer.text()).choices[0].message)
    messages.push({ role: 'user', content: next })
    const id = answer.headers.get('x-custody-exchange')
    await console.gateway.recorded(id)
    exchanges.push((await console.admin('GET', `/exchanges/${id}`)).body.exchange)
  }
  const [first, second] = exchanges
  assert.match(String(first?.linked), /^cx_[0-9a-f]{42}$/)
  const preview = async (value: string) => {
    const query = new URLSearchParams({ kind: 'conversation', value })
    return (await console.admin('GET', `/locks/preview?${String(query)}`)).body
  }
  const whole = await preview(first!.linked)
  assert.deepEqual(
    [whole.exchanges, whole.lastExchange, whole.principals],
    [2, second!.id, [{ value: 'grace', count: 2 }]],
  )
  assert.equal((await preview(second!.linked)).exchanges, 1)
  const stranger = `${first!.linked.slice(0, -10)}${'0'.repeat(10)}`
  assert.equal((await preview(stranger)).exchanges, 0)
  const set = await console.admin('POST', '/locks', { body: wish('conversation', first!.linked) })
  assert.equal(set.status, 201, set.text)
  await console.admin('POST', `/locks/${set.body.lock.id}/release`, { body: { reason: 'over' } })
})

test('a lock set over the API cuts at once, says how many it cut, and holds when the answer comes', async () => {
  const key = await console.keyFor('mallory')
  const stream = await fetch(`${console.gateway.url}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: {
      'x-api-key': key,
      'content-type': 'application/json',
      'x-sandbox-script': JSON.stringify({ events: 500, intervalMs: 20 }),
    },
    body: JSON.stringify({
      model: 'echo',
      stream: true,
      messages: [{ role: 'user', content: 'hi' }],
    }),
  })
  const reader = stream.body!.getReader()
  await reader.read()
  const set = await console.admin('POST', '/locks', { body: wish('person', 'mallory') })
  assert.equal(set.status, 201, set.text)
  assert.equal(set.body.cut, 1)
  assert.equal(set.body.lock.state, 'held')
  let text = ''
  for (let part = await reader.read(); !part.done; part = await reader.read())
    text += Buffer.from(part.value).toString()
  assert.ok(text.includes(set.body.lock.id))
  const id = await console.chat('hello', { key })
  const exchange = await console.admin('GET', `/exchanges/${id}`)
  assert.equal(exchange.body.exchange.errorCode, 'containment.locked', exchange.text)

  const listed = await console.admin('GET', '/locks')
  assert.deepEqual(
    listed.body.items.map((lock: { id: string }) => lock.id),
    [set.body.lock.id],
  )
  const path = `/locks/${set.body.lock.id}/release`
  const released = await console.admin('POST', path, { body: { reason: 'resolved' } })
  assert.equal(released.body.state, 'released')
  assert.equal((await console.admin('POST', path, { body: { reason: 'again' } })).status, 200)
  assert.deepEqual((await console.admin('GET', '/locks')).body.items, [])
  const all = await console.admin('GET', '/locks?which=all')
  assert.equal(all.body.items[0].releaseReason, 'resolved')
  const after = await console.chat('hello', { key })
  const passed = await console.admin('GET', `/exchanges/${after}`)
  assert.equal(passed.body.exchange.errorCode, null)
})

test('a preview says what a lock would hit, before anything is locked', async () => {
  const key = await console.keyFor('nora')
  await console.chat('one', { key })
  const last = await console.chat('two', { key, model: 'gpt-5' })
  const preview = await console.admin('GET', '/locks/preview?kind=person&value=nora')
  assert.equal(preview.status, 200, preview.text)
  assert.equal(preview.body.exchanges, 2)
  assert.equal(preview.body.inFlight, 0)
  assert.equal(preview.body.lastExchange, last)
  assert.equal(preview.body.keys.length, 1)
  assert.deepEqual(preview.body.models.map(({ value }: { value: string }) => value).toSorted(), [
    'echo',
    'gpt-5',
  ])
  const model = await console.admin('GET', '/locks/preview?kind=model&value=gpt-*')
  assert.equal(model.body.exchanges, 1)
  const nobody = await console.admin('GET', '/locks/preview?kind=person&value=nobody')
  assert.deepEqual([nobody.body.exchanges, nobody.body.lastSeenAtMs], [0, null])
  assert.deepEqual((await console.admin('GET', '/locks')).body.items, [])
})

test('what makes no lock is refused field by field', async () => {
  for (const body of [
    { ...wish('person', 'x'), reason: '' },
    { ...wish('person', ''), reason: 'r' },
    wish('key', 'cst_secret'),
    { ...wish('person', 'x'), expiresInMs: 0 },
    { ...wish('planet', 'x') },
    { ...wish('person', 'x'), more: 1 },
  ]) {
    const refused = await console.admin('POST', '/locks', { body })
    assert.equal(refused.status, 422, JSON.stringify(body))
    assert.ok(refused.body.errors.length > 0)
  }
})

test('responders lock, others do not, and nobody lets themselves out', async () => {
  const responder = await console.person('rita', ['investigator'])
  const auditor = await console.person('otto', ['auditor'])
  assert.equal((await auditor.call('POST', '/locks', { body: wish('person', 'x') })).status, 403)
  assert.equal((await auditor.call('GET', '/locks')).status, 200)
  const set = await console.admin('POST', '/locks', { body: wish('person', 'rita') })
  const path = `/locks/${set.body.lock.id}/release`
  const refused = await responder.call('POST', path, { body: { reason: 'me' } })
  assert.equal(refused.body.code, 'api.own-lock')
  assert.equal((await console.admin('POST', path, { body: { reason: 'fine' } })).status, 200)
  const trail = await console.admin('GET', '/audit?operation=locks.set')
  assert.ok(trail.body.items.some(({ reason }: { reason: string }) => reason === 'incident 7'))
})
