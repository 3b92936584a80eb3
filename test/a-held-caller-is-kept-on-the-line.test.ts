import assert from 'node:assert/strict'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:http2'
import { after, before, test } from 'node:test'
import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import { Ollama } from 'ollama'
import OpenAI from 'openai'
import { HOLD_POLICY, approvalGateway } from './harness/approval-gateway.ts'
import type { ApprovalGateway } from './harness/approval-gateway.ts'
import type { Clock } from '../src/lib/clock.ts'
import type { RecordedExchange } from '../src/evidence/reader.ts'
import { until } from './harness/until.ts'

const kept = (upstream: string, how: string): string =>
  `  - { name: ${upstream}, match: { upstream: ${upstream} }, approvals: { keepalive: { ${how}, every: 250ms } } }\n`
const YAML = `approvals: { hold: { budget: 15m, pending: retry } }
routes:
${kept('openai', 'streams: comments, wholes: whitespace')}${kept('anthropic', 'streams: pings')}${kept('gemini', 'streams: comments')}${kept('ollama', 'streams: comments')}${kept('azure', 'streams: informational, wholes: informational')}`
/** `project redwing` is waited for no longer than a minute. */
const POLICY = `${HOLD_POLICY.replace(', "project redwing"', '')}  - id: no-redwing
    title: Birds expire
    on: request
    keywords: ["project redwing"]
    then: hold
    stage: enforce
    message: Birds need an approval.
    approval: { expires: 1m }
    tests:
      - name: named in a prompt
        given: { text: "about Project Redwing" }
        expect: hold
`

/** Minutes pass when a test says so. */
let aheadMs = 0
const CLOCK: Clock = {
  nowMs: () => Date.now() + aheadMs,
  monotonicMs: () => performance.now() + aheadMs,
}

let gateway: ApprovalGateway
before(async () => {
  gateway = await approvalGateway({ policy: POLICY, yaml: YAML, clock: CLOCK })
})
after(() => gateway[Symbol.asyncDispose]())

const place = (): { readonly url: string; readonly apiKey: string } => ({
  url: gateway.console.gateway.url,
  apiKey: gateway.console.gateway.key,
})
const user = (content: string) => [{ role: 'user' as const, content }]

/** Texts of the events, once they are read. */
type Begun = () => Promise<string>

interface Client {
  readonly name: string
  /** Resolves when the answer has begun, which it does before anybody decided. */
  readonly stream: (content: string) => Promise<Begun>
}

async function joined<E>(events: AsyncIterable<E>, textOf: (event: E) => string): Promise<string> {
  let text = ''
  for await (const event of events) text += textOf(event)
  return text
}

/**
 * Read from here on: `fetch` cancels a body that nobody reads when its response is collected, and a client that reads at
 * the first event only then finds an answer without an end.
 */
function reading<E>(events: AsyncIterable<E>, textOf: (event: E) => string): Begun {
  const text = joined(events, textOf)
  text.catch(() => undefined)
  return () => text
}

const CLIENTS: readonly Client[] = [
  {
    name: 'openai chat',
    stream: async (content) => {
      const { url, apiKey } = place()
      const client = new OpenAI({ apiKey, baseURL: `${url}/openai/v1` })
      const events = await client.chat.completions.create({
        model: 'echo',
        stream: true,
        messages: user(content),
      })
      return reading(events, (event) => event.choices[0]?.delta.content ?? '')
    },
  },
  {
    name: 'openai responses',
    stream: async (content) => {
      const { url, apiKey } = place()
      const client = new OpenAI({ apiKey, baseURL: `${url}/openai/v1` })
      const events = await client.responses.create({ model: 'echo', stream: true, input: content })
      return reading(events, (event) =>
        event.type === 'response.output_text.delta' ? event.delta : '',
      )
    },
  },
  {
    name: 'anthropic',
    stream: async (content) => {
      const { url, apiKey } = place()
      const client = new Anthropic({ apiKey, baseURL: `${url}/anthropic` })
      const events = await client.messages.create({
        model: 'echo',
        max_tokens: 64,
        stream: true,
        messages: user(content),
      })
      return reading(events, (event) =>
        event.type === 'content_block_delta' && event.delta.type === 'text_delta'
          ? event.delta.text
          : '',
      )
    },
  },
  {
    name: 'gemini',
    stream: async (contents) => {
      const { url, apiKey } = place()
      const client = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: `${url}/gemini` } })
      const events = await client.models.generateContentStream({ model: 'echo', contents })
      return reading(events, (event) => event.text ?? '')
    },
  },
  {
    name: 'ollama',
    stream: async (content) => {
      const { url, apiKey } = place()
      const headers = { authorization: `Bearer ${apiKey}` }
      const client = new Ollama({ host: `${url}/ollama`, headers })
      const events = await client.chat({ model: 'echo', stream: true, messages: user(content) })
      return reading(events, (event) => event.message.content)
    },
  },
]

/** The latest so many, as evidence holds them. */
async function latest(count: number): Promise<readonly RecordedExchange[]> {
  await gateway.console.gateway.app.evidence.flush()
  const { body } = await gateway.console.admin('GET', `/exchanges?limit=${count}`)
  const ids: readonly string[] = body.items.map(({ id }: { id: string }) => id)
  return Promise.all(ids.map((id) => gateway.recorded(id)))
}

async function newest(): Promise<RecordedExchange> {
  return (await latest(1))[0] ?? assert.fail()
}

async function requests(): Promise<number> {
  await gateway.console.gateway.app.evidence.flush()
  return (await gateway.console.admin('GET', '/exchanges?limit=200')).body.items.length
}

/** Requests with the same findings share a card. */
async function decideAll(choice: 'once' | 'deny'): Promise<void> {
  for (const { id } of await gateway.approvals('pending')) await gateway.decide(id, { choice })
}

/** Begins one stream with every client; nobody has decided when all of them have begun. */
async function begunStreams(about: string) {
  return Promise.all(
    CLIENTS.map(async ({ name, stream }) => {
      const content = `about project ${about}, ${name}`
      return { name, content, events: await stream(content) }
    }),
  )
}

test('a stream that is begun while people decide goes on with the answer, and the record shows what was sent before', async () => {
  const sent = gateway.sent().length
  const streams = await begunStreams('bluebird, approved')
  assert.equal(gateway.sent().length, sent)
  await decideAll('once')
  for (const { name, content, events } of streams) assert.equal(await events(), content, name)
  assert.equal(gateway.sent().length, sent + CLIENTS.length)
  for (const { facts, closing, answerHead } of await latest(CLIENTS.length)) {
    const keptAlive = closing?.approval?.keptAlive
    assert.ok(keptAlive !== undefined && keptAlive.times >= 1 && keptAlive.isBegun, facts.surface)
    assert.equal(keptAlive.by, facts.dialect === 'anthropic' ? 'pings' : 'comments')
    assert.ok(keptAlive.firstAfterMs > 0)
    assert.deepEqual(
      [closing?.status, closing?.state, answerHead?.origin],
      [200, 'complete', 'upstream'],
    )
    const [before] = closing?.answerSplices ?? []
    assert.deepEqual([before?.start, before?.end, before?.masks], [0, 0, 0], facts.surface)
  }
})

test('every line that a caller of Ollama is sent is JSON, for clients that parse each of them', async () => {
  const { url, apiKey } = place()
  const content = 'about project bluebird, line by line'
  const answer = await fetch(`${url}/ollama/api/chat`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ model: 'echo', messages: user(content) }),
  })
  const body = answer.text()
  await decideAll('once')
  const lines = (await body).split('\n')
  assert.equal(lines.pop(), '')
  assert.match(lines[0] ?? '', /^ +\{/)
  const pieces: readonly { message: { content: string }; done: boolean }[] = lines.map((line) =>
    JSON.parse(line),
  )
  assert.equal(pieces.map(({ message }) => message.content).join(''), content)
  assert.deepEqual(
    pieces.map(({ done }) => done),
    pieces.map((_, at) => at === pieces.length - 1),
  )
})

test('denied or expired behind the first byte, each SDK raises the reason once, and nothing was sent', async () => {
  const sent = gateway.sent().length
  for (const [bird, said, code] of [
    ['bluebird', /was not approved/, 'approval.denied'],
    ['redwing', /approved this request in time/, 'approval.expired'],
  ] as const) {
    const before = await requests()
    const streams = await begunStreams(`${bird}, refused`)
    if (bird === 'bluebird') await decideAll('deny')
    else aheadMs += 61_000
    for (const { name, events } of streams)
      await assert.rejects(events(), (error: Error) => {
        assert.match(`${error.message} ${JSON.stringify(error)}`, said, name)
        return true
      })
    assert.equal((await requests()) - before, CLIENTS.length)
    for (const { facts, closing, answerHead, answerChunks } of await latest(CLIENTS.length)) {
      assert.deepEqual(
        [closing?.status, closing?.errorCode, closing?.outcome, closing?.upstreamStatus],
        [200, code, 'refused', null],
        facts.surface,
      )
      assert.deepEqual([answerHead?.status, answerHead?.origin], [200, 'gateway'], facts.surface)
      const shown = Buffer.concat(answerChunks.map(({ bytes }) => bytes))
      assert.equal(shown.length, closing?.releasedBytes, facts.surface)
      assert.match(shown.toString(), said, facts.surface)
      assert.equal(answerChunks.length, 1 + (closing?.approval?.keptAlive?.times ?? 0))
    }
  }
  assert.equal(gateway.sent().length, sent)
})

interface Raw {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly hints: readonly string[]
  readonly isCut: boolean
}

/** One chat over a plain connection; `begun` is called at the head and at each hint. */
function raw(
  path: string,
  body: object,
  headers: Readonly<Record<string, string>>,
  begun: () => void,
): Promise<Raw> {
  const { url, apiKey } = place()
  return new Promise((resolve, reject) => {
    const hints: string[] = []
    const call = request(url + path, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        ...headers,
      },
    })
    call.on('information', ({ statusCode, headers: told }) => {
      hints.push(`${statusCode} ${String(told['link'])}`)
      begun()
    })
    call.on('error', reject)
    call.on('response', (answer) => {
      begun()
      const chunks: Buffer[] = []
      const over = (isCut: boolean): void =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: Buffer.concat(chunks).toString(),
          hints,
          isCut,
        })
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () => over(false))
      answer.on('error', () => over(true))
    })
    call.end(JSON.stringify(body))
  })
}

const CHAT = '/v1/chat/completions'
const chat = (content: string, stream = false, model = 'echo') => ({
  model,
  stream,
  messages: user(content),
})

test('a whole answer stands behind blanks, and is the JSON that the provider sent', async () => {
  let isBegun = false
  const call = raw(`/openai${CHAT}`, chat('about project bluebird, blanks'), {}, () => {
    isBegun = true
  })
  const { id } = await gateway.pending()
  await until(() => isBegun)
  await gateway.decide(id, { choice: 'once' })
  const answer = await call
  assert.equal(answer.status, 200)
  assert.match(answer.body, /^ +\{/)
  assert.match(JSON.parse(answer.body).choices[0].message.content, /bluebird, blanks/)
  assert.equal((await newest()).closing?.approval?.keptAlive?.by, 'whitespace')
})

test('denied behind blanks, the connection breaks; no SDK takes it for an answer, and the next attempt reads why', async () => {
  const sent = gateway.sent().length
  const { url, apiKey } = place()
  const client = new OpenAI({ apiKey, baseURL: `${url}/openai/v1` })
  let begun = 0
  const noting: typeof fetch = async (...call) => {
    const answer = await fetch(...call)
    begun += 1
    return answer
  }
  const chatWith = { model: 'echo', messages: user('about project bluebird, broken') }
  const call = client.withOptions({ fetch: noting }).chat.completions.create(chatWith)
  call.catch(() => undefined)
  const { id } = await gateway.pending()
  await until(() => begun > 0)
  await gateway.decide(id, { choice: 'deny' })
  await assert.rejects(call)
  await assert.rejects(client.chat.completions.create(chatWith), /^Error: 400 .*was not approved/)
  assert.equal(gateway.sent().length, sent)
})

test('what the provider says instead of what was begun ends the stream with a reason', async () => {
  let isBegun = false
  const call = raw(
    `/openai${CHAT}`,
    chat('about project bluebird, busy', true, 'error-429'),
    {},
    () => {
      isBegun = true
    },
  )
  const { id } = await gateway.pending()
  await until(() => isBegun)
  await gateway.decide(id, { choice: 'once' })
  const answer = await call
  assert.match(answer.body, /^: waiting for approval\n\n/)
  assert.match(answer.body, /"code":"upstream\.unlike-begun"/)
  assert.match(answer.body, /Its status was 429/)
  const { closing } = await newest()
  assert.deepEqual(
    [closing?.status, closing?.upstreamStatus, closing?.errorCode],
    [200, 429, 'upstream.unlike-begun'],
  )
})

test('informational answers come at most four times and cost nothing: the denial is a status with a body', async () => {
  let hints = 0
  const call = raw(`/azure${CHAT}`, chat('about project bluebird, hinted'), {}, () => {
    hints += 1
  })
  const { id } = await gateway.pending()
  await until(() => hints >= 4)
  await gateway.decide(id, { choice: 'deny' })
  const answer = await call
  assert.equal(answer.status, 400)
  assert.match(answer.body, /was not approved/)
  assert.equal(answer.hints.length, 4)
  assert.match(answer.hints[0] ?? '', /^103 <http:\S+\/requests\/[\w-]{24}>; rel=status$/)
  const { closing } = await newest()
  assert.deepEqual([closing?.status, closing?.approval?.keptAlive?.isBegun], [400, false])
})

test('nothing is said to clients that would take it for the answer, and nothing before the interval is over', async () => {
  for (const [path, headers, stream] of [
    [`/azure${CHAT}`, { 'user-agent': 'python-requests/2.28' }, true],
    // Streams only are kept on this route.
    ['/anthropic/v1/messages', {}, false],
  ] as const) {
    let told = 0
    const content = `about project bluebird, silent ${path}`
    const call = raw(path, { ...chat(content, stream), max_tokens: 64 }, headers, () => {
      told += 1
    })
    const { id } = await gateway.pending()
    // Another caller that is told something meanwhile shows that time has passed.
    let others = 0
    const other = raw(`/azure${CHAT}`, chat(`about project bluebird, beside ${path}`), {}, () => {
      others += 1
    })
    await until(() => others >= 2)
    assert.equal(told, 0, path)
    for (const one of await gateway.approvals('pending'))
      await gateway.decide(one.id, { choice: 'deny' })
    assert.equal((await call).status, 400, id)
    assert.equal((await other).status, 400)
    assert.equal((await newest()).closing?.status, 400)
  }
  const quick = gateway.ask('about project bluebird, quick', { stream: true })
  await gateway.decide((await gateway.pending()).id, { choice: 'deny' })
  const answer = await quick
  // Where the machine was too slow for that, the same is said in the stream.
  assert.ok(answer.status === 400 || answer.text.includes('approval.denied'))
})

test('Claude Code reads a refusal behind pings as the words of the model: it shows no error of a stream', async () => {
  let isBegun = false
  const agent = { 'user-agent': 'claude-cli/2.1.332', 'anthropic-version': '2023-06-01' }
  const content = 'about project bluebird, spoken'
  const call = raw(
    '/anthropic/v1/messages',
    { ...chat(content, true), max_tokens: 9 },
    agent,
    () => {
      isBegun = true
    },
  )
  await gateway.pending()
  await until(() => isBegun)
  await decideAll('deny')
  const { body, isCut } = await call
  assert.match(body, /^event: ping\ndata: \{"type":"ping"\}\n\n/)
  assert.match(body, /The gateway ended this answer: This request was not approved/)
  assert.match(body, /"type":"message_stop"\}\n\n$/)
  assert.ok(!isCut && !body.includes('event: error'))
})

test('on HTTP/2 the informational answer is a header block of its own', async () => {
  const session = connect(place().url)
  try {
    const call = session.request({
      ':method': 'POST',
      ':path': `/azure${CHAT}`,
      authorization: `Bearer ${place().apiKey}`,
      'content-type': 'application/json',
    })
    const hints: (number | undefined)[] = []
    call.on('headers', ({ ':status': status }) => hints.push(status))
    const status = new Promise((resolve) =>
      call.on('response', (headers) => resolve(headers[':status'])),
    )
    call.resume()
    call.end(JSON.stringify(chat('about project bluebird, framed')))
    await gateway.pending()
    await until(() => hints.length > 0)
    await decideAll('once')
    assert.equal(await status, 200)
    assert.ok(hints.every((hint) => hint === 103))
  } finally {
    session.close()
  }
})
