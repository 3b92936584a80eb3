import assert from 'node:assert/strict'
import { connect as connectHttp2 } from 'node:http2'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startSandbox } from '../src/sandbox/start-sandbox.ts'
import { openStore } from '../src/store/store.ts'
import { chatCall, startDataPlane } from './harness/data-plane.ts'
import { dial, readAnswers } from './harness/raw-http.ts'

const CRLF = '\r\n'

interface Connection {
  readonly write: (text: string) => void
  readonly bytes: () => Buffer
  readonly first: Promise<void>
  readonly closed: Promise<void>
}

async function connection(port: number): Promise<Connection> {
  const socket = await dial(port)
  const chunks: Buffer[] = []
  const { promise: first, resolve } = Promise.withResolvers<void>()
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    resolve()
  })
  const closed = new Promise<void>((done) => socket.once('close', () => done()))
  return {
    write: (text) => void socket.write(text),
    bytes: () => Buffer.concat(chunks),
    first,
    closed,
  }
}

function request(key: string, script: object): string {
  const { path, body } = chatCall('openai', true)
  return (
    `POST ${path} HTTP/1.1${CRLF}Host: gateway.test${CRLF}x-api-key: ${key}${CRLF}` +
    `x-sandbox-script: ${JSON.stringify(script)}${CRLF}Content-Length: ${body.length}${CRLF}${CRLF}${body}`
  )
}

async function statesIn(folder: string): Promise<readonly (readonly [string, string | null])[]> {
  await using store = await openStore({ kind: 'sqlite', folder })
  const rows = await store.index.list({ limit: 100 })
  return rows.map(({ state, errorCode }) => [state, errorCode] as const)
}

test('streams that run at shutdown are given to their end, and what comes meanwhile is told to try elsewhere', async () => {
  await using sandbox = await startSandbox()
  const folder = await mkdtemp(join(tmpdir(), 'custody-drain-'))
  try {
    const gateway = await startDataPlane(sandbox.url, { folder })
    const streams = await Promise.all([1, 2, 3].map(() => connection(gateway.port)))
    const waiting = await connection(gateway.port)
    for (const one of streams) one.write(request(gateway.key, { events: 120, intervalMs: 25 }))
    // A connection with a request half sent is in use, so it is not closed as idle.
    const late = request(gateway.key, {})
    waiting.write(late.slice(0, 20))
    const http2 = connectHttp2(gateway.url)
    const { path, body } = chatCall('anthropic', true)
    const stream = http2.request({
      ':method': 'POST',
      ':path': path,
      'x-api-key': gateway.key,
      'x-sandbox-script': JSON.stringify({ events: 120, intervalMs: 25 }),
    })
    stream.end(body)
    let over2 = ''
    stream.on('data', (chunk: Buffer) => {
      over2 += chunk.toString()
    })
    const ended2 = new Promise<void>((resolve) => stream.once('close', () => resolve()))
    await Promise.all([
      ...streams.map((one) => one.first),
      new Promise((resolve) => stream.once('data', resolve)),
    ])
    const down = gateway[Symbol.asyncDispose]()
    waiting.write(late.slice(20))
    await waiting.first
    const [refused] = readAnswers(waiting.bytes())
    assert.equal(refused?.status, 503)
    assert.equal(JSON.parse(refused.body.toString()).error.code, 'limit.draining')
    assert.deepEqual(refused.headers.get('x-should-retry'), ['true'])
    assert.deepEqual(refused.headers.get('retry-after'), ['1'])
    assert.deepEqual(refused.headers.get('connection'), ['close'])
    await down
    await Promise.all(streams.map((one) => one.closed))
    await ended2
    http2.destroy()
    for (const one of streams) {
      const [answered] = readAnswers(one.bytes())
      assert.ok(answered?.body.toString().endsWith('data: [DONE]\n\n'), 'the whole stream came')
    }
    assert.match(over2, /message_stop/)
    const states = await statesIn(join(folder, 'data'))
    assert.deepEqual(
      states.toSorted(),
      [
        ...Array.from({ length: 4 }, () => ['complete', null]),
        ['refused', 'limit.draining'],
      ].toSorted(),
    )
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('what has not ended when the drain time is over is cut, and its record is closed before the process ends', async () => {
  await using sandbox = await startSandbox()
  const folder = await mkdtemp(join(tmpdir(), 'custody-drain-'))
  try {
    const gateway = await startDataPlane(sandbox.url, {
      folder,
      yaml: 'limits: { drainMs: 100ms }\n',
    })
    const streams = await Promise.all([1, 2, 3].map(() => connection(gateway.port)))
    for (const one of streams) one.write(request(gateway.key, { events: 5_000, intervalMs: 20 }))
    await Promise.all(streams.map((one) => one.first))
    // The streams would go on for 100 s.
    const before = performance.now()
    await gateway[Symbol.asyncDispose]()
    assert.ok(performance.now() - before < 60_000)
    await Promise.all(streams.map((one) => one.closed))
    for (const one of streams) assert.deepEqual(readAnswers(one.bytes()), [null])
    assert.deepEqual(
      await statesIn(join(folder, 'data')),
      Array.from({ length: 3 }, () => ['interrupted', 'request.aborted']),
    )
  } finally {
    await rm(folder, { recursive: true })
  }
})
