import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import { parseEventStream } from '../src/dialects/framing/aws-eventstream.ts'
import { ERRORS } from '../src/model/errors.ts'
import type { ErrorCode } from '../src/model/errors.ts'
import { startSandbox } from '../src/sandbox/start-sandbox.ts'
import { chatCall, DIALECTS, startDataPlane } from './harness/data-plane.ts'
import type { DataPlane, TestDialect } from './harness/data-plane.ts'
import { talk } from './harness/raw-http.ts'
import type { RawTalk } from './harness/raw-http.ts'
import { answer, chunk, scriptedUpstream } from './harness/scripted-upstream.ts'
import type { ScriptedUpstream, UpstreamScript } from './harness/scripted-upstream.ts'

const CRLF = '\r\n'
const QUIET_MS = 300

let upstream: ScriptedUpstream
let gateway: DataPlane
/** The only one that does not wait: on a busy machine what is meant to be quick may be late. */
let hasty: DataPlane
let upstreams = ''
let script: UpstreamScript = () => undefined
const streams = new Map<TestDialect, { readonly type: string; readonly body: Buffer }>()
const held = new AsyncDisposableStack()

before(async () => {
  upstream = held.use(await scriptedUpstream((socket, request) => script(socket, request)))
  const folder = await mkdtemp(join(tmpdir(), 'custody-tls-'))
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  execFileSync(
    'openssl',
    `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -keyout ${keyFile} -out ${certFile}`.split(
      ' ',
    ),
    { stdio: 'ignore' },
  )
  const selfSigned = createTlsServer(
    { cert: await readFile(certFile), key: await readFile(keyFile) },
    (socket) => socket.on('error', () => undefined).resume(),
  )
  await rm(folder, { recursive: true })
  const selfSignedPort = await portOf(selfSigned)
  held.defer(() => new Promise<void>((resolve) => selfSigned.close(() => resolve())))
  const plain = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.resume().end(`HTTP/1.1 400 Bad Request${CRLF}${CRLF}`)
  })
  const plainPort = await portOf(plain)
  held.defer(() => new Promise<void>((resolve) => plain.close(() => resolve())))
  const urls = {
    live: upstream.url,
    // Nobody listens there; a port that was free a moment ago may be taken by another test.
    closed: 'http://127.0.0.1:1',
    unresolved: 'http://no-such-host.invalid',
    cleartext: `https://127.0.0.1:${plainPort}`,
    selfsigned: `https://127.0.0.1:${selfSignedPort}`,
  }
  const lines = DIALECTS.flatMap((dialect) =>
    Object.entries(urls).map(
      ([kind, url]) => `  ${dialect}-${kind}: { dialect: ${dialect}, baseUrl: '${url}' }`,
    ),
  )
  upstreams = `upstreams:\n${lines.join('\n')}\n`
  gateway = held.use(await startDataPlane('', { upstreams }))
  hasty = held.use(
    await startDataPlane('', { upstreams, yaml: `limits: { idleMs: ${QUIET_MS}ms }\n` }),
  )
  await using sandbox = await startSandbox()
  for (const dialect of DIALECTS) {
    const { path, body } = chatCall(dialect, true)
    const direct = await fetch(sandbox.url + path.replace(`/${dialect}`, ''), {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'x-sandbox-script': '{"events":8}' },
    })
    assert.equal(direct.status, 200)
    const type = direct.headers.get('content-type') ?? ''
    streams.set(dialect, { type, body: Buffer.from(await direct.arrayBuffer()) })
  }
})

after(() => held.disposeAsync())

async function portOf(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.address() as AddressInfo
  return port
}

function ask(dialect: TestDialect, kind: string, stream: boolean, by = gateway): Promise<RawTalk> {
  const { path, body } = chatCall(dialect, stream)
  const target = path.replace(`/${dialect}/`, `/${dialect}-${kind}/`)
  return talk(
    by.port,
    [
      `POST ${target} HTTP/1.1`,
      'Host: gateway.test',
      `x-api-key: ${by.key}`,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join(CRLF),
  )
}

/** The error as the client of that dialect finds it in a body. */
function errorIn(dialect: TestDialect, body: Buffer): { message: string; code?: string } {
  const value = JSON.parse(body.toString())
  switch (dialect) {
    case 'openai':
      return { message: value.error.message, code: value.error.code }
    case 'anthropic':
      assert.equal(value.type, 'error')
      return { message: value.error.message, code: value.error.details.error_code }
    case 'gemini':
      return { message: value.error.message, code: value.error.details[0].reason }
    case 'bedrock':
      return { message: value.message }
    case 'ollama':
      return { message: value.error }
  }
}

/** The error event behind `sent` in a stream. */
function eventBehind(dialect: TestDialect, sent: Buffer, received: Buffer): { message: string } {
  assert.deepEqual(received.subarray(0, sent.length), sent, 'what was sent came first')
  const rest = received.subarray(sent.length)
  if (dialect === 'ollama') return errorIn(dialect, rest)
  if (dialect === 'bedrock') {
    const { messages, problem } = parseEventStream(rest)
    assert.equal(problem, null)
    assert.equal(messages.length, 1)
    return errorIn(dialect, messages[0]!.payload)
  }
  const text = rest.toString()
  if (dialect === 'anthropic') assert.match(text, /^event: error\n/)
  return errorIn(dialect, Buffer.from(/^data: (.*?)\r?\n/m.exec(text)?.[1] ?? ''))
}

/** Answered in the provider's place, before anything of its answer was given away. */
async function assertReplaced(
  dialect: TestDialect,
  talked: RawTalk,
  code: ErrorCode,
): Promise<void> {
  const [answered] = talked.answers
  assert.ok(answered, `${dialect} ${code}: an answer`)
  const error = errorIn(dialect, answered.body)
  assert.ok(
    error.message.startsWith(ERRORS[code].message),
    `${dialect}: ${error.message}, not ${code}`,
  )
  if (error.code !== undefined) assert.equal(error.code, code)
  assert.equal(answered.status, ERRORS[code].status)
  assert.deepEqual(answered.headers.get('x-should-retry'), [String(ERRORS[code].retryable)])
  const record = await gateway.recorded(answered.headers.get('x-custody-exchange')?.[0] ?? null)
  assert.equal(record.row.state, 'complete')
  assert.equal(record.closing?.outcome, 'gateway-error')
  assert.equal(record.row.errorCode, code)
  assert.deepEqual(record.problems, [])
}

test('a provider that cannot be reached or spoken to is named as such in every dialect', async () => {
  for (const dialect of DIALECTS) {
    for (const stream of [false, true]) {
      await assertReplaced(dialect, await ask(dialect, 'closed', stream), 'upstream.refused')
      await assertReplaced(dialect, await ask(dialect, 'unresolved', stream), 'upstream.unresolved')
      await assertReplaced(dialect, await ask(dialect, 'selfsigned', stream), 'upstream.tls')
    }
    await assertReplaced(dialect, await ask(dialect, 'cleartext', false), 'upstream.tls')
  }
})

const head = (type: string, framing: string): string =>
  `HTTP/1.1 200 OK${CRLF}content-type: ${type}${CRLF}${framing}${CRLF}${CRLF}`

test('an answer that breaks before its end is replaced by an error while the caller has had nothing', async () => {
  const ways: readonly (readonly [string, ErrorCode, (socket: Socket) => void])[] = [
    ['closes at once', 'upstream.reset', (socket) => socket.end()],
    ['resets at once', 'upstream.reset', (socket) => socket.resetAndDestroy()],
    ['closes in the head', 'upstream.reset', (socket) => socket.end(`HTTP/1.1 200 OK${CRLF}x: `)],
    ['another protocol', 'upstream.protocol', (socket) => socket.end(`SSH-2.0-x${CRLF}`)],
    ['bad status line', 'upstream.protocol', (socket) => socket.end(`HTTP/1.1 abc${CRLF}${CRLF}`)],
    [
      'two framings',
      'upstream.protocol',
      (socket) =>
        socket.write(
          head('application/json', `transfer-encoding: chunked${CRLF}content-length: 2`) + '{}',
        ),
    ],
    [
      'two lengths',
      'upstream.reset',
      (socket) =>
        socket.write(head('application/json', `content-length: 2${CRLF}content-length: 3`) + '{}'),
    ],
    [
      'header too large',
      'upstream.protocol',
      (socket) => socket.write(head('application/json', `x: ${'y'.repeat(100_000)}`)),
    ],
    [
      'shorter than promised',
      'upstream.reset',
      (socket) => socket.end(head('application/json', 'content-length: 100') + '{"a":'),
    ],
    [
      'chunked without end',
      'upstream.reset',
      (socket) =>
        socket.end(
          head('application/json', 'transfer-encoding: chunked') + chunk('{"a":').toString(),
        ),
    ],
    [
      'bad chunk size',
      'upstream.protocol',
      (socket) =>
        socket.write(`${head('application/json', 'transfer-encoding: chunked')}zz${CRLF}{}`),
    ],
    ['silent', 'upstream.timeout', () => undefined],
    [
      'silent after the head',
      'upstream.idle',
      (socket) => socket.write(`${head('application/json', 'content-length: 100')}{`),
    ],
    [
      'switches protocols',
      'upstream.reset',
      (socket) =>
        socket.write(
          `HTTP/1.1 101 Switching Protocols${CRLF}upgrade: x${CRLF}connection: upgrade${CRLF}${CRLF}`,
        ),
    ],
  ]
  const yaml = `limits: { firstByteMs: ${QUIET_MS}ms }\n`
  await using waiting = await startDataPlane('', { upstreams, yaml })
  for (const [i, [name, code, way]] of ways.entries()) {
    // One dialect each; the table of dialects is gone through above.
    const dialect = DIALECTS[i % DIALECTS.length]!
    script = way
    const by = code === 'upstream.timeout' ? waiting : code === 'upstream.idle' ? hasty : gateway
    const [answered] = (await ask(dialect, 'live', false, by)).answers
    assert.ok(answered, name)
    assert.ok(
      errorIn(dialect, answered.body).message.startsWith(ERRORS[code].message),
      `${name}: ${answered.body.toString()}`,
    )
    assert.equal(answered.status, ERRORS[code].status, name)
    const record = await by.recorded(answered.headers.get('x-custody-exchange')![0]!)
    assert.equal(record.row.errorCode, code, name)
    assert.equal(record.closing?.outcome, 'gateway-error', name)
  }
})

/** Offsets at which an event of the stream ends. */
function eventEnds(dialect: TestDialect, body: Buffer): number[] {
  const ends: number[] = []
  if (dialect === 'bedrock') {
    for (let at = 0; at < body.length; at += body.readUInt32BE(at))
      ends.push(at + body.readUInt32BE(at))
    return ends
  }
  const mark = dialect === 'ollama' ? '\n' : body.includes('\r\n\r\n') ? '\r\n\r\n' : '\n\n'
  for (let at = body.indexOf(mark); at !== -1; at = body.indexOf(mark, at + 1))
    ends.push(at + mark.length)
  return ends
}

const streamHead = (type: string): string => head(type, 'transfer-encoding: chunked')

async function interrupted(talked: RawTalk, code: ErrorCode, answerBytes: number): Promise<void> {
  const id = /x-custody-exchange: (ex_\w+)/.exec(talked.bytes.toString('latin1'))?.[1] ?? null
  const by = code === 'upstream.idle' ? hasty : gateway
  await by.idle()
  const record = await by.recorded(id)
  assert.equal(record.row.state, 'interrupted')
  assert.equal(record.closing?.outcome, 'upstream-failed')
  assert.equal(record.row.errorCode, code)
  assert.equal(record.closing.answerBytes, answerBytes)
  assert.deepEqual(record.problems, [])
}

for (const dialect of DIALECTS) {
  test(`${dialect}: a stream that breaks between two events ends with an error event that its client raises`, async () => {
    const { type, body } = streams.get(dialect)!
    const sent = body.subarray(0, eventEnds(dialect, body)[1])
    const ways: readonly (readonly [ErrorCode, (socket: Socket) => void])[] = [
      ['upstream.reset', (socket) => socket.end()],
      ['upstream.idle', () => undefined],
      ['upstream.protocol', (socket) => socket.write(`zz${CRLF}`)],
    ]
    for (const [code, way] of ways) {
      script = (socket) => {
        socket.write(streamHead(type))
        socket.write(chunk(sent), () => setTimeout(() => way(socket), 10))
      }
      const talked = await ask(dialect, 'live', true, code === 'upstream.idle' ? hasty : gateway)
      const [answered] = talked.answers
      assert.ok(answered, `${code}: a whole answer`)
      assert.equal(answered.status, 200)
      const { message } = eventBehind(dialect, sent, answered.body)
      assert.ok(message.startsWith(ERRORS[code].message), `${message}, not ${code}`)
      await interrupted(talked, code, sent.length)
    }
  })

  test(`${dialect}: a stream that breaks inside an event never ends like a whole one`, async () => {
    const { type, body } = streams.get(dialect)!
    const ends = eventEnds(dialect, body)
    const whole = body.subarray(0, ends[1])
    for (const extra of [1, 5, ends[2]! - ends[1]! - 2]) {
      const sent = body.subarray(0, ends[1]! + extra)
      for (const [code, ending] of [
        ['upstream.reset', ''],
        ['upstream.protocol', `0${CRLF}${CRLF}`],
      ] as const) {
        script = (socket) => {
          socket.write(streamHead(type))
          socket.write(chunk(sent), () => setTimeout(() => socket.end(ending), 10))
        }
        const talked = await ask(dialect, 'live', true)
        const [answered] = talked.answers
        // Either the error event stands behind the last whole event, or the connection was cut.
        if (answered === null || answered === undefined) assert.ok(talked.closed)
        else eventBehind(dialect, whole, answered.body)
        await interrupted(talked, code, sent.length)
      }
    }
  })

  test(`${dialect}: the provider's own errors pass through as answers`, async () => {
    for (const status of [400, 401, 403, 429, 500, 503, 529]) {
      const body = '{"error":{"message":"from the provider"}}'
      script = (socket) =>
        socket.write(answer(`${status} X`, { 'content-type': 'application/json' }, body))
      const talked = await ask(dialect, 'live', true)
      const [answered] = talked.answers
      assert.deepEqual([answered?.status, answered?.body.toString()], [status, body])
      const record = await gateway.recorded(answered!.headers.get('x-custody-exchange')![0]!)
      assert.deepEqual([record.row.state, record.closing?.outcome], ['complete', 'answered'])
    }
  })
}

test('a Bedrock message with a bad checksum is not passed on; an exception stands in its place', async () => {
  const { type, body } = streams.get('bedrock')!
  const ends = eventEnds('bedrock', body)
  for (const at of [ends[1]! - 1, ends[0]! + 9, ends[0]! + 30]) {
    const spoiled = Buffer.from(body)
    spoiled[at] = spoiled[at]! ^ 1
    script = (socket) =>
      socket.write(Buffer.concat([Buffer.from(streamHead(type)), chunk(spoiled)]))
    const talked = await ask('bedrock', 'live', true)
    const [answered] = talked.answers
    assert.ok(answered)
    const { message } = eventBehind('bedrock', body.subarray(0, ends[0]), answered.body)
    assert.ok(message.startsWith(ERRORS['upstream.protocol'].message))
    await interrupted(talked, 'upstream.protocol', spoiled.length)
  }
})

test('no error event is written into a stream whose length was declared', async () => {
  const { type, body } = streams.get('openai')!
  const sent = body.subarray(0, eventEnds('openai', body)[1])
  script = (socket) => {
    socket.write(head(type, `content-length: ${body.length}`))
    socket.write(sent, () => setTimeout(() => socket.end(), 10))
  }
  const talked = await ask('openai', 'live', true)
  assert.deepEqual([talked.answers.at(-1), talked.closed], [null, true])
  await interrupted(talked, 'upstream.reset', sent.length)
})

test('an answer that comes before the upload is finished is given to the caller, who may go on to the next', async () => {
  const size = 300_000
  await using early = await scriptedUpstream((socket) => {
    socket.write(
      answer('413 Too Large', { 'content-type': 'application/json' }, '{"error":"early"}'),
    )
  }, 'head')
  await using one = await startDataPlane(early.url)
  const talked = await talk(
    one.port,
    Buffer.concat([
      Buffer.from(
        `POST /openai/v1/audio/transcriptions HTTP/1.1${CRLF}Host: x${CRLF}x-api-key: ${one.key}${CRLF}Content-Length: ${size}${CRLF}${CRLF}`,
      ),
      Buffer.alloc(size / 2),
    ]),
  )
  const [answered] = talked.answers
  assert.deepEqual([answered?.status, answered?.body.toString()], [413, '{"error":"early"}'])
  await one.idle()
  const record = await one.recorded(answered!.headers.get('x-custody-exchange')![0]!)
  assert.equal(record.closing?.upstreamStatus, 413)
  assert.deepEqual(record.problems, [])
})

test('a provider that fails in the middle of an upload leaves the caller connected and answered', async () => {
  await using failing = await scriptedUpstream((socket) => socket.resetAndDestroy(), 'head')
  await using one = await startDataPlane(failing.url)
  const size = 300_000
  const talked = await talk(
    one.port,
    Buffer.concat([
      Buffer.from(
        `POST /openai/v1/audio/transcriptions HTTP/1.1${CRLF}Host: x${CRLF}x-api-key: ${one.key}${CRLF}Content-Length: ${size}${CRLF}${CRLF}`,
      ),
      Buffer.alloc(size),
      Buffer.from(`GET /openai/nothing HTTP/1.1${CRLF}Host: x${CRLF}${CRLF}`),
    ]),
    { answers: 2 },
  )
  assert.deepEqual(
    talked.answers.map((one) => one?.status),
    [502, 401],
  )
})
