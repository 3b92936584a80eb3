import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { TestConsole, TestPerson } from '../../test/harness/console.ts'
import { startConsole } from '../../test/harness/console.ts'
import { openStore } from '../store/store.ts'

let console: TestConsole
let ivy: TestPerson
let approver: TestPerson
let exchange = ''

const SECRET = 'Zebra-4711 grüßt Ωmega'
const REASON = 'looking into incident 12'

before(async () => {
  console = await startConsole()
  ivy = await console.person('ivy', ['investigator'])
  approver = await console.person('app', ['approver'])
  exchange = await console.chat(SECRET, { stream: true })
})
after(() => console[Symbol.asyncDispose]())

const views = (id: string): readonly string[] => [
  `/exchanges/${id}/content`,
  `/exchanges/${id}/replay`,
  `/exchanges/${id}/raw/request`,
  `/exchanges/${id}/raw/answer?decoded=true`,
]

function decoded(text: string): string {
  const base64 = /"base64":"([^"]*)"/.exec(text)?.[1] ?? ''
  return text + Buffer.from(base64, 'base64').toString('utf8')
}

const withMode = (path: string): string => `${path}${path.includes('?') ? '&' : '?'}mode=revealed`

test('masked content shows shape and no word of it', async () => {
  for (const path of views(exchange)) {
    for (const { call } of [ivy, approver]) {
      const answer = await call('GET', path)
      assert.equal(answer.status, 200, path)
      for (const word of ['Zebra', '4711', 'grü', 'Ωmega', 'mega']) {
        assert.ok(!decoded(answer.text).includes(word), `${path} ${word}`)
      }
    }
  }
  const { body } = await approver.call('GET', `/exchanges/${exchange}/content`)
  const [block] = body.request.blocks
  assert.equal(block.role, 'user')
  assert.equal(block.parts[0].kind, 'text')
  assert.equal(block.parts[0].text.length, SECRET.length)
  assert.equal(block.novelty, 'new')
})

test('nothing is revealed without a reason, and a reason of three letters is none', async () => {
  const before = await ivy.call('GET', withMode(views(exchange)[0] ?? ''))
  assert.equal(before.body.code, 'api.reveal-required')
  const scope = { kind: 'exchange', exchangeId: exchange }
  for (const reason of ['', 'abc', '          ', undefined]) {
    const refused = await ivy.call('POST', '/reveals', { body: { scope, reason } })
    assert.equal(refused.status, 422)
  }
  const long = await ivy.call('POST', '/reveals', { body: { scope, reason: REASON, minutes: 600 } })
  assert.equal(long.status, 422)
  const unknown = await ivy.call('POST', '/reveals', {
    body: {
      scope: { ...scope, exchangeId: exchange.replace(/.$/, (last) => (last === '0' ? '1' : '0')) },
      reason: REASON,
    },
  })
  assert.equal(unknown.status, 404)
})

test('a reveal shows content as it was, to its person alone, until it ends', async () => {
  const made = await ivy.call('POST', '/reveals', {
    body: { scope: { kind: 'exchange', exchangeId: exchange }, reason: REASON },
  })
  assert.equal(made.status, 201, made.text)
  assert.equal(made.body.expiresAtMs - made.body.createdAtMs, 15 * 60 * 1000)
  for (const path of views(exchange)) {
    const answer = await ivy.call('GET', withMode(path))
    assert.equal(answer.status, 200, path)
    assert.ok(decoded(answer.text).includes('Zebra'), path)
  }
  const { body } = await ivy.call('GET', withMode(views(exchange)[0] ?? ''))
  assert.equal(body.request.blocks[0].parts[0].text, SECRET)
  assert.equal(body.answer.assembled.text, SECRET)
  const other = await console.person('eve', ['investigator'])
  const refused = await other.call('GET', withMode(views(exchange)[0] ?? ''))
  assert.equal(refused.body.code, 'api.reveal-required')
  assert.equal((await other.call('DELETE', `/reveals/${made.body.id}`)).status, 404)
  const another = await console.chat('another')
  const elsewhere = await ivy.call('GET', withMode(views(another)[0] ?? ''))
  assert.equal(elsewhere.body.code, 'api.reveal-required')
  assert.equal((await ivy.call('DELETE', `/reveals/${made.body.id}`)).status, 204)
  const afterwards = await ivy.call('GET', withMode(views(exchange)[0] ?? ''))
  assert.equal(afterwards.body.code, 'api.reveal-required')
})

test('a reveal of a query covers what matches it and nothing else', async () => {
  const covered = await console.chat('covered text', { model: 'echo-covered' })
  const made = await ivy.call('POST', '/reveals', {
    body: { scope: { kind: 'query', filter: { model: 'echo-c*' } }, reason: REASON, minutes: 1 },
  })
  assert.equal(made.status, 201, made.text)
  assert.equal((await ivy.call('GET', withMode(views(covered)[0] ?? ''))).status, 200)
  assert.equal(
    (await ivy.call('GET', withMode(views(exchange)[0] ?? ''))).body.code,
    'api.reveal-required',
  )
  await ivy.call('DELETE', `/reveals/${made.body.id}`)
})

test('every look and every reveal is in the trail and in evidence, with its reason and without payload', async () => {
  const auditor = await console.person('aud', ['auditor'])
  const trail = await auditor.call('GET', `/audit?target=${exchange}&limit=200`)
  const kinds = new Set(
    trail.body.items.map(
      (event: { operation: string; outcome: string }) => `${event.operation} ${event.outcome}`,
    ),
  )
  for (const kind of [
    'content.read allowed',
    'content.reveal allowed',
    'content.reveal denied',
    'reveals.create allowed',
  ]) {
    assert.ok(kinds.has(kind), kind)
  }
  const reveal = trail.body.items.find(
    (event: { operation: string; outcome: string }) =>
      event.operation === 'content.reveal' && event.outcome === 'allowed',
  )
  assert.equal(reveal.reason, REASON)
  assert.equal(reveal.personName, 'ivy')
  assert.match(reveal.authentication, /^api-token tok_/)
  const all = await auditor.call('GET', '/audit?limit=200')
  assert.ok(!all.text.includes('Zebra'))
  const own = await ivy.call('GET', '/audit?limit=200')
  assert.ok(own.body.items.every((event: { personName: string }) => event.personName === 'ivy'))
  const reveals = await auditor.call('GET', '/reveals')
  assert.ok(reveals.body.items.some((item: { personName: string }) => item.personName === 'ivy'))
  await using store = await openStore({ kind: 'sqlite', folder: console.gateway.folder })
  const noted = (await store.index.events(1000)).filter(
    ({ event }) => event.type === 'evidence.read' && event.details['target'] === exchange,
  )
  const revealed = noted.find(({ event }) => event.details['operation'] === 'content.reveal')
  assert.equal(revealed?.event.actor, 'ivy')
  assert.equal(revealed?.event.details['reason'], REASON)
  assert.ok(!JSON.stringify(noted).includes('Zebra'))
})

test('a member reads own exchanges masked, and learns nothing of others', async () => {
  const mia = await console.person('mia', ['member'])
  const key = await console.keyFor('mia')
  const own = await console.chat(SECRET, { key })
  const { body } = await mia.call('GET', `/exchanges/${own}/content`)
  assert.equal(body.mode, 'masked')
  // The very text was sent before by somebody else.
  assert.deepEqual(
    body.request.blocks.map((block: { novelty: string }) => block.novelty),
    ['unknown'],
  )
  assert.equal(body.request.blocks[0].firstExchange, null)
  const detail = await mia.call('GET', `/exchanges/${own}`)
  assert.equal(detail.body.exchange.storedBytes, null)
  for (const path of ['', '/proof', '/content', '/replay', '/raw/answer', '/conversation']) {
    const theirs = await mia.call('GET', `/exchanges/${exchange}${path}`)
    const none = await mia.call('GET', `/exchanges/${exchange.replace(/.{4}$/, '0000')}${path}`)
    assert.equal(theirs.status, 404, path)
    assert.equal(theirs.body.detail, none.body.detail)
  }
})

test('raw bytes come page by page, exactly', async () => {
  const id = await console.chat('x'.repeat(3000))
  const made = await ivy.call('POST', '/reveals', {
    body: { scope: { kind: 'exchange', exchangeId: id }, reason: REASON },
  })
  assert.equal(made.status, 201)
  const recorded = await console.gateway.recorded(id)
  const pieces: Buffer[] = []
  let total = Number.POSITIVE_INFINITY
  for (let offset = 0; offset < total; offset += 1000) {
    const page = await ivy.call(
      'GET',
      `/exchanges/${id}/raw/request?mode=revealed&offset=${offset}&length=1000`,
    )
    total = page.body.total
    pieces.push(Buffer.from(page.body.base64, 'base64'))
  }
  assert.deepEqual(Buffer.concat(pieces), recorded.requestBody)
})

test('replay steps add up to the answer, page after page, at the recorded times', async () => {
  const id = await console.chat('one two three four five six', { model: 'echo-slow', stream: true })
  const made = await ivy.call('POST', '/reveals', {
    body: { scope: { kind: 'exchange', exchangeId: id }, reason: REASON },
  })
  assert.equal(made.status, 201)
  const recorded = await console.gateway.recorded(id)
  let text = ''
  let cursor: string | null = ''
  const times: number[] = []
  while (cursor !== null) {
    const page = await ivy.call(
      'GET',
      `/exchanges/${id}/replay?mode=revealed&limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`,
    )
    assert.equal(page.status, 200, page.text)
    for (const step of page.body.steps) {
      times.push(step.atMs)
      for (const part of step.parts) if (part.channel === 'text') text += part.text
    }
    cursor = page.body.next
  }
  assert.equal(text, 'one two three four five six')
  assert.deepEqual(
    times,
    recorded.answerChunks.map((chunk) => chunk.atMs),
  )
})
