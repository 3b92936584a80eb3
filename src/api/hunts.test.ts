import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Call, TestConsole, TestPerson } from '../../test/harness/console.ts'
import { startConsole } from '../../test/harness/console.ts'
import { until } from '../../test/harness/until.ts'

const WORD = 'Quetzalcoatlus'
const HOSTILE = '<img src=x onerror=alert(1)> \u001b[2J\u202e'

let console: TestConsole
let ida: TestPerson
let exchange = ''

before(async () => {
  console = await startConsole()
  ida = await console.person('ida', ['investigator'])
  exchange = await console.chat(`the code is ${WORD}-4711 ${HOSTILE}`, { model: 'one' })
  await console.chat('nothing to see', { model: 'two' })
})
after(() => console[Symbol.asyncDispose]())

const begin = (body: object, call: Call = ida.call) =>
  call('POST', '/hunts', { body: { title: 'a hunt', ...body } })

async function ended(id: string) {
  let hunt = await ida.call('GET', `/hunts/${id}`)
  await until(async () => {
    hunt = await ida.call('GET', `/hunts/${id}`)
    return hunt.body.state !== 'running'
  })
  return hunt.body
}

test('a text is found whatever its case, told by service and day, and kept nowhere', async () => {
  const begun = await begin({ kind: 'text', text: WORD.toLowerCase() })
  assert.equal(begun.status, 201, begun.text)
  const hunt = await ended(begun.body.id)
  assert.equal(hunt.state, 'done')
  assert.ok(hunt.bytes > 0 && hunt.bytes === hunt.bytesTotal)
  assert.equal(hunt.exchanges, 1)
  assert.deepEqual(
    [...new Set(hunt.samples.map((one: { exchange: string }) => one.exchange))],
    [exchange],
  )
  assert.equal(hunt.days.length, 1)
  const shown = JSON.stringify(hunt)
  assert.ok(!shown.toLowerCase().includes(WORD.toLowerCase()), 'of a match only its shape is shown')
  assert.match(hunt.samples[0].excerpt, /x{14}/)
  const trail = await console.admin('GET', '/audit?operation=hunts.begin')
  assert.equal(trail.body.items[0].target, hunt.digest)
  for (const file of ['control.db', 'control.db-wal']) {
    const bytes = readFileSync(join(console.gateway.folder, file)).toString('latin1')
    assert.ok(!bytes.toLowerCase().includes(WORD.toLowerCase()), file)
  }
})

test('a pattern and a detector rule are run in time linear in the text, within a scope', async () => {
  const pattern = await begin({ kind: 'pattern', text: 'Quetz[a-z]+-[0-9]{4}', q: 'model:one' })
  assert.equal((await ended(pattern.body.id)).exchanges, 1)
  const rule = [
    'id: dinosaur',
    'entity: DINOSAUR',
    "pattern: 'Quetz[a-z]{1,20}-[0-9]{4}'",
    'score: 0.9',
    'examples: { positive: [Quetzal-1234], negative: [a dog] }',
  ].join('\n')
  const ruled = await begin({ kind: 'rule', text: rule, q: 'model:two' })
  assert.equal(ruled.status, 201, ruled.text)
  const hunt = await ended(ruled.body.id)
  assert.equal(hunt.exchanges, 0, 'the exchange that holds it is not in the scope')
  assert.ok(hunt.texts > 0)
  assert.equal(hunt.source, rule)
})

test('a policy rule is put before what was recorded: by the index, by the text, in its scope', async () => {
  const rule = (more: string) =>
    [
      'id: tried',
      'title: Tried on the record',
      'on: request',
      'then: hold',
      'stage: shadow',
      'message: Asks.',
      more,
    ].join('\n')
  const models = rule('models: [one, two]')
  const scoped = await begin({ kind: 'policy', text: models, q: 'model:one' })
  assert.equal(scoped.status, 201, scoped.text)
  const byModel = await ended(scoped.body.id)
  assert.deepEqual([byModel.state, byModel.exchanges, byModel.bytesTotal], ['done', 1, 1])
  assert.equal(byModel.source, models)
  assert.deepEqual(
    byModel.samples.map((one: { exchange: string }) => one.exchange),
    [exchange],
  )
  const words = await begin({ kind: 'policy', text: rule(`keywords: ["${WORD}"]`) })
  assert.equal(words.status, 201, words.text)
  const byText = await ended(words.body.id)
  assert.deepEqual([byText.state, byText.exchanges], ['done', 1])
  assert.ok(byText.bytesTotal >= 2)
  assert.ok(!JSON.stringify(byText.samples).includes(WORD))
  const author = await console.person('paul', ['policy-author'])
  for (const wrong of [
    'id: [',
    rule('models: [one]\nnonsense: 1'),
    models.replace('stage: shadow', 'stage: off'),
    models.replace('on: request', 'on: answer'),
    `${models}\nrules: []`,
  ])
    // Whoever writes rules may, and is told what is wrong.
    assert.equal((await begin({ kind: 'policy', text: wrong }, author.call)).status, 422, wrong)
})

test('what cannot be run is refused with the reason, and nothing begins', async () => {
  const before = (await ida.call('GET', '/hunts')).body.items.length
  for (const wrong of [
    { kind: 'pattern', text: '(' },
    { kind: 'pattern', text: '(a)\\1' },
    { kind: 'rule', text: 'id: [' },
    { kind: 'rule', text: 'id: x' },
    { kind: 'text', text: '' },
    { kind: 'text', text: 'a', title: ' ' },
    { kind: 'text', text: 'a', q: 'model:' },
    { kind: 'planet', text: 'a' },
  ]) {
    const answer = await begin(wrong)
    assert.equal(answer.status, 422, JSON.stringify(wrong))
  }
  assert.equal((await ida.call('GET', '/hunts')).body.items.length, before)
  assert.equal((await ida.call('GET', '/hunts/hu_1')).status, 404)
  assert.equal((await ida.call('POST', '/hunts/hu_1/cancel')).status, 404)
})

test('whoever writes rules tries rules, and looks for no text and no pattern', async () => {
  const author = await console.person('ann', ['policy-author'])
  assert.equal((await begin({ kind: 'text', text: 'a' }, author.call)).status, 403)
  assert.equal((await begin({ kind: 'pattern', text: 'a' }, author.call)).status, 403)
  const mine = (await ida.call('GET', '/hunts')).body.items.find(
    (one: { kind: string }) => one.kind === 'text',
  )
  assert.equal((await author.call('POST', `/hunts/${mine.id}/cancel`)).status, 403)
  const again = await author.call('POST', `/hunts/${mine.id}/resume`, { body: { text: WORD } })
  assert.equal(again.status, 403)
})

test('a hunt that is over does not go on', async () => {
  const [done] = (await ida.call('GET', '/hunts')).body.items
  const again = await ida.call('POST', `/hunts/${done.id}/resume`, { body: { text: WORD } })
  assert.equal(again.status, 409, again.text)
})
