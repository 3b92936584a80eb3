import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { TestConsole, TestPerson } from '../../test/harness/console.ts'
import { startConsole } from '../../test/harness/console.ts'

let console: TestConsole
let ivy: TestPerson
let olga: TestPerson
let rosa: TestPerson
let exchange = ''

before(async () => {
  console = await startConsole()
  ivy = await console.person('ivy', ['investigator'])
  olga = await console.person('olga', ['investigator'])
  rosa = await console.person('rosa', ['auditor'])
  exchange = await console.chat('hello')
})
after(() => console[Symbol.asyncDispose]())

async function opened(by: TestPerson, body: object = {}) {
  const made = await by.call('POST', '/cases', { body: { title: 'Who saw Bluebird?', ...body } })
  assert.equal(made.status, 201, made.text)
  return made.body
}

const note = (text: string) => ({ body: { kind: 'note', text } })
const match = (etag: string) => ({ headers: { 'if-match': etag } })

test('a case is opened with who opened it as its member, and keeps what is pinned, noted and searched', async () => {
  const made = await opened(ivy, { question: 'Who had it in a prompt?' })
  assert.deepEqual(
    [made.status, made.severity, made.tlp, made.number],
    ['open', 'medium', 'amber', 1],
  )
  const entries = `/cases/${made.id}/entries`
  const search = await ivy.call('POST', entries, {
    body: { kind: 'search', target: 'entity:CREDENTIAL last:7d' },
  })
  assert.equal(search.status, 201, search.text)
  const pinned = await ivy.call('POST', entries, {
    body: {
      kind: 'pin',
      target: exchange,
      parent: search.body.id,
      text: 'the first one',
      span: { part: 'request', block: 0, start: 0, end: 5 },
    },
  })
  assert.equal(pinned.status, 201, pinned.text)
  const task = await ivy.call('POST', entries, {
    body: { kind: 'task', text: 'ask the owner of the key', assignee: 'olga' },
  })
  const done = await olga.call('PATCH', `${entries}/${task.body.id}`, {
    body: { isDone: true },
    ...match(task.body.etag),
  })
  assert.equal(done.body.task.isDone, true, done.text)
  const file = await olga.call('GET', `/cases/${made.id}`)
  assert.deepEqual(
    file.body.members.map((one: { login: string }) => one.login),
    ['ivy'],
  )
  assert.deepEqual(
    file.body.entries.map((one: { kind: string; by: { login: string } }) => [
      one.kind,
      one.by.login,
    ]),
    [
      ['change', 'ivy'],
      ['search', 'ivy'],
      ['pin', 'ivy'],
      ['task', 'ivy'],
    ],
  )
  assert.equal(file.body.entries[2].parent, search.body.id)
  const holding = await ivy.call('GET', `/cases?exchange=${exchange}`)
  assert.deepEqual(
    holding.body.items.map((one: { id: string }) => one.id),
    [made.id],
  )
})

test('a sealed case tells who is no member only that it is there', async () => {
  const made = await opened(ivy, { sealed: true, question: 'secret question' })
  for (const [person, status] of [
    [olga, 403],
    [rosa, 403],
  ] as const) {
    const read = await person.call('GET', `/cases/${made.id}`)
    assert.equal(read.status, status)
    assert.ok(!read.text.includes('Bluebird'))
    const listed = await person.call('GET', '/cases')
    const row = listed.body.items.find((one: { id: string }) => one.id === made.id)
    assert.deepEqual([row.title, row.question, row.mayOpen], ['', '', false])
  }
  for (const [method, path, body] of [
    ['POST', `/cases/${made.id}/entries`, { kind: 'note', text: 'hello' }],
    ['POST', `/cases/${made.id}/members`, { login: 'olga' }],
    ['DELETE', `/cases/${made.id}/members/${olga.id}`, undefined],
  ] as const) {
    const refused = await olga.call(method, path, body === undefined ? {} : { body })
    assert.equal(refused.body.code, 'case.sealed', path)
  }
  const added = await ivy.call('POST', `/cases/${made.id}/members`, { body: { login: 'olga' } })
  assert.equal(added.status, 204, added.text)
  assert.equal((await olga.call('GET', `/cases/${made.id}`)).status, 200)
})

test('only investigators become members, and the last one stays', async () => {
  const made = await opened(ivy)
  const members = `/cases/${made.id}/members`
  for (const login of ['rosa', 'nobody', ''])
    assert.ok((await ivy.call('POST', members, { body: { login } })).status >= 400, login)
  const last = await ivy.call('DELETE', `${members}/${ivy.id}`)
  assert.equal(last.body.code, 'case.last-member')
  assert.equal((await ivy.call('DELETE', `${members}/${olga.id}`)).status, 404)
})

test('what somebody wrote is changed and taken back by nobody else, and never vanishes', async () => {
  const made = await opened(ivy)
  const entries = `/cases/${made.id}/entries`
  const { body: entry } = await ivy.call('POST', entries, note('It was the CI job.'))
  const path = `${entries}/${entry.id}`
  const changed = await olga.call('PATCH', path, { body: { text: 'No.' }, ...match(entry.etag) })
  assert.equal(changed.status, 403)
  assert.equal((await olga.call('DELETE', path, match(entry.etag))).status, 403)
  assert.equal((await ivy.call('PATCH', path, { body: { text: 'Yes.' } })).status, 428)
  const edited = await ivy.call('PATCH', path, { body: { text: 'Yes.' }, ...match(entry.etag) })
  assert.equal(edited.status, 200, edited.text)
  assert.equal((await ivy.call('DELETE', path, match(entry.etag))).status, 412)
  assert.equal((await ivy.call('DELETE', path, match(edited.body.etag))).status, 204)
  const { body: file } = await ivy.call('GET', `/cases/${made.id}`)
  const [, left] = file.entries
  assert.equal(left.text, '')
  assert.ok(left.removedAtMs > 0)
  const [, opening] = [0, file.entries[0]]
  assert.equal(
    (await ivy.call('DELETE', `${entries}/${opening.id}`, match(opening.etag))).status,
    403,
  )
})

test('a closed case takes nothing more until it is opened again, and each change is an entry', async () => {
  const made = await opened(ivy)
  const path = `/cases/${made.id}`
  const closed = await ivy.call('PATCH', path, {
    body: { status: 'closed', severity: 'critical' },
    ...match(made.etag),
  })
  assert.ok(closed.body.closedAtMs > 0, closed.text)
  const refused = await ivy.call('POST', `${path}/entries`, note('too late'))
  assert.equal(refused.body.code, 'case.closed')
  const stale = await ivy.call('PATCH', path, { body: { status: 'open' }, ...match(made.etag) })
  assert.equal(stale.status, 412)
  const again = await ivy.call('PATCH', path, {
    body: { status: 'open' },
    ...match(closed.body.etag),
  })
  assert.equal(again.body.closedAtMs, null)
  const { body: file } = await ivy.call('GET', path)
  assert.deepEqual(
    file.entries.map((one: { text: string }) => one.text),
    ['opened', 'status open → closed, severity medium → critical', 'status closed → open'],
  )
})

test('the report of a case opens without network, holds no prompt, and is inert', async () => {
  const made = await opened(ivy, { question: '<script>alert(1)</script> who saw it?' })
  await ivy.call('POST', `/cases/${made.id}/entries`, {
    body: { kind: 'pin', target: exchange, text: 'the first \u202eone' },
  })
  await ivy.call('POST', `/cases/${made.id}/entries`, note('It was the nightly job.'))
  const headers = { authorization: `Bearer ${ivy.token}` }
  const html = await fetch(`${console.api}/cases/${made.id}/report`, { headers })
  const text = await html.text()
  assert.equal(html.status, 200)
  assert.match(
    html.headers.get('content-disposition') ?? '',
    /^attachment; filename="case-\d+\.html"$/,
  )
  assert.ok(!text.includes('<script') && !text.includes('\u202e') && !text.includes('hello'))
  assert.ok(text.includes(exchange) && text.includes('It was the nightly job.'))
  assert.doesNotMatch(text, /(?:src|href)=/)
  const pdf = await fetch(`${console.api}/cases/${made.id}/report?format=pdf`, { headers })
  const bytes = Buffer.from(await pdf.arrayBuffer())
  assert.equal(bytes.toString('latin1', 0, 5), '%PDF-')
  assert.match(bytes.toString('latin1').slice(-8), /%%EOF/)
  const strange = await ivy.call('GET', `/cases/${made.id}/report?format=exe`)
  assert.equal(strange.status, 422)
  assert.equal((await rosa.call('GET', `/cases/${made.id}/report`)).status, 403)
})

test('what makes no sense is refused with the field that is wrong', async () => {
  const made = await opened(ivy)
  const entries = `/cases/${made.id}/entries`
  for (const body of [
    { kind: 'note', text: '   ' },
    { kind: 'pin', target: 'nothing' },
    { kind: 'pin', target: exchange, span: { part: 'request', block: 0, start: 9, end: 5 } },
    { kind: 'link', target: 'javascript:alert(1)' },
    { kind: 'change', text: 'status open → closed' },
    { kind: 'note', text: 'x', extra: 1 },
    { kind: 'task', text: 'x'.repeat(10_001) },
  ])
    assert.equal((await ivy.call('POST', entries, { body })).status, 422, JSON.stringify(body))
  const orphan = await ivy.call('POST', entries, {
    body: { kind: 'note', text: 'x', parent: 'ce_0' },
  })
  assert.equal(orphan.status, 404)
  assert.equal((await ivy.call('POST', '/cases', { body: { title: 'x' } })).status, 422)
  assert.equal((await ivy.call('GET', '/cases/cs_nothing')).status, 404)
})

test('what was written in a case is not in the audit trail; that it was written is', async () => {
  const made = await opened(ivy)
  await ivy.call('POST', `/cases/${made.id}/entries`, note('A very particular remark.'))
  await ivy.call('GET', `/cases/${made.id}`)
  const { text, body } = await rosa.call('GET', `/audit?target=${made.id}`)
  assert.ok(!text.includes('particular') && !text.includes('Bluebird'))
  assert.deepEqual(body.items.map((one: { operation: string }) => one.operation).toSorted(), [
    'cases.create',
    'cases.read',
    'cases.update',
  ])
})
