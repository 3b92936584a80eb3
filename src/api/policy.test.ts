import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { startConsole } from '../../test/harness/console.ts'

const policy = (word: string, more = ''): string => `version: 1
rules:
  - id: words
    title: Words stay inside
    on: request
    keywords: [${word}]
    then: deny
    stage: enforce${more}
`

test('a policy author publishes versions that are in force at once, kept for good and never changed', async () => {
  await using console = await startConsole()
  const { call } = await console.person('paula', ['policy-author'])
  const statusOf = async (text: string): Promise<number> => {
    const answer = await fetch(`${console.gateway.url}/openai/v1/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${console.gateway.key}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ model: 'echo', messages: [{ role: 'user', content: text }] }),
    })
    await answer.arrayBuffer()
    return answer.status
  }
  const before = await call('GET', '/policy')
  assert.equal(before.body.source, 'none')
  assert.match(before.body.starter, /version: 1/)
  assert.equal(await statusOf('bluebird'), 200)
  const first = policy('bluebird')
  const made = await call('POST', '/policy', {
    body: { text: first, note: 'the first one', basedOn: 0 },
  })
  assert.equal(made.status, 201, made.text)
  assert.equal(made.body.version, 1)
  assert.equal(made.body.hash, createHash('sha256').update(first).digest('hex'))
  assert.equal(await statusOf('bluebird'), 400)
  const stale = await call('POST', '/policy', {
    body: { text: policy('other'), note: 'too late', basedOn: 0 },
  })
  assert.equal(stale.body.code, 'api.precondition')
  const second = await call('POST', '/policy', {
    body: { text: policy('heron'), note: 'another word', basedOn: 1 },
  })
  assert.equal(second.status, 201, second.text)
  assert.deepEqual([await statusOf('bluebird'), await statusOf('heron')], [200, 400])
  const bad = await call('POST', '/policy', {
    body: { text: policy('[', ''), note: 'broken', basedOn: 2 },
  })
  assert.equal(bad.status, 422)
  assert.match(JSON.stringify(bad.body.errors), /line/)
  assert.equal(await statusOf('heron'), 400)
  const now = await call('GET', '/policy')
  assert.equal(now.body.version, 2)
  assert.equal(now.body.rules[0].id, 'words')
  const versions = await call('GET', '/policy/versions')
  assert.deepEqual(
    versions.body.items.map((one: { version: number; note: string }) => [one.version, one.note]),
    [
      [2, 'another word'],
      [1, 'the first one'],
    ],
  )
  const old = await call('GET', '/policy/versions/1')
  assert.equal(old.body.text, first)
  assert.equal((await call('GET', '/policy/versions/9')).status, 404)
  await console.gateway.app.evidence.flush()
  const events = await console.gateway.app.index.events(100)
  const changed = events.filter(({ event }) => event.type === 'policy.changed')
  assert.equal(changed.length, 2)
})

test('a text that is being written is checked, tested, compared and tried before anything changes', async () => {
  await using console = await startConsole()
  const { call } = await console.person('paula', ['policy-author'])
  await console.chat('all about bluebird')
  await console.chat('nothing')
  const text = policy(
    'bluebird',
    '\n    tests: [{ name: t, given: { text: bluebird }, expect: deny }]',
  )
  const check = await call('POST', '/policy/check', { body: { text } })
  assert.equal(check.status, 200, check.text)
  assert.deepEqual([check.body.ok, check.body.remarks.length], [true, 0])
  assert.equal(check.body.tests[0].passed, true)
  const wrong = await call('POST', '/policy/check', { body: { text: `${text}\n  nonsense` } })
  assert.equal(wrong.body.ok, false)
  assert.ok(wrong.body.remarks[0].line > 1)
  const tried = await call('POST', '/policy/backtest', { body: { text, days: 7 } })
  assert.equal(tried.status, 200, tried.text)
  assert.equal(tried.body.exchanges, 2)
  assert.equal(tried.body.newlyDenied, 1)
  assert.equal((await call('GET', '/policy')).body.source, 'none')
})

test('a file is shown and not written over', async () => {
  await using console = await startConsole({ policy: policy('bluebird') })
  const { call } = await console.person('paula', ['policy-author'])
  const now = await call('GET', '/policy')
  assert.equal(now.body.source, 'file')
  assert.match(now.body.file, /policy\.yaml$/)
  const refused = await call('POST', '/policy', {
    body: { text: policy('heron'), note: 'not here', basedOn: 0 },
  })
  assert.equal(refused.status, 409)
})

test('nobody but a policy author writes', async () => {
  await using console = await startConsole()
  for (const role of ['admin', 'approver', 'investigator', 'auditor'] as const) {
    const { call } = await console.person(role, [role])
    assert.equal((await call('GET', '/policy')).status, 200, role)
    const body = { text: policy('x'), note: 'note', basedOn: 0 }
    assert.equal((await call('POST', '/policy', { body })).status, 403, role)
    assert.equal((await call('POST', '/policy/check', { body: { text: 'x' } })).status, 403, role)
  }
})
