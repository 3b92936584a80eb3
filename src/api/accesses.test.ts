import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { TestConsole, TestPerson } from '../../test/harness/console.ts'
import { startConsole } from '../../test/harness/console.ts'
import { systemClock } from '../lib/clock.ts'
import { untilSeen } from '../../test/harness/until.ts'

const REASON = 'Ticket 4711: what did the board read'
const SECRET = `The severance of the head of trading is 4.2 million, and the works council is to be told on the
third of June and not before; until then nobody below the board may know of it.`

let console: TestConsole
let ines: TestPerson
let olga: TestPerson
let anna: TestPerson
let rosa: TestPerson
let aheadMs = 0
let restricted = ''
let open = ''
let mel: TestPerson

before(async () => {
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs }
  console = await startConsole({ yaml: 'restricted: { principals: ["hr-*"] }\n', clock })
  ines = await console.person('ines', ['investigator'])
  olga = await console.person('olga', ['investigator'])
  anna = await console.person('anna', ['approver'])
  rosa = await console.person('rosa', ['auditor'])
  mel = await console.person('mel', ['member'])
  restricted = await console.chat(SECRET, { key: await console.keyFor('hr-assistant') })
  open = await console.chat('hello', { key: await console.keyFor('mei') })
})
after(() => console[Symbol.asyncDispose]())

const READS = ['content', 'replay', 'raw/request', 'raw/answer']

async function codes(person: TestPerson, id: string, mode = 'masked'): Promise<readonly string[]> {
  const answers = []
  for (const what of READS)
    answers.push(await person.call('GET', `/exchanges/${id}/${what}?mode=${mode}`))
  return [...new Set(answers.map(({ status, body }) => (status === 200 ? 'read' : body.code)))]
}

const ask = (person: TestPerson, exchanges: readonly string[], minutes = 30) =>
  person.call('POST', '/accesses', { body: { exchanges, reason: REASON, minutes } })
const decide = (person: TestPerson, id: string, verdict: string) =>
  person.call('POST', `/accesses/${id}/decide`, {
    body: { verdict, reason: 'It is needed for it' },
  })

test('restricted content is read by nobody alone: not shown, not replayed, not raw, not exported, not in a trace', async () => {
  for (const person of [ines, anna])
    assert.deepEqual(await codes(person, restricted), ['content.restricted'])
  assert.deepEqual(await codes(ines, open), ['read'])
  const reveal = await ines.call('POST', '/reveals', {
    body: { scope: { kind: 'exchange', exchangeId: restricted }, reason: REASON },
  })
  assert.equal(reveal.status, 201, reveal.text)
  assert.deepEqual(await codes(ines, restricted, 'revealed'), ['content.restricted'])
  for (const content of ['masked', 'raw']) {
    const bundle = await ines.call('POST', '/exports', {
      body: { exchanges: [open, restricted], reason: REASON, content },
    })
    assert.equal(bundle.body.code, 'content.restricted', content)
    assert.match(
      bundle.body.detail,
      new RegExp(`1 of 2 exchanges .* principal hr-assistant: ${restricted}`),
    )
  }
  const traced = await untilSeen(
    () => ines.call('POST', '/trace', { body: { text: SECRET } }),
    ({ body }) => body.isBehind !== true,
  )
  // That it was exposed is told; what stands there is not.
  assert.ok(
    traced.body.exposures.some(
      (one: { exchange: { id: string } }) => one.exchange.id === restricted,
    ),
  )
  assert.deepEqual(
    traced.body.hits.flatMap((hit: { spans: unknown[] }) => hit.spans),
    [],
  )
  assert.ok(!traced.text.includes('severance'))
  const detail = await ines.call('GET', `/exchanges/${restricted}`)
  assert.deepEqual(detail.body.restriction, { by: ['principal hr-assistant'], access: null })
  const other = await ines.call('GET', `/exchanges/${open}`)
  assert.equal(other.body.restriction, null)
})

test('another person lets one in for a while: not oneself, not twice, not who may not, not too late', async () => {
  const asked = await ask(ines, [restricted])
  assert.equal(asked.status, 201, asked.text)
  const { id } = asked.body
  assert.equal((await decide(ines, id, 'grant')).body.code, 'content.own-access')
  assert.equal((await decide(rosa, id, 'grant')).body.code, 'api.forbidden')
  assert.deepEqual(await codes(ines, restricted), ['content.restricted'])
  const pending = await anna.call('GET', '/accesses?which=pending')
  assert.deepEqual(
    pending.body.items.map((one: { id: string; mayDecide: boolean }) => [one.id, one.mayDecide]),
    [[id, true]],
  )
  const granted = await decide(anna, id, 'grant')
  assert.equal(granted.body.state, 'active', granted.text)
  assert.deepEqual(await codes(ines, restricted), ['read'])
  // Whoever let somebody in is not in by that.
  assert.deepEqual(await codes(anna, restricted), ['content.restricted'])
  assert.equal((await decide(olga, id, 'refuse')).body.code, 'content.access-decided')
  const bundle = await ines.call('POST', '/exports', {
    body: { exchanges: [restricted], reason: REASON, content: 'masked' },
  })
  assert.equal(bundle.status, 200)
  aheadMs += 31 * 60_000
  assert.deepEqual(await codes(ines, restricted), ['content.restricted'])
})

test('a refusal lets nobody in, what was given back is over, and a request lapses after a day', async () => {
  const refused = await ask(ines, [restricted])
  assert.equal((await decide(olga, refused.body.id, 'refuse')).body.state, 'refused')
  assert.deepEqual(await codes(ines, restricted), ['content.restricted'])
  const given = await ask(ines, [restricted])
  await decide(olga, given.body.id, 'grant')
  assert.deepEqual(await codes(ines, restricted), ['read'])
  assert.equal((await olga.call('DELETE', `/accesses/${given.body.id}`)).status, 404)
  assert.equal((await ines.call('DELETE', `/accesses/${given.body.id}`)).status, 204)
  assert.deepEqual(await codes(ines, restricted), ['content.restricted'])
  const late = await ask(ines, [restricted])
  aheadMs += 25 * 3_600_000
  assert.equal((await decide(olga, late.body.id, 'grant')).body.code, 'content.access-expired')
})

test('what a sealed case pins is for its members; others are let in by a member and by nobody else', async () => {
  const made = await olga.call('POST', '/cases', {
    body: { title: 'About the board', sealed: true },
  })
  await olga.call('POST', `/cases/${made.body.id}/entries`, {
    body: { kind: 'pin', target: open },
  })
  assert.deepEqual(await codes(olga, open), ['read'])
  assert.deepEqual(await codes(ines, open), ['content.restricted'])
  const detail = await ines.call('GET', `/exchanges/${open}`)
  assert.deepEqual(detail.body.restriction.by, ['a sealed case'])
  assert.ok(!detail.text.includes('About the board'))
  const asked = await ask(ines, [open])
  assert.equal((await decide(anna, asked.body.id, 'grant')).body.code, 'case.sealed')
  assert.equal((await decide(olga, asked.body.id, 'grant')).body.state, 'active')
  assert.deepEqual(await codes(ines, open), ['read'])
})

test('asking and deciding stand in the trail and, before anything is opened, in evidence', async () => {
  const trail = await rosa.call('GET', '/audit?limit=200')
  const operations = trail.body.items.map((one: { operation: string }) => one.operation)
  for (const operation of ['accesses.ask', 'accesses.decide', 'accesses.end'])
    assert.ok(operations.includes(operation), operation)
  await console.gateway.app.evidence.flush()
  const { instance } = console.gateway.app.evidence
  const events = await console.gateway.app.index.eventsAfter(
    [instance],
    { instance, segment: 0, offset: 0 },
    1000,
  )
  const told = events.map(({ event }) => event).filter(({ type }) => type.startsWith('content.'))
  assert.ok(
    told.some(({ type, details }) => type === 'content.asked' && details['target'] === restricted),
  )
  const decided = told.find(({ type }) => type === 'content.decided')
  assert.equal(decided?.actor, 'anna')
  assert.deepEqual([decided?.details['verdict'], decided?.details['for']], ['grant', 'ines'])
})

test('an exchange that is not there cannot be asked for', async () => {
  assert.equal((await ask(ines, [`ex_${'0'.repeat(26)}`])).status, 404)
  assert.equal((await ask(mel, [restricted])).status, 404)
  assert.equal((await ask(rosa, [restricted])).status, 403)
})
