import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as fc from 'fast-check'
import { startDataPlane } from './harness/data-plane.ts'
import type { DataPlane } from './harness/data-plane.ts'
import { talk } from './harness/raw-http.ts'
import type { RawAnswer } from './harness/raw-http.ts'
import { answer, scriptedUpstream } from './harness/scripted-upstream.ts'
import type { ScriptedUpstream } from './harness/scripted-upstream.ts'

const CRLF = '\r\n'
const JSON_ANSWER = answer(
  '200 OK',
  { 'content-type': 'application/json' },
  '{"object":"chat.completion"}',
)

let upstream: ScriptedUpstream
let gateway: DataPlane
/** What the upstream answers next. */
let reply: Buffer = JSON_ANSWER
let closesAfter = false

before(async () => {
  upstream = await scriptedUpstream((socket) => {
    socket.write(reply)
    if (closesAfter) socket.end()
  })
  gateway = await startDataPlane(upstream.url)
})

after(async () => {
  await gateway[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

async function send(
  line: string,
  headers: readonly string[],
  body: Buffer = Buffer.alloc(0),
): Promise<RawAnswer> {
  const head = [line, 'Host: gateway.test', `x-api-key: ${gateway.key}`, ...headers, '', ''].join(
    CRLF,
  )
  const talked = await talk(gateway.port, Buffer.concat([Buffer.from(head, 'latin1'), body]))
  const [only] = talked.answers
  assert.ok(only, `an answer to ${line}`)
  return only
}

const lengthOf = (body: Buffer): string => `Content-Length: ${body.length}`
const CHAT = 'POST /openai/v1/chat/completions HTTP/1.1'
const OPAQUE = 'POST /openai/v1/audio/transcriptions HTTP/1.1'

test('headers reach the provider in order, spelling and repetition, whatever they say', async () => {
  const passed = [
    'User-Agent: tests/1 (odd; comment) x=y',
    'anthropic-beta: b-2026-01-01,a-2025-01-01, ,b-2026-01-01',
    'ANTHROPIC-Version: 2023-06-01',
    'anthropic-beta: second-line',
    'OpenAI-Organization: org',
    'openai-beta: responses_websockets=2026-02-06',
    'X-Unknown: a, b;c="d"',
    'x-unknown: again',
    'X-Empty:',
    'X-Latin: caf\xe9 \xff',
    'X-Stainless-Retry-Count: 0',
    'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    'Content-Type: application/json; charset="utf-8"',
    'Accept-Encoding: gzip;q=0.5, *;q=0',
    'x-goog-api-client: gl-node/24',
    "x!#$%&'*+-.^_`|~: token characters",
  ]
  const removed = [
    'Cookie: session=1',
    'X-Forwarded-For: 1.2.3.4',
    'X-Forwarded-Host: internal.test',
    'X_Forwarded_Host: internal.test',
    'Forwarded: host=internal.test',
    'X-Original-URL: /admin',
    'X-Rewrite-URL: /admin',
    'X-HTTP-Method-Override: DELETE',
    'Keep-Alive: timeout=1',
    'TE: trailers',
    'X-Custody-Service: billing',
    'Proxy-Authorization: Basic eA==',
    'Transfer_Encoding: chunked',
    'Content_Length: 1',
  ]
  const mixed = passed.flatMap((line, i) => (i < removed.length ? [line, removed[i]!] : [line]))
  const body = Buffer.from('{"model":"m","messages":[]}')
  await send(CHAT, [...mixed, lengthOf(body)], body)
  const seen = upstream.seen.at(-1)!
  const lines = seen.head.split(CRLF)
  const arrived = lines
    .slice(1)
    .filter((line) => !/^(?:host|connection|content-length):/i.test(line))
  assert.deepEqual(
    arrived.map((line) => line.replace(/: ?/, ':').trimEnd()),
    passed.map((line) => line.replace(/: ?/, ':').trimEnd()),
  )
  assert.deepEqual(seen.body, body)
})

test('headers named by Connection stay on their own connection, and cannot take framing or credentials along', async () => {
  const body = Buffer.from('{"model":"m","messages":[]}')
  const named = 'Connection: X-Hop, x-api-key, content-length, host, keep-alive, X-Custody-Exchange'
  const answered = await send(CHAT, [named, 'X-Hop: 1', 'X-Stay: 2', lengthOf(body)], body)
  assert.equal(answered.status, 200)
  const { head, body: arrived } = upstream.seen.at(-1)!
  assert.ok(!/x-hop/i.test(head) && /^X-Stay: 2/m.test(head) && !head.includes('cst_'))
  assert.deepEqual(arrived, body)
})

test('any bytes reach the provider and evidence unchanged on a surface that is not read', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), fc.boolean(), async (bytes, isChunked) => {
      const body = Buffer.from(bytes)
      const answered = isChunked
        ? await send(
            OPAQUE,
            ['Transfer-Encoding: chunked'],
            Buffer.concat([
              ...[body.subarray(0, body.length >> 1), body.subarray(body.length >> 1)]
                .filter((piece) => piece.length > 0)
                .flatMap((piece) => [
                  Buffer.from(`${piece.length.toString(16)}${CRLF}`),
                  piece,
                  Buffer.from(CRLF),
                ]),
              Buffer.from(`0${CRLF}${CRLF}`),
            ]),
          )
        : await send(OPAQUE, [lengthOf(body)], body)
      assert.equal(answered.status, 200)
      assert.deepEqual(upstream.seen.at(-1)!.body, body)
      const record = await gateway.recorded(answered.headers.get('x-custody-exchange')![0]!)
      assert.deepEqual(record.requestBody ?? Buffer.alloc(0), body)
      assert.deepEqual(record.problems, [])
    }),
    { numRuns: 40 },
  )
})

/** Spells a JSON value with odd white space, escapes and number forms. */
function spelt(value: unknown, odd: () => number): string {
  const gap = (): string => ['', ' ', '\n', '\t\r\n ', ''][odd() % 5]!
  if (typeof value === 'string') {
    const text = Array.from(value)
      .map((c) => {
        const plain = JSON.stringify(c).slice(1, -1)
        if (odd() % 3 > 0) return plain
        return [...Array(c.length).keys()]
          .map((i) => `\\u${c.charCodeAt(i).toString(16).padStart(4, '0')}`)
          .join('')
      })
      .join('')
    return `"${text}"`
  }
  if (typeof value === 'number' && !Number.isInteger(value)) return String(value)
  if (typeof value === 'number' && Math.abs(value) < 1e9)
    return [`${value}`, `${value}e0`, `${value}.0`, `${value}.00E+0`][odd() % 4]!
  if (Array.isArray(value))
    return `[${value.map((one) => gap() + spelt(one, odd) + gap()).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const fields = Object.entries(value).map(
      ([name, one]) => `${gap()}${spelt(name, odd)}${gap()}:${gap()}${spelt(one, odd)}${gap()}`,
    )
    return `{${fields.join(',')}}`
  }
  return String(value)
}

test('any spelling of JSON reaches the provider and evidence unchanged on a surface that is read', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'grapheme' }),
      fc.array(fc.string({ unit: 'binary' }), { maxLength: 4 }),
      fc.jsonValue({ maxDepth: 3 }),
      fc.infiniteStream(fc.nat({ max: 59 })),
      async (system, texts, metadata, numbers) => {
        const odd = (): number => numbers.next().value
        const text = spelt(
          {
            messages: [
              { role: 'system', content: system },
              ...texts.map((content) => ({ content, role: 'user' })),
            ],
            model: 'gpt-x',
            seed: 12,
            user_metadata: JSON.parse(
              JSON.stringify(metadata).replaceAll('"__proto__":', '"proto":'),
            ),
          },
          odd,
        )
        const body = Buffer.from(text.toWellFormed())
        const answered = await send(CHAT, [lengthOf(body)], body)
        assert.equal(answered.status, 200, answered.body.toString())
        assert.deepEqual(upstream.seen.at(-1)!.body, body)
        const record = await gateway.recorded(answered.headers.get('x-custody-exchange')![0]!)
        assert.deepEqual(record.requestBody, body)
        assert.equal(record.row.model, 'gpt-x')
        assert.deepEqual(record.problems, [])
      },
    ),
    { numRuns: 40 },
  )
})

test('an answer comes back byte for byte with every header line it had, repeated ones too', async () => {
  const body = Buffer.from([...Array(256).keys()])
  const lines = [
    'Content-Type: application/octet-stream',
    'X-RateLimit-Remaining: 3',
    'Set-Cookie: a=1',
    'Set-Cookie: b=2',
    'Retry-After: 1',
    'Retry-After: 2',
    'Date: Mon, 23 Nov 2026 00:00:00 GMT',
    'X-Latin: caf\xe9',
    'Server: provider',
    'Server: again',
  ]
  reply = Buffer.concat([
    Buffer.from(
      `HTTP/1.1 200 Fine${CRLF}${[...lines, 'X-Custody-Exchange: forged', 'Keep-Alive: timeout=5', 'Connection: X-Hop', 'X-Hop: 1', `Content-Length: ${body.length}`].join(CRLF)}${CRLF}${CRLF}`,
      'latin1',
    ),
    body,
  ])
  const asked = [
    'GET /openai/v1/files/f/content HTTP/1.1',
    'Host: gateway.test',
    `x-api-key: ${gateway.key}`,
  ]
  const talked = await talk(gateway.port, [...asked, '', ''].join(CRLF))
  const [answered] = talked.answers
  assert.deepEqual(answered?.body, body)
  const head = talked.bytes.toString('latin1', 0, talked.bytes.indexOf('\r\n\r\n')).split(CRLF)
  const own = /^(?:connection|keep-alive|content-length|x-custody-exchange):/i
  assert.deepEqual(
    head.slice(1).filter((line) => !own.test(line)),
    lines,
  )
  const ids = answered.headers.get('x-custody-exchange')!
  assert.equal(ids.length, 1)
  const record = await gateway.recorded(ids[0]!)
  assert.deepEqual(Buffer.concat(record.answerChunks.map(({ bytes }) => bytes)), body)
})

test('answers without a body, with trailers, by closing, and of any status come through as they are', async () => {
  const asked = (method: string): Promise<RawAnswer> =>
    send(`${method} /openai/v1/models/m HTTP/1.1`, [])
  reply = Buffer.from(`HTTP/1.1 204 No Content${CRLF}x-a: 1${CRLF}${CRLF}`)
  assert.equal((await asked('DELETE')).status, 204)
  reply = Buffer.from(
    `HTTP/1.1 304 Not Modified${CRLF}etag: "x"${CRLF}content-length: 10${CRLF}${CRLF}`,
  )
  const unmodified = await asked('GET')
  assert.equal(unmodified.status, 304)
  assert.deepEqual(unmodified.headers.get('etag'), ['"x"'])
  for (const status of [
    201, 203, 206, 299, 301, 302, 307, 308, 400, 401, 404, 418, 429, 500, 503, 529, 599,
  ]) {
    reply = answer(`${status}`, { location: 'http://internal.test/', 'x-a': '1' }, 'body')
    const answered = await asked('GET')
    assert.deepEqual([answered.status, answered.body.toString()], [status, 'body'])
    assert.deepEqual(answered.headers.get('location'), ['http://internal.test/'])
    const record = await gateway.recorded(answered.headers.get('x-custody-exchange')![0]!)
    assert.equal(record.row.state, 'complete')
    assert.equal(record.closing?.upstreamStatus, status)
  }
  reply = Buffer.from(
    `HTTP/1.1 200 OK${CRLF}transfer-encoding: chunked${CRLF}trailer: x-t${CRLF}${CRLF}2${CRLF}hi${CRLF}0${CRLF}x-t: 1${CRLF}${CRLF}`,
  )
  assert.equal((await asked('GET')).body.toString(), 'hi')
  closesAfter = true
  reply = Buffer.from(`HTTP/1.1 200 OK${CRLF}connection: close${CRLF}${CRLF}until the end`)
  assert.equal((await asked('GET')).body.toString(), 'until the end')
  closesAfter = false
  const head = await talk(
    gateway.port,
    `HEAD /openai/v1/models HTTP/1.1${CRLF}Host: x${CRLF}x-api-key: ${gateway.key}${CRLF}Connection: close${CRLF}${CRLF}`,
  )
  assert.match(
    head.bytes.toString(),
    /^HTTP\/1\.1 (?:200|404|405)[^]*x-custody-exchange: ex_[^]*\r\n\r\n$/,
  )
  reply = JSON_ANSWER
})

test('redirects and informational answers are neither followed nor taken for the answer', async () => {
  reply = Buffer.concat([
    Buffer.from(
      `HTTP/1.1 103 Early Hints${CRLF}link: </x>${CRLF}${CRLF}HTTP/1.1 102 Processing${CRLF}${CRLF}`,
    ),
    JSON_ANSWER,
  ])
  const from = upstream.seen.length
  const body = Buffer.from('{"model":"m","messages":[]}')
  const answered = await send(CHAT, [lengthOf(body)], body)
  assert.equal(answered.status, 200)
  assert.equal(answered.headers.get('link'), undefined)
  assert.equal(upstream.seen.length, from + 1)
  reply = JSON_ANSWER
})

test('every answer names its exchange, also those the gateway makes itself', async () => {
  const lines: readonly (readonly [string, readonly string[], number])[] = [
    ['GET /nowhere HTTP/1.1', [], 404],
    ['PROPFIND /openai/v1/models HTTP/1.1', [], 405],
    ['GET /openai/v1/models HTTP/1.1', ['Connection: Upgrade', 'Upgrade: websocket'], 426],
    ['GET /openai/../x HTTP/1.1', [], 400],
    ['GET /openai/v1/models HTTP/1.1', [`X: ${'x'.repeat(80_000)}`], 431],
    ['GET /openai/v1/models HTTP/1.1', ['Content-Length: x'], 400],
    ['GET /openai/v1/models HTTP/1.1', ['x-goog-api-key: cst_other'], 401],
    [CHAT, ['Content-Length: 1'], 400],
  ]
  for (const [line, headers, status] of lines) {
    const answered = await send(line, headers, Buffer.from('x'))
    assert.equal(answered.status, status, line)
    const ids = answered.headers.get('x-custody-exchange')
    assert.equal(ids?.length, 1, line)
    const record = await gateway.recorded(ids[0]!)
    assert.equal(record.closing?.status, status)
  }
})

test('the head of a stream reaches the caller before the provider has said its first word', async () => {
  const spoken = Promise.withResolvers<void>()
  await using silent = await scriptedUpstream((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n')
    void spoken.promise.then(() => socket.end('data: {"choices":[]}\n\ndata: [DONE]\n\n'))
  })
  await using one = await startDataPlane(silent.url)
  // Resolves with the head; with a head that waited for the body, nobody would ever go on.
  const answer = await fetch(`${one.url}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { 'x-api-key': one.key, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'x', stream: true, messages: [{ role: 'user', content: 'x' }] }),
    signal: AbortSignal.timeout(20_000),
  })
  assert.equal(answer.status, 200)
  spoken.resolve()
  assert.match(await answer.text(), /\[DONE\]/)
})
