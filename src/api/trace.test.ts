import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { TestConsole, TestPerson } from '../../test/harness/console.ts'
import { startConsole } from '../../test/harness/console.ts'
import { openTraceStore } from '../store/trace/open-trace-store.ts'
import { until, untilSeen } from '../../test/harness/until.ts'

const SECRET = `Project Nightingale: the merger with Aurelian Holdings closes on the ninth of March at 41.70 a share,
and nobody outside the deal team may know of it before the regulator in Bonn has been told.`

let console: TestConsole
let investigator: TestPerson

before(async () => {
  console = await startConsole()
  investigator = await console.person('ines', ['investigator'])
})
after(() => console[Symbol.asyncDispose]())

/** Asks until the index has read everything: a busy machine may need longer than a question waits. */
async function trace(text: string) {
  return untilSeen(
    () => investigator.call('POST', '/trace', { body: { text } }),
    ({ body }) => body.isBehind !== true,
  )
}

test('a leaked text leads to whoever sent it and whoever was given it, and to nobody else', async () => {
  const key = await console.keyFor('carl')
  const leak = await console.chat(`Please translate this:\n\n${SECRET}`, { key })
  await console.chat('What is the capital of Portugal, and how large is it?')
  const answer = await trace(SECRET)
  assert.equal(answer.status, 200, answer.text)
  const { exposures, hits, first, principals, providers, unconfirmed } = answer.body
  // The sandbox says again what it was told.
  assert.deepEqual(
    exposures.map((one: { exchange: { id: string }; direction: string; treatment: string }) => [
      one.exchange.id,
      one.direction,
      one.treatment,
    ]),
    [
      [leak, 'sent', 'raw'],
      [leak, 'received', 'raw'],
    ],
  )
  assert.equal(first.exchange, leak)
  assert.deepEqual(
    principals.map((group: { value: string; exchanges: number }) => [group.value, group.exchanges]),
    [['carl', 1]],
  )
  assert.equal(providers[0].upstream, 'openai')
  assert.equal(unconfirmed, 0)
  for (const hit of hits) {
    assert.equal(hit.coverage, 1)
    assert.equal(
      hit.spans[0].match.replaceAll(/\s+/g, ' '),
      SECRET.slice(0, -1).replaceAll(/\s+/g, ' '),
    )
  }
})

test('what stands around a hit is masked, and neither trail nor evidence nor index holds the text', async () => {
  await console.chat(`before-words ${SECRET} after-words`)
  const answer = await trace(SECRET)
  assert.ok(!answer.text.includes('before-words') && !answer.text.includes('after-words'))
  const trail = await console.admin('GET', '/audit?operation=trace.search')
  const event = trail.body.items[0]
  assert.equal(event.target, answer.body.digest)
  assert.match(event.target, /^[0-9a-f]{16}$/)
  assert.ok(!trail.text.includes('Nightingale'))
  const events = await console.gateway.app.index.events(100)
  const searched = events.find((one) => one.event.type === 'trace.searched')
  assert.equal(searched?.event.details['target'], answer.body.digest)
  assert.ok(!JSON.stringify(events).includes('Nightingale'))
})

test('a pasted key is found although no rule was asked to look for keys', async () => {
  const pasted = 'zq7Lw2Rt9Xk4Vb8Nm1'
  const id = await console.chat(`connect with token ${pasted}, then list the tables`)
  const answer = await trace(pasted)
  assert.equal(answer.body.exposures[0].exchange.id, id)
  assert.equal(answer.body.hits[0].spans[0].match, pasted)
})

test('texts that nobody sent lead to nobody', async () => {
  for (const text of [
    'hello',
    'zz',
    SECRET.split(' ').toReversed().join(' '),
    '\u202e\u0000',
    '😀',
  ]) {
    const answer = await trace(text)
    assert.equal(answer.status, 200, answer.text)
    assert.deepEqual(answer.body.exposures, [], text)
    assert.equal(answer.body.first, null)
  }
})

test('a block leads to everyone whose context held it, and to nobody where there is none', async () => {
  const text = 'The very same block, word for word, in two contexts of two people.'
  const first = await console.chat(text, { model: 'block-one' })
  const second = await console.chat(text, { model: 'block-two', key: await console.keyFor('dora') })
  const { body } = await investigator.call('GET', `/exchanges/${first}/content`)
  const { id } = body.request.blocks.at(-1)
  const held = await investigator.call('GET', `/trace/blocks/${id}`)
  assert.equal(held.status, 200, held.text)
  assert.deepEqual(
    held.body.exposures.map(({ exchange }: { exchange: { id: string } }) => exchange.id).toSorted(),
    [first, second],
  )
  const nobody = await investigator.call('GET', `/trace/blocks/${'0'.repeat(64)}`)
  assert.deepEqual(nobody.body.exposures, [])
  assert.equal((await investigator.call('GET', '/trace/blocks/x')).status, 422)
})

test('an empty text, one that is too long and one with more fields are refused', async () => {
  for (const body of [{ text: '' }, { text: 'x'.repeat(50_001) }, { text: 'x', more: 1 }, {}]) {
    assert.equal((await investigator.call('POST', '/trace', { body })).status, 422)
  }
})

test('what was erased is found no more, and nothing in the index points at it', async () => {
  const text = `The auditors of Brandvik & Sons were told on ${Date.now()} that the cocoa hedge had failed, and the loss is not yet in the books.`
  const key = await console.keyFor('erik')
  const gone = await console.chat(`${text} Erase this.`, { key })
  const shared = await console.chat(`Keep: ${SECRET}`, { key })
  assert.equal((await trace(text)).body.exposures[0].exchange.id, gone)
  const erased = await console.admin('POST', '/erasures', {
    body: {
      scope: { kind: 'exchange', exchanges: [gone] },
      reason: 'the person asked for it',
      despiteMinimum: true,
    },
  })
  assert.equal(erased.body.erasures?.[0]?.exchanges[0], gone, erased.text)
  await console.chat('something after it')
  await using index = await openTraceStore({ kind: 'sqlite', folder: console.gateway.folder })
  await until(async () => {
    const answer = await trace(text)
    assert.deepEqual(answer.body.exposures, [])
    return answer.body.candidates === 0 && (await index.erased()).length === 0
  })
  const kept = await trace(SECRET)
  assert.ok(
    kept.body.exposures.some((one: { exchange: { id: string } }) => one.exchange.id === shared),
  )
})

test('what is erased before the index was written leaves nothing in it', async () => {
  const text = `The night shift at Kessler Foundry found ${Date.now()} castings with a hairline crack, and told the customer on Friday that all was well.`
  const gone = await console.chat(text)
  const scope = { kind: 'exchange', exchanges: [gone] }
  const erased = await console.admin('POST', '/erasures', {
    body: { scope, reason: 'the person asked for it', despiteMinimum: true },
  })
  assert.equal(erased.body.erasures?.[0]?.exchanges[0], gone, erased.text)
  await until(async () => {
    const { exposures, candidates, unconfirmed } = (await trace(text)).body
    assert.deepEqual(exposures, [])
    // A posting that points at nothing could not be confirmed.
    return candidates === 0 && unconfirmed === 0
  })
})

test('it is said whether a text passed raw or masked at the time', async () => {
  await using masking = await startConsole({
    yaml: 'masking: { packs: [strict], directions: [request] }\n',
  })
  const asked = await masking.person('ines', ['investigator'])
  const mail = 'jane.doe@example.org'
  const text = `Jane has been with the firm since 2011, came from the audit side, and heads the payments desk in Oslo, where nobody knows the old ledgers as well as she does; her address is ${mail} and she answers within the hour.`
  const id = await masking.chat(text)
  const treatments = async (question: string): Promise<readonly (readonly string[])[]> => {
    const { body } = await untilSeen(
      () => asked.call('POST', '/trace', { body: { text: question } }),
      (answer) => answer.body.isBehind !== true,
    )
    return body.exposures
      .filter((one: { exchange: { id: string } }) => one.exchange.id === id)
      .map((one: { direction: string; treatment: string }) => [one.direction, one.treatment])
  }
  // The provider was given the mask, and said it again.
  assert.deepEqual(await treatments(mail), [['sent', 'masked']])
  assert.deepEqual((await treatments(text)).toSorted(), [
    ['received', 'raw'],
    ['sent', 'masked'],
  ])
  const untouched = text.slice(0, text.indexOf('; her address'))
  assert.deepEqual((await treatments(untouched)).toSorted(), [
    ['received', 'raw'],
    ['sent', 'raw'],
  ])
})
