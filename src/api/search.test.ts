import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Call, TestConsole, TestPerson } from '../../test/harness/console.ts'
import { startConsole } from '../../test/harness/console.ts'
import { batchOf, closedRow } from '../../test/store/samples.ts'
import { openStore } from '../store/store.ts'

let console: TestConsole
let auditor: TestPerson
let mia: TestPerson
let miasKey = ''

before(async () => {
  console = await startConsole()
  auditor = await console.person('aud', ['auditor'])
  mia = await console.person('mia', ['member'])
  miasKey = await console.keyFor('mia')
})
after(() => console[Symbol.asyncDispose]())

interface Listed {
  readonly id: string
  readonly state: string
  readonly model: string
  readonly principal: string
}

async function pages(call: Call, query: string, between = async () => {}): Promise<Listed[]> {
  const found: Listed[] = []
  let cursor = ''
  for (;;) {
    const page = await call('GET', `/exchanges?limit=3${query}${cursor}`)
    assert.equal(page.status, 200, page.text)
    assert.ok(page.body.items.length <= 3)
    found.push(...page.body.items)
    if (page.body.next === null) return found
    cursor = `&cursor=${page.body.next}`
    await between()
  }
}

test('paging visits every exchange once, also while new ones arrive', async () => {
  const ids: string[] = []
  for (let n = 0; n < 8; n += 1) ids.push(await console.chat(`n ${n}`, { model: 'page-model' }))
  const found = await pages(auditor.call, '&model=page-model', async () => {
    await console.chat('later', { model: 'page-model' })
  })
  assert.deepEqual(
    found.map((row) => row.id),
    ids.toReversed(),
  )
})

test('facets count each field without its own filter, and agree with the list', async () => {
  await console.chat('a', { model: 'facet-a' })
  await console.chat('b', { model: 'facet-b' })
  await console.chat('c', { model: 'facet-b' })
  const { body } = await auditor.call('GET', '/exchanges/facets?model=facet-b&state=complete')
  assert.equal(body.total, 2)
  const models = new Map<string, number>(
    body.fields.model.map((one: { value: string; count: number }) => [one.value, one.count]),
  )
  assert.equal(models.get('facet-a'), 1)
  assert.equal(models.get('facet-b'), 2)
  const either = await pages(auditor.call, '&model=facet-a&model=facet-b')
  assert.equal(either.length, 3)
  const prefix = await pages(auditor.call, '&model=facet-*')
  assert.equal(prefix.length, 3)
})

test('a written query holds together with the filters, for list, facets and owners alike', async () => {
  await console.chat('x', { model: 'q-one' })
  await console.chat('y', { model: 'q-two', key: miasKey })
  const q = (text: string) => `&q=${encodeURIComponent(text)}`
  const models = async (call: Call, query: string) =>
    (await pages(call, query)).map((row) => row.model)
  assert.deepEqual(await models(auditor.call, q('model:q-one or model:q-two')), ['q-two', 'q-one'])
  assert.deepEqual(await models(auditor.call, q('model:q-* -principal:mia')), ['q-one'])
  assert.deepEqual(await models(auditor.call, `&model=q-two${q('model:q-*')}`), ['q-two'])
  assert.deepEqual(await models(auditor.call, `&model=q-two${q('model:q-one')}`), [])
  // Threat: a query of or, to reach what is not one's own.
  assert.deepEqual(await models(mia.call, q('model:q-one or model:q-two')), ['q-two'])
  const { body } = await auditor.call('GET', `/exchanges/facets?values=50${q('model:q-one')}`)
  assert.equal(body.total, 1)
  const seen = body.fields.model.map((one: { value: string }) => one.value)
  assert.ok(seen.includes('q-two'), 'the facet of a field is counted without its own term')
  const refused = await auditor.call('GET', `/exchanges?q=${encodeURIComponent('model:a or')}`)
  assert.equal(refused.status, 422)
  assert.deepEqual(refused.body.errors, [
    { path: 'q, character 11', message: 'Something must follow here. Add field:value.' },
  ])
})

test('the histogram counts what the list holds', async () => {
  const id = await console.chat('h', { model: 'histo' })
  const [row] = (await auditor.call('GET', '/exchanges?model=histo')).body.items
  assert.equal(row.id, id)
  const { body } = await auditor.call(
    'GET',
    `/exchanges/histogram?model=histo&fromMs=${row.receivedAtMs - 100}&toMs=${row.receivedAtMs + 100}&buckets=4`,
  )
  assert.deepEqual(
    body.buckets.map((bucket: { complete: number }) => bucket.complete),
    [0, 0, 1, 0],
  )
  assert.equal(body.bucketMs, 50)
})

test('a member finds, counts and follows only own exchanges', async () => {
  const own = await console.chat('mine', { key: miasKey, model: 'scope' })
  await console.chat('theirs', { model: 'scope' })
  assert.deepEqual(
    (await pages(mia.call, '&model=scope')).map((row) => row.id),
    [own],
  )
  assert.equal((await pages(auditor.call, '&model=scope')).length, 2)
  const facets = await mia.call('GET', '/exchanges/facets')
  assert.deepEqual(
    facets.body.fields.principal.map((one: { value: string }) => one.value),
    ['mia'],
  )
  const spying = await mia.call('GET', '/exchanges?principal=root')
  assert.deepEqual(spying.body.items, [])
  const histogram = await mia.call(
    'GET',
    `/exchanges/histogram?model=scope&fromMs=0&toMs=${Date.now() + 1000}&buckets=1`,
  )
  assert.equal(histogram.body.buckets[0].complete, 1)
})

interface Event {
  readonly event: string
  readonly id: string
  readonly data: string
}

class Live {
  readonly #reader: ReadableStreamDefaultReader<string>
  #text = ''

  private constructor(reader: ReadableStreamDefaultReader<string>) {
    this.#reader = reader
  }

  static async open(token: string, query = '', lastId = ''): Promise<Live> {
    const answer = await fetch(`${console.api}/exchanges/live${query}`, {
      headers: {
        authorization: `Bearer ${token}`,
        ...(lastId === '' ? {} : { 'last-event-id': lastId }),
      },
    })
    assert.equal(answer.status, 200)
    assert.match(answer.headers.get('content-type') ?? '', /^text\/event-stream/)
    const live = new Live(answer.body!.pipeThrough(new TextDecoderStream()).getReader())
    return live
  }

  async next(): Promise<Event> {
    for (;;) {
      const end = this.#text.indexOf('\n\n')
      if (end >= 0) {
        const block = this.#text.slice(0, end)
        this.#text = this.#text.slice(end + 2)
        const field = (name: string): string =>
          new RegExp(`^${name}: ?(.*)$`, 'm').exec(block)?.[1] ?? ''
        if (block.startsWith(':')) continue
        return { event: field('event'), id: field('id'), data: field('data') }
      }
      const { done, value } = await this.#reader.read()
      if (done) throw new Error('the stream ended')
      this.#text += value
    }
  }

  async until(isWanted: (event: Event) => boolean): Promise<Event> {
    for (;;) {
      const event = await this.next()
      if (isWanted(event)) return event
    }
  }

  close(): Promise<void> {
    return this.#reader.cancel()
  }
}

const isComplete = (id: string) => (event: Event) => {
  if (event.event !== 'exchange') return false
  const row = JSON.parse(event.data)
  return row.id === id && row.state === 'complete'
}

test('live tells of an exchange when it has ended, and only of those asked for', async () => {
  const live = await Live.open(auditor.token, '?model=live-*')
  assert.equal((await live.next()).event, 'ready')
  await console.chat('not asked for', { model: 'other' })
  const id = await console.chat('asked for', { model: 'live-1' })
  const event = await live.until(() => true)
  assert.equal(JSON.parse(event.data).id, id)
  await live.close()
})

test('live goes on where it stopped, without a gap and without a repeat', async () => {
  const first = await Live.open(auditor.token, '?model=resume')
  await first.next()
  const a = await console.chat('a', { model: 'resume' })
  const { id: place } = await first.until(isComplete(a))
  await first.close()
  const b = await console.chat('b', { model: 'resume' })
  const c = await console.chat('c', { model: 'resume' })
  const second = await Live.open(auditor.token, '?model=resume', place)
  const ready = await second.next()
  assert.equal(ready.event, 'ready')
  const seen: string[] = []
  for (;;) {
    const event = await second.next()
    const row = JSON.parse(event.data)
    if (row.state === 'complete') seen.push(row.id)
    if (row.id === c && row.state === 'complete') break
  }
  assert.deepEqual(seen, [b, c])
  const d = await console.chat('d', { model: 'resume' })
  const next = await second.until(isComplete(d))
  assert.equal(JSON.parse(next.data).id, d)
  await second.close()
})

test('an event id that no stream gave begins a new stream', async () => {
  const live = await Live.open(auditor.token, '', 'nonsense')
  assert.equal((await live.next()).event, 'ready')
  const id = await console.chat('after nonsense')
  const event = await live.until((one) => one.event !== 'ready')
  assert.equal(event.event, 'exchange')
  assert.equal(JSON.parse(event.data).id, id)
  await live.close()
})

test('a resumed stream that missed too much is told to start over, and goes on', async () => {
  await using store = await openStore({ kind: 'sqlite', folder: console.gateway.folder })
  const exchanges = Array.from({ length: 1001 }, (_, n) => closedRow(n, { model: 'old' }))
  await store.index.apply(batchOf({ exchanges }))
  const live = await Live.open(auditor.token, '?model=new', '1.')
  assert.equal((await live.next()).event, 'ready')
  assert.equal((await live.next()).event, 'reset')
  const id = await console.chat('after reset', { model: 'new' })
  const next = await live.until(isComplete(id))
  assert.equal(JSON.parse(next.data).id, id)
  await live.close()
})

test('a stream ends when its person may no longer follow it', async () => {
  const gone = await console.person('gone', ['auditor'])
  const live = await Live.open(gone.token)
  await live.next()
  const { body } = await console.admin('GET', `/people/${gone.id}`)
  const off = await console.admin('PATCH', `/people/${gone.id}`, {
    body: { disabled: true },
    headers: { 'if-match': body.etag },
  })
  assert.equal(off.status, 200)
  await assert.rejects(
    live.until(() => false),
    /the stream ended/,
  )
})

test('live shows a member nothing of others', async () => {
  const live = await Live.open(mia.token)
  await live.next()
  await console.chat('theirs', { model: 'x' })
  const own = await console.chat('mine', { key: miasKey, model: 'y' })
  const event = await live.next()
  assert.equal(JSON.parse(event.data).id, own)
  assert.equal(JSON.parse(event.data).storedBytes, null)
  await live.close()
})

test('exchanges that declare one id are one conversation, for each principal apart', async () => {
  const headers = { 'x-claude-code-session-id': 'shared-id' }
  const first = await console.chat('one', { headers })
  const second = await console.chat('two', { headers })
  const mine = await console.chat('mine', { headers, key: miasKey })
  const thread = await auditor.call('GET', `/exchanges/${first}/conversation`)
  assert.equal(thread.body.method, 'declared-id')
  assert.deepEqual(
    thread.body.exchanges.map((one: { exchange: Listed }) => one.exchange.id),
    [first, second],
  )
  const own = await mia.call('GET', `/exchanges/${mine}/conversation`)
  assert.equal(own.body.exchanges.length, 1)
  assert.equal((await mia.call('GET', `/conversations/${thread.body.id}`)).status, 404)
  const list = await auditor.call('GET', '/conversations')
  const ids = list.body.items.map((item: { id: string }) => item.id)
  assert.equal(new Set(ids).size, ids.length)
  assert.ok(ids.includes(thread.body.id) && ids.includes(own.body.id))
  const counted = list.body.items.find((item: { id: string }) => item.id === thread.body.id)
  assert.equal(counted.exchanges, 2)
  assert.equal((await mia.call('GET', '/conversations')).body.items.length, 1)
  const alone = await console.chat('alone')
  assert.equal(
    (await auditor.call('GET', `/exchanges/${alone}/conversation`)).body.method,
    'single',
  )
})

test('a proof says that a sound record is sound, and the upstream says how it did', async () => {
  const id = await console.chat('fine')
  const proof = await auditor.call('GET', `/exchanges/${id}/proof`)
  assert.equal(proof.body.verdict, 'sound')
  assert.ok(proof.body.frames.length > 0)
  await console.chat('bad', { model: 'error-500' })
  const { body } = await auditor.call('GET', '/upstreams')
  const openai = body.items.find((item: { name: string }) => item.name === 'openai')
  assert.ok(openai.health.answered > 0)
  assert.equal(openai.health.failed, 1)
  assert.equal(openai.health.lastErrorCode, 'http-500')
  assert.doesNotMatch(JSON.stringify(body), /secret|apiKey|baseUrl/i)
})
