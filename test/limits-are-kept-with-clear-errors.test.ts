import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ERRORS } from '../src/model/errors.ts'
import type { ErrorCode } from '../src/model/errors.ts'
import { startSandbox } from '../src/sandbox/start-sandbox.ts'
import type { Sandbox } from '../src/sandbox/start-sandbox.ts'
import { chatCall, DIALECTS, startDataPlane } from './harness/data-plane.ts'
import type { DataPlane, TestDialect } from './harness/data-plane.ts'
import { dial, readAnswers, talk } from './harness/raw-http.ts'
import type { RawAnswer } from './harness/raw-http.ts'
import { until } from './harness/until.ts'

const CRLF = '\r\n'
const LIMITS = `limits:
  headerBytesMax: 8KiB
  bodyBytesMax: 256KiB
  inspectBytesMax: 128KiB
  jsonDepthMax: 20
  jsonElementsMax: 500
  concurrentExchangesMax: 4
  bufferedBytesMax: 1MiB
`

let sandbox: Sandbox
let gateway: DataPlane
/** The only one that does not wait: on a busy machine what is meant to be quick may be late. */
let hasty: DataPlane

before(async () => {
  sandbox = await startSandbox()
  gateway = await startDataPlane(sandbox.url, { yaml: LIMITS })
  const yaml = 'limits: { headersMs: 300ms, requestIdleMs: 300ms }\n'
  hasty = await startDataPlane(sandbox.url, { yaml })
})

after(async () => {
  await hasty[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
  await sandbox[Symbol.asyncDispose]()
})

const headOf = (path: string, ...headers: string[]): string => headFor(gateway, path, ...headers)

function headFor(to: DataPlane, path: string, ...headers: string[]): string {
  return [
    `POST ${path} HTTP/1.1`,
    'Host: gateway.test',
    `x-api-key: ${to.key}`,
    ...headers,
    '',
    '',
  ].join(CRLF)
}

async function send(bytes: string | Buffer, to = gateway): Promise<RawAnswer> {
  const [only] = (await talk(to.port, bytes)).answers
  assert.ok(only)
  return only
}

async function assertRefused(
  dialect: TestDialect | null,
  answered: RawAnswer,
  code: ErrorCode,
  by = gateway,
): Promise<void> {
  const text = answered.body.toString()
  assert.equal(answered.status, ERRORS[code].status, text)
  assert.ok(text.includes(ERRORS[code].message), text)
  const value = JSON.parse(text)
  if (dialect === 'anthropic') assert.equal(value.error.details.error_code, code)
  else if (dialect === 'gemini') assert.equal(value.error.details[0].reason, code)
  else if (dialect === 'bedrock') assert.ok(answered.headers.has('x-amzn-errortype'))
  else if (dialect === 'ollama') assert.equal(typeof value.error, 'string')
  else assert.equal(value.error.code, code)
  assert.deepEqual(answered.headers.get('x-should-retry'), [String(ERRORS[code].retryable)])
  const record = await by.recorded(answered.headers.get('x-custody-exchange')?.[0] ?? null)
  assert.deepEqual([record.row.errorCode, record.row.status], [code, ERRORS[code].status])
}

const chunked = (body: string): string =>
  `${body.length.toString(16)}${CRLF}${body}${CRLF}0${CRLF}${CRLF}`

test('a body beyond the limit is refused in each dialect, declared or not, and never reaches the provider whole', async () => {
  for (const dialect of DIALECTS) {
    const { path } = chatCall(dialect, false)
    const from = sandbox.received().length
    await assertRefused(dialect, await send(headOf(path, 'Content-Length: 300000')), 'limit.body')
    const body = 'x'.repeat(300_000)
    const answered = await send(headOf(path, 'Transfer-Encoding: chunked') + chunked(body))
    await assertRefused(dialect, answered, 'limit.body')
    assert.ok(
      sandbox
        .received()
        .slice(from)
        .every((one) => one.aborted && one.bodyBytes < 300_000),
    )
  }
})

test('JSON that is too deep, has too many values, or is none is refused with the reason', async () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    [`{"messages":${'['.repeat(25)}${']'.repeat(25)}}`, /inside one another/],
    [`{"messages":[${'1,'.repeat(600)}1]}`, /many|elements|values/],
    ['{"messages":[', /./],
    ['{"a":1,"a":2}', /duplicate|twice/],
    ['{"a":"\xff"}', /./],
    ['{"a":01}', /./],
    ["{'a':1}", /./],
    ['{"a":1}{"b":2}', /./],
  ]
  for (const dialect of DIALECTS) {
    const { path } = chatCall(dialect, false)
    for (const [body, reason] of wrong) {
      const answered = await send(headOf(path, `Content-Length: ${body.length}`) + body)
      await assertRefused(dialect, answered, 'request.bad-json')
      assert.match(answered.body.toString(), reason)
    }
  }
})

test('headers beyond the limit are 431', async () => {
  const { path } = chatCall('openai', false)
  await assertRefused(null, await send(headOf(path, `X: ${'y'.repeat(9000)}`)), 'limit.headers')
  const many = Array.from({ length: 900 }, (_, i) => `X-${i}: yyyyy`)
  await assertRefused(null, await send(headOf(path, ...many)), 'limit.headers')
})

test('headers that do not arrive in time are 408, on the first request and on a later one', async () => {
  const late = await talk(hasty.port, `GET /openai/v1/models HTTP/1.1${CRLF}Host: x${CRLF}`)
  await assertRefused(null, late.answers[0]!, 'request.timeout', hasty)
  assert.ok(late.closed)
  const first = headFor(hasty, '/openai/v1/chat/completions', 'Content-Length: 2') + '{}'
  const talked = await talk(
    hasty.port,
    `${first}GET /openai/v1/models HTTP/1.1${CRLF}Host: x${CRLF}`,
    { answers: 2 },
  )
  assert.equal(talked.answers.length, 2)
  await assertRefused(null, talked.answers[1]!, 'request.timeout', hasty)
})

test('a connection that never says anything is closed', async () => {
  const silent = await talk(hasty.port, '')
  assert.ok(silent.closed)
  const half = await talk(hasty.port, 'PRI * HT')
  assert.ok(half.closed)
})

test('a body that stops arriving is 408 in each dialect, held or streamed', async () => {
  for (const dialect of DIALECTS) {
    const { path } = chatCall(dialect, false)
    const answered = await send(`${headFor(hasty, path, 'Content-Length: 1000')}{"a":`, hasty)
    await assertRefused(dialect, answered, 'request.timeout', hasty)
  }
  const opaque = await send(
    headFor(hasty, '/openai/v1/audio/transcriptions', 'Content-Length: 200000') + 'x'.repeat(1000),
    hasty,
  )
  await assertRefused('openai', opaque, 'request.timeout', hasty)
})

test('a body that arrives slowly and steadily is taken', async () => {
  await using patient = await startDataPlane(sandbox.url, {
    yaml: 'limits: { requestIdleMs: 4s }\n',
  })
  const { path, body } = chatCall('openai', false)
  const socket = await dial(patient.port)
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.write(
    `POST ${path} HTTP/1.1${CRLF}Host: x${CRLF}x-api-key: ${patient.key}${CRLF}Content-Length: ${body.length}${CRLF}${CRLF}`,
  )
  for (const piece of [body.slice(0, 10), body.slice(10, 20), body.slice(20, 30), body.slice(30)]) {
    // Longer than the limit in all.
    await sleep(1_200)
    socket.write(piece)
  }
  await until(() => readAnswers(Buffer.concat(chunks)).some((one) => one !== null))
  socket.destroy()
  assert.equal(readAnswers(Buffer.concat(chunks))[0]?.status, 200)
})

test('more exchanges than may run at once are refused in each dialect, retryable, and places become free again', async () => {
  const held = await Promise.all(Array.from({ length: 4 }, () => dial(gateway.port)))
  const { path, body } = chatCall('openai', true)
  const started = held.map((socket) => {
    socket.write(
      headOf(
        path,
        `x-sandbox-script: ${JSON.stringify({ events: 5_000, intervalMs: 20 })}`,
        `Content-Length: ${body.length}`,
      ) + body,
    )
    return new Promise((resolve) => socket.once('data', resolve))
  })
  await Promise.all(started)
  for (const dialect of DIALECTS) {
    const call = chatCall(dialect, false)
    const answered = await send(
      headOf(call.path, `Content-Length: ${call.body.length}`) + call.body,
    )
    await assertRefused(dialect, answered, 'limit.concurrency')
    assert.deepEqual(answered.headers.get('retry-after'), ['1'])
  }
  for (const socket of held) socket.destroy()
  await gateway.idle()
  const answered = await send(headOf(path, `Content-Length: ${body.length}`) + body)
  assert.equal(answered.status, 200)
})

test('bodies that would not fit into memory together are refused as such, and memory is given back', async () => {
  await using one = await startDataPlane(sandbox.url, {
    yaml: 'limits: { bufferedBytesMax: 1MiB, inspectBytesMax: 800KiB, requestIdleMs: 60s }\n',
  })
  const { path } = chatCall('anthropic', false)
  const head = (length: string): string =>
    [`POST ${path} HTTP/1.1`, 'Host: x', `x-api-key: ${one.key}`, length, '', ''].join(CRLF)
  const first = await dial(one.port)
  first.write(`${head('Content-Length: 700000')}{`)
  await until(async () => (await one.metric('custody_buffered_bytes')) >= 700_000)
  for (const bytes of [
    `${head('Content-Length: 700000')}{`,
    head('Transfer-Encoding: chunked') + chunked(`{"a":"${'x'.repeat(500_000)}"}`),
  ]) {
    const [answered] = (await talk(one.port, bytes)).answers
    assert.equal(answered?.status, 503)
    assert.match(answered.body.toString(), /limit\.memory/)
  }
  first.destroy()
  await one.idle()
  assert.equal(await one.metric('custody_buffered_bytes'), 0)
})
