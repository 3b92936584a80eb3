import assert from 'node:assert/strict'
import { request } from 'node:http'
import type { Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  brotliCompressSync,
  createGzip,
  deflateRawSync,
  deflateSync,
  gunzipSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib'
import { chatCall, DIALECTS, startDataPlane } from './harness/data-plane.ts'
import type { DataPlane } from './harness/data-plane.ts'
import { heldMemory } from './harness/held-memory.ts'
import { dial, talk } from './harness/raw-http.ts'
import type { RawAnswer } from './harness/raw-http.ts'
import { startSandbox } from '../src/sandbox/start-sandbox.ts'
import type { Sandbox } from '../src/sandbox/start-sandbox.ts'
import { answer, chunk, scriptedUpstream } from './harness/scripted-upstream.ts'
import { until } from './harness/until.ts'

const CRLF = '\r\n'

let sandbox: Sandbox
let gateway: DataPlane

before(async () => {
  sandbox = await startSandbox()
  gateway = await startDataPlane(sandbox.url, { yaml: 'limits: { inspectBytesMax: 1MiB }\n' })
})

after(async () => {
  await gateway[Symbol.asyncDispose]()
  await sandbox[Symbol.asyncDispose]()
})

async function post(
  one: DataPlane,
  path: string,
  body: Buffer,
  ...headers: string[]
): Promise<RawAnswer> {
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: x',
    `x-api-key: ${one.key}`,
    ...headers,
    `Content-Length: ${body.length}`,
    '',
    '',
  ]
  const talked = await talk(one.port, Buffer.concat([Buffer.from(head.join(CRLF)), body]))
  const [only] = talked.answers
  assert.ok(only)
  return only
}

const CODINGS: readonly (readonly [string, (bytes: Buffer) => Buffer])[] = [
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['GZip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
  ['identity', (bytes) => bytes],
]

test('a compressed request is recorded and sent on as it came, and its model and keys are read', async () => {
  await using one = await scriptedUpstream((socket) =>
    socket.write(answer('200 OK', { 'content-type': 'application/json' }, '{}')),
  )
  await using plane = await startDataPlane(one.url)
  for (const dialect of ['openai', 'anthropic', 'ollama'] as const) {
    const call = chatCall(dialect, true, `model-of-${dialect}`)
    for (const [coding, compress] of CODINGS) {
      const body = compress(Buffer.from(call.body))
      const answered = await post(plane, call.path, body, `Content-Encoding: ${coding}`)
      assert.equal(answered.status, 200, answered.body.toString())
      assert.deepEqual(one.seen.at(-1)!.body, body)
      assert.match(one.seen.at(-1)!.head, new RegExp(`^Content-Encoding: ${coding}$`, 'm'))
      const record = await plane.recorded(answered.headers.get('x-custody-exchange')![0]!)
      assert.deepEqual(record.requestBody, body)
      assert.equal(record.row.model, `model-of-${dialect}`)
      assert.equal(record.row.stream, true)
      assert.deepEqual(record.problems, [])
    }
  }
})

test('what does not decode, decodes to too much, or is stacked or unknown is refused before anything is sent', async () => {
  const from = sandbox.received().length
  const { path, body } = chatCall('openai', false)
  const plain = Buffer.from(body)
  const bomb = Buffer.alloc(50_000_000, 32)
  const wrong: readonly (readonly [string, Buffer, number, string])[] = [
    ['gzip', plain, 400, 'request.bad-encoding'],
    ['gzip', gzipSync(plain).subarray(0, -9), 400, 'request.bad-encoding'],
    ['br', Buffer.from([255, 255, 255]), 400, 'request.bad-encoding'],
    ['zstd', gzipSync(plain), 400, 'request.bad-encoding'],
    ['deflate', deflateRawSync(plain), 400, 'request.bad-encoding'],
    ['gzip', gzipSync(bomb), 400, 'request.bad-encoding'],
    ['br', brotliCompressSync(bomb), 400, 'request.bad-encoding'],
    ['zstd', zstdCompressSync(bomb), 400, 'request.bad-encoding'],
    ['deflate', deflateSync(bomb), 400, 'request.bad-encoding'],
    ['gzip', gzipSync(gzipSync(plain)), 400, 'request.bad-json'],
    ['gzip', gzipSync(Buffer.from('{"a":1,"a":2}')), 400, 'request.bad-json'],
    ['gzip, gzip', gzipSync(gzipSync(plain)), 415, 'request.unsupported-encoding'],
    ['gzip, identity', gzipSync(plain), 415, 'request.unsupported-encoding'],
    ['gzip, br', brotliCompressSync(gzipSync(plain)), 415, 'request.unsupported-encoding'],
    ['compress', plain, 415, 'request.unsupported-encoding'],
    ['aws-chunked', plain, 415, 'request.unsupported-encoding'],
    ['__proto__', plain, 415, 'request.unsupported-encoding'],
    ['constructor', plain, 415, 'request.unsupported-encoding'],
  ]
  const before = await heldMemory()
  for (const [coding, bytes, status, code] of wrong) {
    const answered = await post(gateway, path, bytes, `Content-Encoding: ${coding}`)
    assert.equal(answered.status, status, `${coding}: ${answered.body.toString()}`)
    assert.equal(JSON.parse(answered.body.toString()).error.code, code, coding)
  }
  assert.ok((await heldMemory()) - before < 30_000_000)
  const two = await post(
    gateway,
    path,
    gzipSync(plain),
    'Content-Encoding: gzip',
    'Content-Encoding: gzip',
  )
  assert.equal(two.status, 415)
  assert.equal(sandbox.received().length, from)
})

test('a compressed answer comes back as it was sent, and its usage is read, whole and streamed, in every dialect', async () => {
  for (const dialect of DIALECTS) {
    for (const stream of [false, true]) {
      const { path, body } = chatCall(dialect, stream)
      const asked =
        dialect === 'openai' ? body.replace('{', '{"stream_options":{"include_usage":true},') : body
      const answered = await post(
        gateway,
        path,
        Buffer.from(asked),
        `x-sandbox-script: ${JSON.stringify({ encoding: 'gzip', events: 5 })}`,
      )
      assert.equal(answered.status, 200)
      assert.deepEqual(answered.headers.get('content-encoding'), ['gzip'])
      const sent = sandbox.answerOf(sandbox.received().at(-1)!.seq)
      assert.deepEqual(answered.body, sent)
      const record = await gateway.recorded(answered.headers.get('x-custody-exchange')![0]!)
      assert.equal(record.row.state, 'complete')
      assert.deepEqual(Buffer.concat(record.answerChunks.map(({ bytes }) => bytes)), sent)
      assert.ok((record.row.outputTokens ?? 0) > 0, `${dialect} ${stream}: usage`)
    }
  }
})

test('the terminal event of a compressed stream is not given away before the record is closed', async () => {
  const events = ['one', 'two', 'three'].map(
    (content) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`,
  )
  const gzip = createGzip()
  const pieces: Buffer[] = []
  for (const event of [...events, 'data: [DONE]\n\n']) {
    const got: Buffer[] = []
    const collect = (bytes: Buffer): void => void got.push(bytes)
    gzip.on('data', collect)
    gzip.write(event)
    await new Promise<void>((resolve) => gzip.flush(() => resolve()))
    gzip.off('data', collect)
    pieces.push(Buffer.concat(got))
  }
  const connected = Promise.withResolvers<Socket>()
  await using slow = await scriptedUpstream((socket) => {
    socket.write(
      `HTTP/1.1 200 OK${CRLF}content-type: text/event-stream${CRLF}content-encoding: gzip${CRLF}transfer-encoding: chunked${CRLF}${CRLF}`,
    )
    connected.resolve(socket)
  })
  await using one = await startDataPlane(slow.url)
  const { path, body } = chatCall('openai', true)
  const socket = await dial(one.port)
  const chunks: Buffer[] = []
  socket.on('data', (bytes) => chunks.push(bytes))
  socket.write(
    `POST ${path} HTTP/1.1${CRLF}Host: x${CRLF}x-api-key: ${one.key}${CRLF}Content-Length: ${body.length}${CRLF}${CRLF}${body}`,
  )
  const seen = (): string => {
    const bytes = Buffer.concat(chunks)
    const parts: Buffer[] = []
    if (!bytes.includes(CRLF + CRLF)) return ''
    for (let at = bytes.indexOf(CRLF + CRLF) + 4; at < bytes.length;) {
      const end = bytes.indexOf(CRLF, at)
      const size = Number.parseInt(bytes.toString('latin1', at, end), 16)
      if (!(size > 0)) break
      parts.push(bytes.subarray(end + 2, end + 2 + size))
      at = end + 4 + size
    }
    return gunzipSync(Buffer.concat(parts), { finishFlush: 2 }).toString()
  }
  const provider = await connected.promise
  for (const [at, piece] of pieces.slice(0, -1).entries()) {
    provider.write(chunk(piece))
    await until(() => seen() === events.slice(0, at + 1).join(''))
  }
  // The provider has sent everything but its end; so the record is open, and the terminal event waits.
  provider.write(chunk(pieces.at(-1)!))
  await sleep(100)
  assert.equal(seen(), events.join(''))
  assert.equal(await one.metric('custody_exchanges_in_progress'), 1)
  provider.write(`0${CRLF}${CRLF}`)
  await one.idle()
  await until(() => seen().includes('[DONE]'))
  assert.equal(seen(), [...events, 'data: [DONE]\n\n'].join(''))
  socket.destroy()
  assert.equal((await one.rows())[0]?.state, 'complete')
})

test('an answer that says it is compressed and is not is passed on and recorded, without being held in memory', async () => {
  const size = 30_000_000
  const junk = Buffer.alloc(size, 'not gzip at all ')
  await using wrong = await scriptedUpstream((socket) => {
    socket.write(
      `HTTP/1.1 200 OK${CRLF}content-type: text/event-stream${CRLF}content-encoding: gzip${CRLF}content-length: ${size}${CRLF}${CRLF}`,
    )
    socket.write(junk)
  })
  await using one = await startDataPlane(wrong.url)
  const { path, body } = chatCall('openai', true)
  const received = await new Promise<Buffer>((resolve, reject) => {
    request(
      `${one.url}${path}`,
      { method: 'POST', headers: { 'x-api-key': one.key } },
      (answered) => {
        const chunks: Buffer[] = []
        answered.on('data', (bytes: Buffer) => chunks.push(bytes))
        answered.on('end', () => resolve(Buffer.concat(chunks)))
      },
    )
      .on('error', reject)
      .end(body)
  })
  assert.ok(received.equals(junk))
  assert.equal((await one.rows())[0]?.state, 'complete')
})
