import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { TestConsole, TestPerson } from '../../test/harness/console.ts'
import { peopleOfAllRoles, startConsole } from '../../test/harness/console.ts'
import { readLeaves } from '../../test/harness/leaf-coverage.ts'
import { checkBundle } from '../evidence/bundle/check-bundle.ts'
import { readBundle } from '../evidence/bundle/read-bundle.ts'
import { parseNoteKey } from '../evidence/log/note-key.ts'
import type { Role } from '../model/people.ts'
import { openTraceStore } from '../store/trace/open-trace-store.ts'

let console: TestConsole
let people: ReadonlyMap<Role, TestPerson>

before(async () => {
  console = await startConsole()
  people = await peopleOfAllRoles(console)
})
after(() => console[Symbol.asyncDispose]())

const reason = 'the regulator asked for it'
const as = (role: Role) => people.get(role)!.call
const post = (role: Role, path: string, body: unknown) => as(role)('POST', path, { body })

async function erase(role: Role, scope: unknown, despiteMinimum = true) {
  return post(role, '/erasures', { scope, reason, despiteMinimum })
}

test('an exchange under a hold is not erased, the refusal says why, and after the release it is', async () => {
  const id = await console.chat('keep me for the court')
  const held = await post('investigator', '/holds', {
    scope: { kind: 'exchange', exchange: id },
    reason,
  })
  assert.equal(held.status, 201, held.text)
  const listed = await as('auditor')('GET', '/holds')
  assert.equal(listed.body.items[0].id, held.body.id)
  const row = await as('auditor')('GET', `/exchanges?limit=200`)
  const shown = row.body.items.find((one: { id: string }) => one.id === id)
  assert.deepEqual(shown.holds, [held.body.id])
  const refused = await erase('admin', { kind: 'exchange', exchanges: [id] })
  assert.equal(refused.body.request, null)
  assert.equal(refused.body.refused.refusals[0].why, 'held')
  assert.ok(refused.body.refused.refusals[0].detail.includes(reason))
  const own = await post('investigator', `/holds/${held.body.id}/release`, { reason })
  assert.equal(own.body.code, 'api.own-hold')
  const released = await post('admin', `/holds/${held.body.id}/release`, { reason })
  assert.equal(released.status, 200, released.text)
  assert.equal((await post('admin', `/holds/${held.body.id}/release`, { reason })).status, 409)
  const erased = await erase('admin', { kind: 'exchange', exchanges: [id] })
  assert.equal(erased.body.erasures[0].exchanges[0], id, erased.text)
  assert.match(erased.body.erasures[0].proof, /^c2sp\.org\/tlog-proof@v1/)
  const gone = await as('investigator')('GET', `/exchanges/${id}`)
  assert.equal(gone.status, 410)
  assert.equal(gone.body.code, 'api.erased')
  const tombstone = await as('auditor')('GET', `/exchanges/${id}/erasure`)
  assert.equal(tombstone.body.reason, reason)
  assert.equal(tombstone.body.cause, 'request')
  const receipt = await as('auditor')('GET', `/erasures/${tombstone.body.erasure}`)
  assert.deepEqual(receipt.body.exchanges, [id])
  assert.ok(receipt.body.bytes > 0)
  assert.equal((await as('member')('GET', `/exchanges/${id}`)).status, 404)
})

test('a hold on a person, a conversation, a case or a query covers what it says and nothing else', async () => {
  const ids = [await console.chat('first of these'), await console.chat('second of these')]
  const { body } = await as('investigator')('GET', `/exchanges/${ids[0]}`)
  const { principal } = body.exchange
  const scopes = [
    [{ kind: 'principal', principal }, 2],
    [{ kind: 'principal', principal: 'somebody else' }, 0],
    [{ kind: 'case', case: 'C-1', exchanges: [ids[1]] }, 1],
    [{ kind: 'query', filter: { principal: [principal] } }, 2],
    [{ kind: 'query', filter: { status: ['404'] } }, 0],
    [{ kind: 'conversation', conversation: `cv_${'0'.repeat(26)}` }, 0],
  ] as const
  for (const [scope, count] of scopes) {
    const held = await post('investigator', '/holds', { scope, reason })
    assert.equal(held.status, 201, held.text)
    const preview = await post('admin', '/erasures/preview', {
      scope: { kind: 'exchange', exchanges: ids },
      despiteMinimum: true,
    })
    assert.equal(preview.body.refusals.length, count, JSON.stringify(scope))
    await post('admin', `/holds/${held.body.id}/release`, { reason })
  }
  for (const bad of [
    { kind: 'everything' },
    { kind: 'exchange', exchange: 'ex_1' },
    { kind: 'case', case: 'C', exchanges: [] },
    { kind: 'query', filter: { nonsense: 1 } },
  ]) {
    assert.equal((await post('investigator', '/holds', { scope: bad, reason })).status, 422)
  }
  const short = { scope: { kind: 'exchange', exchange: ids[0] }, reason: 'why' }
  assert.equal((await post('investigator', '/holds', short)).status, 422)
})

test('what is pinned into a held case, and taken back, is said in the log by name, and so is the end of the hold', async () => {
  const [named, pinned, free] = await Promise.all(
    ['named', 'pinned', 'free'].map((word) => console.chat(`the ${word} one of the case`)),
  )
  const investigator = as('investigator')
  const opened = await investigator('POST', '/cases', { body: { title: 'What the court wants' } })
  const entries = `/cases/${opened.body.id}/entries`
  const pin = (target: string | undefined) =>
    investigator('POST', entries, { body: { kind: 'pin', target, text: '' } })
  const early = await pin(free)
  const scope = { kind: 'case', case: opened.body.id, exchanges: [named] }
  const { body: hold } = await post('investigator', '/holds', { scope, reason })
  const { body: entry } = await pin(pinned)
  await pin(pinned)
  await pin(named)
  const headers = { 'if-match': entry.etag }
  const taken = await investigator('DELETE', `${entries}/${entry.id}`, { headers })
  assert.equal(taken.status, 204, taken.text)
  assert.equal(early.status, 201)
  await post('admin', `/holds/${hold.id}/release`, { reason })
  await pin(pinned)
  const { app, folder } = console.gateway
  await app.evidence.flush()
  await app.evidence.log.flush()
  const leaves = (await readLeaves(folder)).filter(({ records }) => records.includes(hold.id))
  assert.deepEqual(
    leaves.map(({ kind, records }) => [kind, records.slice(1)]),
    [
      ['hold.set', [named, free]],
      ['hold.extended', [pinned]],
      ['hold.kept', [pinned]],
      ['hold.released', [named, free, pinned]],
    ],
  )
  const events = await app.index.eventsOf(pinned!, 20)
  assert.deepEqual(
    events.flatMap(({ event }) => (event.type.startsWith('hold.') ? [event.actor] : [])),
    ['the investigator', 'the investigator', 'the admin'],
  )
})

test('a hold shows wherever an exchange does, to whoever sees all of them, and what was erased is counted', async () => {
  const text =
    'forty-two copper kettles were promised to the harbour master of Trieste by next autumn at noon'
  const fromMs = Date.now() - 60_000
  const id = await console.chat(text, { headers: { 'x-session-id': 'kettles' } })
  const gone = await console.chat('soon erased')
  const { conversation, principal } = (await as('auditor')('GET', `/exchanges/${id}`)).body.exchange
  const set = await post('investigator', '/holds', {
    scope: { kind: 'conversation', conversation },
    reason,
  })
  const holds = [set.body.id]
  const list = await as('auditor')('GET', '/exchanges?limit=200')
  assert.deepEqual(
    list.body.items.flatMap((one: { id: string; holds: string[] }) =>
      one.holds.length === 0 ? [] : [[one.id, one.holds]],
    ),
    [[id, holds]],
  )
  const thread = await as('auditor')('GET', `/conversations/${conversation}`)
  assert.deepEqual(thread.body.exchanges[0].exchange.holds, holds)
  const conversations = await as('auditor')('GET', '/conversations')
  assert.deepEqual(conversations.body.items[0].holds, holds)
  const entity = await as('auditor')('GET', `/entities?kind=principal&value=${principal}`)
  assert.deepEqual(
    entity.body.holds.map((hold: { id: string; exchanges: number }) => [hold.id, hold.exchanges]),
    [[set.body.id, 1]],
  )
  const traced = await post('investigator', '/trace', { text })
  assert.deepEqual(traced.body.exposures[0].exchange.holds, holds)
  const own = await as('member')('GET', `/entities?kind=principal&value=${principal}`)
  assert.equal(own.body.holds, null)
  await erase('admin', { kind: 'exchange', exchanges: [gone] })
  const range = `fromMs=${fromMs}&toMs=${Date.now() + 60_000}`
  const counted = (role: Role) => as(role)('GET', `/exchanges/histogram?${range}`)
  assert.ok((await counted('auditor')).body.erased >= 1)
  assert.equal((await counted('member')).body.erased, 0)
  const before = `fromMs=${fromMs - 1000}&toMs=${fromMs}`
  assert.equal((await as('auditor')('GET', `/exchanges/histogram?${before}`)).body.erased, 0)
  await post('admin', `/holds/${set.body.id}/release`, { reason })
  const after = await as('auditor')('GET', `/conversations/${conversation}`)
  assert.deepEqual(after.body.exchanges[0].exchange.holds, [])
})

test('a value is found wherever it stands, erased with its exchanges, and written nowhere', async () => {
  const value = 'IBAN DE02-1203-0000 "quoted"'
  const holding = await console.chat(`please pay to ${value} now`)
  const other = await console.chat('nothing of the sort')
  const forbidden = await post('admin', '/erasures/preview', { scope: { kind: 'value', value } })
  assert.equal(forbidden.status, 403)
  const early = await erase('investigator', { kind: 'value', value }, false)
  assert.equal(early.body.refused.refusals[0].why, 'minimum')
  const erased = await erase('investigator', { kind: 'value', value })
  assert.deepEqual(erased.body.erasures[0].exchanges, [holding], erased.text)
  assert.equal((await as('investigator')('GET', `/exchanges/${other}`)).status, 200)
  const trail = await as('auditor')('GET', '/audit?limit=200')
  assert.ok(!trail.text.includes('DE02-1203'))
})

test('what was erased is taken out of the trace index too', async () => {
  const text =
    'the quick brown aardvark signs a contract over one hundred and eleven copper kettles in Lisbon today, before witnesses from Porto and Faro'
  const id = await console.chat(text)
  const storage = { kind: 'sqlite', folder: console.gateway.folder } as const
  const postings = async (): Promise<number> => {
    await using traces = await openTraceStore(storage)
    return (await traces.runs()).reduce((sum, run) => sum + run.postings, 0)
  }
  const traced = await post('investigator', '/trace', { text })
  assert.equal(traced.body.total, 2, traced.text)
  const before = await postings()
  assert.ok(before > 0)
  const erased = await erase('admin', { kind: 'exchange', exchanges: [id] })
  assert.equal(erased.body.erasures.length, 1, erased.text)
  assert.ok((await postings()) < before)
  assert.equal((await post('investigator', '/trace', { text })).body.total, 0)
})

test('the plan of retention names every class, and nothing is due that has no end', async () => {
  await console.chat('young')
  const plan = await as('auditor')('GET', '/retention')
  assert.equal(plan.status, 200)
  const [first] = plan.body.classes
  assert.equal(first.name, 'default')
  assert.equal(first.minDays, 183)
  assert.equal(first.due.exchanges, 0)
  const run = await post('admin', '/retention/run', { exchangesMax: 10 })
  assert.deepEqual(run.body, { erased: 0, bytes: 0, held: 0, more: false })
  assert.equal((await post('auditor', '/retention/run', { exchangesMax: 10 })).status, 403)
})

async function exported(role: Role, order: object): Promise<Response> {
  return fetch(`${console.api}/exports`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${people.get(role)!.token}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ reason, ...order }),
  })
}

async function* bytesOf(answer: Response): AsyncGenerator<Uint8Array, void> {
  yield new Uint8Array(await answer.arrayBuffer())
}

test('an export is a bundle that verifies, holds its own event, and is refused to those who may not', async () => {
  const id = await console.chat('hand this to the court')
  const raw = await exported('investigator', { exchanges: [id], content: 'raw', formats: ['csv'] })
  assert.equal(raw.status, 200)
  const reading = await readBundle(bytesOf(raw))
  const keys = reading.files.get('log/keys')
  assert.ok(keys !== undefined)
  const { logKeys } = (
    await erase('admin', { kind: 'exchange', exchanges: [await console.chat('x')] })
  ).body
  const report = checkBundle(reading, parseNoteKey(logKeys[0])!)
  assert.deepEqual(report.problems, [])
  assert.deepEqual(report.items, [{ exchange: id, verdict: 'verified', problems: [] }])
  const custody = reading.files.get('custody.jsonl')!.content!.toString('utf8')
  const events = custody
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string })
  assert.deepEqual(
    events.map(({ type }) => type),
    ['evidence.exported'],
  )
  const masked = await exported('approver', { exchanges: [id] })
  assert.equal((await readBundle(bytesOf(masked))).manifest.content, 'masked')
  assert.equal((await exported('approver', { exchanges: [id], content: 'raw' })).status, 403)
  for (const role of ['admin', 'auditor', 'member', 'policy-author'] as const)
    assert.equal((await exported(role, { exchanges: [id] })).status, 403, role)
  for (const bad of [
    {},
    { exchanges: [] },
    { exchanges: [id], filter: {} },
    { exchanges: [id], recipients: ['age1nonsense'] },
    { exchanges: [id], reason: 'no' },
    { filter: { principal: ['nobody@example.test'] } },
  ]) {
    assert.equal((await exported('investigator', bad)).status, 422, JSON.stringify(bad))
  }
})

test('every read of content is an event that names the exchange: the counts reconcile', async () => {
  const id = await console.chat('count the readers')
  const call = as('investigator')
  await call('POST', '/reveals', {
    body: { scope: { kind: 'exchange', exchangeId: id }, reason, minutes: 5 },
  })
  let reads = 1
  for (const path of ['', '/content', '/content?mode=revealed', '/replay', '/raw/request']) {
    assert.equal((await call('GET', `/exchanges/${id}${path}`)).status, 200, path)
    reads += 1
  }
  await (await exported('investigator', { exchanges: [id] })).arrayBuffer()
  await console.gateway.app.evidence.flush()
  const events = await console.gateway.app.index.eventsOf(id, 100)
  const count = (type: string) => events.filter(({ event }) => event.type === type).length
  assert.equal(count('evidence.read'), reads)
  assert.equal(count('evidence.exported'), 1)
  const trail = await as('auditor')('GET', `/audit?target=${id}&outcome=allowed&limit=100`)
  assert.equal(trail.body.items.length, reads)
})
