import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { TestConsole, TestPerson } from '../../test/harness/console.ts'
import { startConsole } from '../../test/harness/console.ts'

const SECRET = 'the iban is DE89 3704 0044 0532 0130 00'

let console: TestConsole
let auditor: TestPerson
let ida: TestPerson
let mia: TestPerson
let miasKey = ''
let exchange = ''

before(async () => {
  console = await startConsole({ yaml: 'masking: { packs: [strict] }\n' })
  auditor = await console.person('aud', ['auditor'])
  ida = await console.person('ida', ['investigator'])
  mia = await console.person('mia', ['member'])
  miasKey = await console.keyFor('mia')
  exchange = await console.chat(SECRET, { model: 'm/a*' })
  await console.chat(SECRET, { key: miasKey, model: 'other' })
  await console.chat('nothing', { key: miasKey, model: 'm/axe' })
})
after(() => console[Symbol.asyncDispose]())

const entityPath = (kind: string, value: string) =>
  `/entities?kind=${kind}&value=${encodeURIComponent(value)}`

test('one value found in several exchanges is one row, with who held it', async () => {
  const { status, body } = await auditor.call('GET', '/findings')
  assert.equal(status, 200)
  const iban = body.items.find((one: { entity: string }) => one.entity === 'IBAN_CODE')
  assert.equal(iban.exchanges, 2)
  assert.equal(iban.principals, 2)
  assert.match(iban.fingerprint, /^[0-9a-f]{64}$/)
  const none = await auditor.call('GET', '/findings?q=model:m/axe')
  assert.deepEqual(none.body.items, [])
  const wrong = await auditor.call('GET', '/findings?q=entity')
  assert.equal(wrong.status, 422)
  const own = await mia.call('GET', '/findings')
  assert.deepEqual(
    own.body.items.map((one: { exchanges: number; principals: number }) => [
      one.exchanges,
      one.principals,
    ]),
    [[1, 1]],
  )
})

test('an entity page tells span, volumes and peers, and takes names by the letter', async () => {
  const { body } = await auditor.call('GET', entityPath('model', 'm/a*'))
  assert.equal(body.exchanges, 1, 'a star in a name is a star')
  assert.ok(body.firstAtMs > 0 && body.firstAtMs === body.lastAtMs)
  assert.equal(
    body.volumes.reduce((all: number, one: { complete: number }) => all + one.complete, 0),
    1,
  )
  const fields = body.peers.map((one: { field: string }) => one.field)
  assert.ok(fields.includes('principal') && fields.includes('fingerprint'))
  assert.ok(!fields.includes('model'), 'it is no peer of itself')
  const nobody = await auditor.call('GET', entityPath('service', 'nobody'))
  assert.equal(nobody.body.exchanges, 0)
  assert.equal(nobody.body.firstAtMs, null)
  for (const wrong of ['/entities?kind=planet&value=x', '/entities?kind=model', '/entities'])
    assert.equal((await auditor.call('GET', wrong)).status, 422, wrong)
})

test('locks and cases are told to whom the roles show them, sealed ones without their title', async () => {
  const root = await console.person('root2', ['admin'])
  const lock = await root.call('POST', '/locks', {
    body: { kind: 'model', value: 'm/*', reason: 'a test of globs', expiresInMs: 'never' },
  })
  assert.equal(lock.status, 201, lock.text)
  const made = await ida.call('POST', '/cases', {
    body: { title: 'Leak', question: 'who?', severity: 'low', tlp: 'amber', sealed: true },
  })
  assert.equal(made.status, 201, made.text)
  const pinned = await ida.call('POST', `/cases/${made.body.id}/entries`, {
    body: { kind: 'pin', target: exchange, text: '' },
  })
  assert.equal(pinned.status, 201, pinned.text)
  const seen = (await ida.call('GET', entityPath('model', 'm/a*'))).body
  assert.deepEqual(
    seen.locks.map((one: { id: string }) => one.id),
    [lock.body.lock.id],
  )
  assert.deepEqual(
    seen.cases.map((one: { title: string }) => one.title),
    ['Leak'],
  )
  const other = (await auditor.call('GET', entityPath('model', 'm/a*'))).body
  assert.deepEqual(
    other.cases.map((one: { title: string; number: number }) => [one.title, one.number]),
    [['', 1]],
  )
  const elsewhere = (await ida.call('GET', entityPath('model', 'other'))).body
  assert.deepEqual([elsewhere.locks, elsewhere.cases], [[], []])
})

test('a member sees of an entity only what is their own', async () => {
  const whole = (await auditor.call('GET', entityPath('upstream', 'openai'))).body
  const own = (await mia.call('GET', entityPath('upstream', 'openai'))).body
  assert.ok(whole.exchanges > own.exchanges)
  assert.equal(own.exchanges, 2)
  assert.deepEqual([own.locks, own.cases, own.name], [null, null, ''])
  assert.equal((await mia.call('GET', entityPath('model', 'm/a*'))).body.exchanges, 0)
})
