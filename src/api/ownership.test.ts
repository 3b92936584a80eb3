import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startConsole } from '../../test/harness/console.ts'
import type { TestConsole } from '../../test/harness/console.ts'

let console: TestConsole
before(async () => {
  console = await startConsole()
})
after(() => console[Symbol.asyncDispose]())

const keyOf = async (owner: string) =>
  (await console.admin('GET', '/keys')).body.items.find(
    (key: { owner: string }) => key.owner === owner,
  )

test('a key is flagged for an owner who left, or who is nobody here', async () => {
  const kim = await console.person('kim', ['member'])
  await console.keyFor('kim')
  assert.deepEqual((await keyOf('kim')).flags, [])
  const { etag } = (await console.admin('GET', `/people/${kim.id}`)).body
  await console.admin('PATCH', `/people/${kim.id}`, {
    body: { disabled: true },
    headers: { 'if-match': etag },
  })
  const key = await keyOf('kim')
  assert.deepEqual(key.flags, ['owner-gone'])
  assert.ok(key.endsAtMs > Date.now())
  await console.keyFor('the ci team')
  assert.deepEqual((await keyOf('the ci team')).flags, ['ownerless'])
})

test('a key of somebody who left works again in the hands of somebody who is here', async () => {
  const leaver = await console.person('leaver', ['member'])
  await console.person('heir', ['member'])
  const text = await console.keyFor('leaver')
  await console.chat('one', { key: text })
  const { etag } = (await console.admin('GET', `/people/${leaver.id}`)).body
  await console.admin('PATCH', `/people/${leaver.id}`, {
    body: { disabled: true },
    headers: { 'if-match': etag },
  })
  const call = () =>
    fetch(`${console.gateway.url}/openai/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${text}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'echo', messages: [{ role: 'user', content: 'x' }] }),
    })
  assert.equal((await call()).status, 400)
  const key = await keyOf('leaver')
  const given = await console.admin('POST', `/keys/${key.id}/hand-over`, {
    body: { owner: 'heir' },
  })
  assert.equal(given.status, 200, given.text)
  assert.deepEqual([given.body.owner, given.body.flags], ['heir', []])
  assert.equal((await call()).status, 200)
})

test('a key of somebody who is disabled stays refused when the lock is released, and works once they are back', async () => {
  const otto = await console.person('otto', ['member'])
  const key = await console.keyFor('otto')
  const switched = async (disabled: boolean) => {
    const { etag } = (await console.admin('GET', `/people/${otto.id}`)).body
    const headers = { 'if-match': etag }
    const done = await console.admin('PATCH', `/people/${otto.id}`, { body: { disabled }, headers })
    assert.equal(done.status, 200, done.text)
  }
  const call = async (): Promise<readonly [number, string]> => {
    const answer = await fetch(`${console.gateway.url}/openai/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'echo', messages: [{ role: 'user', content: 'x' }] }),
    })
    return [answer.status, await answer.text()]
  }
  await switched(true)
  assert.match((await call())[1], /Reference lk_/)
  const { items } = (await console.admin('GET', '/locks')).body
  const lock = items.find((one: { value: string }) => one.value === 'otto')
  const body = { reason: 'by mistake' }
  assert.equal((await console.admin('POST', `/locks/${lock.id}/release`, { body })).status, 200)
  const [status, text] = await call()
  assert.equal(status, 400)
  assert.match(text, /Reference person-disabled/)
  await switched(false)
  assert.equal((await call())[0], 200)
})

test('a key is given to active people alone, and by admins alone', async () => {
  const zoe = await console.person('zoe', ['member'])
  await console.keyFor('zoe')
  const { id } = await keyOf('zoe')
  for (const owner of ['nobody', 'kim', ''])
    assert.equal(
      (await console.admin('POST', `/keys/${id}/hand-over`, { body: { owner } })).status,
      422,
      owner,
    )
  assert.equal(
    (await zoe.call('POST', `/keys/${id}/hand-over`, { body: { owner: 'heir' } })).status,
    403,
  )
  const nothing = await console.admin('POST', '/keys/key_nothing/hand-over', {
    body: { owner: 'zoe' },
  })
  assert.equal(nothing.status, 404)
})

test('the last use says which run of which repository, and that the caller said so', async () => {
  const ned = await console.person('ned', ['member'])
  const text = await console.keyFor('ned')
  const { id } = await keyOf('ned')
  const before = await ned.call('GET', `/keys/${id}/last-use`)
  assert.deepEqual([before.body.exchange, before.body.by], [null, 'nothing'])
  const exchange = await console.chat('hello', {
    key: text,
    headers: {
      'x-custody-service': 'payroll',
      'x-custody-repository': 'acme/payroll',
      'x-custody-run': '4711',
    },
  })
  const use = (await ned.call('GET', `/keys/${id}/last-use`)).body
  assert.deepEqual(
    [use.exchange, use.repository, use.run, use.by, use.service],
    [exchange, 'acme/payroll', '4711', 'declared', 'payroll'],
  )
  const trail = await console.admin('GET', `/audit?operation=keys.last-use&target=${exchange}`)
  assert.equal(trail.body.items.length, 1)
  const stranger = await console.person('ola', ['member'])
  assert.equal((await stranger.call('GET', `/keys/${id}/last-use`)).status, 404)
})
