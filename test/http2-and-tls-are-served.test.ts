import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect as connectHttp2, constants } from 'node:http2'
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2'
import { request as httpsRequest } from 'node:https'
import { connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { startSandbox } from '../src/sandbox/start-sandbox.ts'
import type { Sandbox } from '../src/sandbox/start-sandbox.ts'
import { chatCall, startDataPlane } from './harness/data-plane.ts'
import type { DataPlane } from './harness/data-plane.ts'
import { talk } from './harness/raw-http.ts'

let sandbox: Sandbox
let gateway: DataPlane
let secure: DataPlane
let certificate: Buffer

before(async () => {
  sandbox = await startSandbox()
  const folder = await mkdtemp(join(tmpdir(), 'custody-tls-'))
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  execFileSync(
    'openssl',
    `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout ${keyFile} -out ${certFile}`.split(
      ' ',
    ),
    { stdio: 'ignore' },
  )
  certificate = await readFile(certFile)
  gateway = await startDataPlane(sandbox.url)
  secure = await startDataPlane(sandbox.url, {
    yaml: `tls: { certFile: '${certFile}', keyFile: '${keyFile}' }\n`,
  })
  await rm(folder, { recursive: true })
})

after(async () => {
  await gateway[Symbol.asyncDispose]()
  await secure[Symbol.asyncDispose]()
  await sandbox[Symbol.asyncDispose]()
})

interface Http2Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Buffer
  readonly rstCode: number
}

function open(
  session: ClientHttp2Session,
  key: string,
  path: string,
  more: Record<string, string> = {},
) {
  return session.request({ ':method': 'POST', ':path': path, 'x-api-key': key, ...more })
}

function read(stream: ClientHttp2Stream): Promise<Http2Answer> {
  return new Promise((resolve) => {
    let headers: Record<string, unknown> = {}
    const chunks: Buffer[] = []
    stream.on('response', (received) => {
      headers = received
    })
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', () => undefined)
    stream.on('close', () =>
      resolve({
        status: Number(headers[':status'] ?? 0),
        headers,
        body: Buffer.concat(chunks),
        rstCode: stream.rstCode ?? -1,
      }),
    )
  })
}

function chat(session: ClientHttp2Session, key: string, stream: boolean): Promise<Http2Answer> {
  const { path, body } = chatCall('openai', stream)
  const opened = open(session, key, path)
  opened.end(body)
  return read(opened)
}

async function close(session: ClientHttp2Session): Promise<void> {
  if (session.destroyed) return
  await new Promise<void>((resolve) => session.close(() => resolve()))
}

test('a client with prior knowledge runs 200 streams at once on one clear-text connection', async () => {
  const session = connectHttp2(gateway.url)
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, i) => chat(session, gateway.key, i % 2 === 0)),
  )
  await close(session)
  for (const [i, { status, body, headers }] of answers.entries()) {
    assert.equal(status, 200)
    assert.match(String(headers['x-custody-exchange']), /^ex/)
    assert.match(body.toString(), /hello/)
    if (i % 2 === 0) assert.ok(body.toString().endsWith('data: [DONE]\n\n'))
  }
  const record = await gateway.recorded(String(answers[0]!.headers['x-custody-exchange']))
  assert.equal(record.facts.received.httpVersion, '2')
  assert.deepEqual(record.facts.received.headers[0], [':method', 'POST'])
  assert.equal(record.row.state, 'complete')
})

test('over TLS, ALPN gives HTTP/2 and HTTP/1.1 on one port, and a client without ALPN gets HTTP/1.1', async () => {
  const session = connectHttp2(secure.url, { ca: certificate, servername: 'localhost' })
  const over2 = await chat(session, secure.key, true)
  assert.equal(over2.status, 200)
  await close(session)
  const { path, body } = chatCall('anthropic', false)
  const over1 = await new Promise<number>((resolve, reject) => {
    httpsRequest(
      `${secure.url}${path}`,
      {
        method: 'POST',
        ca: certificate,
        servername: 'localhost',
        agent: false,
        headers: { 'x-api-key': secure.key },
      },
      (answer) => {
        answer.resume()
        answer.on('end', () => resolve(answer.statusCode ?? 0))
      },
    )
      .on('error', reject)
      .end(body)
  })
  assert.equal(over1, 200)
  const bare = connectTls({ port: secure.port, ca: certificate, servername: 'localhost' })
  const text = await new Promise<string>((resolve) => {
    bare.on('data', (chunk: Buffer) => resolve(chunk.toString()))
    bare.write(`GET /openai/v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  })
  bare.destroy()
  assert.match(text, /^HTTP\/1\.1 401 /)
})

test('TLS older than 1.2 and clear text on the TLS port do not get through', async () => {
  const failed = await new Promise<boolean>((resolve) => {
    const old = connectTls({
      port: secure.port,
      ca: certificate,
      servername: 'localhost',
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
    })
    old.on('error', () => resolve(true))
    old.on('secureConnect', () => resolve(false))
  })
  assert.ok(failed)
  const clear = await talk(secure.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  assert.ok(clear.closed)
})

test('a stream that the caller resets aborts the upstream call and closes the record as interrupted', async () => {
  const session = connectHttp2(gateway.url)
  const { path, body } = chatCall('openai', true, 'echo-slow')
  const stream = open(session, gateway.key, path, {
    'x-sandbox-script': JSON.stringify({ events: 5_000, intervalMs: 20 }),
  })
  stream.on('error', () => undefined)
  stream.end(body)
  const id = await new Promise<string>((resolve) =>
    stream.on('response', (headers) => resolve(String(headers['x-custody-exchange']))),
  )
  await new Promise((resolve) => stream.once('data', resolve))
  stream.close(constants.NGHTTP2_CANCEL)
  await gateway.idle()
  const record = await gateway.recorded(id)
  assert.equal(record.row.state, 'interrupted')
  assert.equal(record.closing?.outcome, 'caller-aborted')
  assert.ok(record.closing.answerBytes > 0)
  assert.deepEqual(record.problems, [])
  // The connection lives on for its other streams.
  assert.equal((await chat(session, gateway.key, false)).status, 200)
  await close(session)
})

test('a connection that ends with GOAWAY or without closes the records of all its streams', async () => {
  for (const end of ['goaway', 'destroy'] as const) {
    const session = connectHttp2(gateway.url)
    session.on('error', () => undefined)
    const { path, body } = chatCall('openai', true, 'echo-slow')
    const ids = await Promise.all(
      Array.from({ length: 5 }, () => {
        const stream = open(session, gateway.key, path, {
          'x-sandbox-script': JSON.stringify({ events: 5_000, intervalMs: 20 }),
        })
        stream.on('error', () => undefined)
        stream.end(body)
        return new Promise<string>((resolve) =>
          stream.on('response', (headers) => resolve(String(headers['x-custody-exchange']))),
        )
      }),
    )
    if (end === 'goaway') session.goaway(constants.NGHTTP2_NO_ERROR)
    await sleep(5)
    session.destroy()
    await gateway.idle()
    for (const id of ids) assert.equal((await gateway.recorded(id)).row.state, 'interrupted')
  }
})

test('headers beyond the limit end the stream or the connection, and the next one is served', async () => {
  for (const [count, size] of [
    [1, 70_000],
    [40, 2000],
    [3000, 10],
  ] as const) {
    const session = connectHttp2(gateway.url)
    session.on('error', () => undefined)
    const many: Record<string, string> = {}
    for (let i = 0; i < count; i += 1) many[`x-h-${i}`] = 'v'.repeat(size)
    const stream = open(session, gateway.key, '/openai/v1/models', many)
    stream.end()
    const answer = await read(stream)
    assert.notEqual(answer.status, 200, `${count} headers of ${size} bytes`)
    session.destroy()
  }
  const session = connectHttp2(gateway.url)
  assert.equal((await chat(session, gateway.key, false)).status, 200)
  await close(session)
})

test('HTTP/2 requests that HTTP/1.1 could read in two ways are refused', async () => {
  const session = connectHttp2(gateway.url)
  const from = sandbox.received().length
  const cases: readonly (readonly [Record<string, string>, number])[] = [
    [{ ':authority': 'gateway.test', host: 'internal.test' }, 400],
    [{ ':path': 'http://internal.test/openai/v1/models' }, 400],
    [{ ':path': '//internal.test/openai/v1/models' }, 400],
    [{ ':path': '/openai/v1/../v1/models' }, 400],
    [{ ':method': 'TRACE' }, 405],
    [{ ':method': 'post' }, 405],
    [{ expect: '200-maybe' }, 400],
  ]
  for (const [headers, status] of cases) {
    const stream = session.request({
      ':method': 'GET',
      ':path': '/openai/v1/models',
      'x-api-key': gateway.key,
      ...headers,
    })
    stream.end()
    const answer = await read(stream)
    // The protocol library resets some of them before they are requests.
    if (answer.status === 0) {
      assert.equal(answer.rstCode, constants.NGHTTP2_PROTOCOL_ERROR)
      continue
    }
    assert.equal(answer.status, status, JSON.stringify(headers))
    assert.match(String(answer.headers['x-custody-exchange']), /^ex/)
  }
  const tunnel = session.request({ ':method': 'CONNECT', ':authority': 'internal.test:443' })
  tunnel.end()
  const answer = await read(tunnel)
  assert.equal(answer.status, 405)
  assert.match(String(answer.headers['x-custody-exchange']), /^ex/)
  assert.equal(sandbox.received().length, from)
  await close(session)
})

const frame = (type: number, flags: number, stream: number, payload: Buffer): Buffer => {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}
/** HPACK literals without indexing (RFC 7541 6.2.2). */
function literals(headers: readonly (readonly string[])[]): Buffer {
  const text = (value: string): Buffer =>
    Buffer.concat([Buffer.from([value.length]), Buffer.from(value)])
  return Buffer.concat(
    headers.flatMap(([name = '', value = '']) => [Buffer.from([0]), text(name), text(value)]),
  )
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** Resolves once the server has closed the connection, or after a minute. */
async function abuse(bytes: readonly Buffer[]): Promise<boolean> {
  const socket = connectTcp({ port: gateway.port, host: '127.0.0.1' })
  socket.on('error', () => undefined)
  const closed = new Promise<boolean>((resolve) => {
    socket.on('close', () => resolve(true))
    setTimeout(() => resolve(false), 60_000).unref()
  })
  socket.resume()
  for (const piece of bytes) {
    if (socket.destroyed) break
    if (!socket.write(piece))
      await new Promise<void>((resolve) => {
        socket.once('drain', () => resolve())
        socket.once('close', () => resolve())
      })
  }
  const isClosed = await closed
  socket.destroy()
  return isClosed
}

test('CONTINUATION floods, rapid resets, settings and ping floods and garbage frames end that connection only', async () => {
  const settings = frame(4, 0, 0, Buffer.alloc(0))
  const fragment = Buffer.from([0x82, 0x86, 0x84])
  const continuation = [PREFACE, settings, frame(1, 0, 1, fragment)]
  for (let i = 0; i < 5000; i += 1) continuation.push(frame(9, 0, 1, Buffer.alloc(100, 0x82)))
  assert.ok(await abuse(continuation), 'CONTINUATION without end')

  const resets = [PREFACE, settings]
  for (let i = 0; i < 8000; i += 1) {
    const id = 1 + 2 * i
    resets.push(frame(1, 5, id, fragment), frame(3, 0, id, Buffer.from([0, 0, 0, 8])))
  }
  assert.ok(await abuse(resets), 'rapid reset')
  assert.ok(
    await abuse([PREFACE, settings, frame(0, 0, 5, Buffer.from('x'))]),
    'data on an idle stream',
  )
  assert.ok(await abuse([PREFACE, Buffer.alloc(4096, 0xff)]), 'garbage')
  await abuse([
    PREFACE,
    settings,
    ...Array.from({ length: 20_000 }, () => frame(6, 0, 0, Buffer.alloc(8))),
  ])
  const session = connectHttp2(gateway.url)
  assert.equal((await chat(session, gateway.key, true)).status, 200)
  await close(session)
  await gateway.idle()
})

test('an upload that is reset or lost halfway is never taken for a whole body', async () => {
  const from = sandbox.received().length
  // Written as frames: Node's own client ends the stream before it resets it.
  for (const path of ['/openai/v1/audio/transcriptions', '/openai/v1/chat/completions']) {
    for (const end of [
      frame(3, 0, 1, Buffer.from([0, 0, 0, 8])),
      frame(3, 0, 1, Buffer.alloc(4)),
      null,
    ]) {
      const socket = connectTcp({ port: gateway.port, host: '127.0.0.1' })
      socket.on('error', () => undefined)
      socket.resume()
      const headers = [
        [':method', 'POST'],
        [':scheme', 'http'],
        [':path', path],
        [':authority', 'gateway.test'],
        ['x-api-key', gateway.key],
      ]
      socket.write(
        Buffer.concat([
          PREFACE,
          frame(4, 0, 0, Buffer.alloc(0)),
          frame(1, 4, 1, literals(headers)),
        ]),
      )
      // A whole JSON document, so that only the missing end of the stream speaks against it.
      socket.write(frame(0, 0, 1, Buffer.from('{"model":"echo","messages":[]}'.padEnd(16_000))))
      await gateway.busy()
      if (end === null) socket.resetAndDestroy()
      else socket.write(end)
      await gateway.idle()
      socket.destroy()
      const row = (await gateway.rows()).at(-1)
      assert.equal(row?.state, 'interrupted')
      assert.equal(row.errorCode, 'request.aborted')
    }
  }
  for (const one of sandbox.received().slice(from)) assert.ok(one.aborted && !one.finished)
})

test('an offer to upgrade to h2c on HTTP/1.1 is served as HTTP/1.1', async () => {
  const { path, body } = chatCall('openai', false)
  const talked = await talk(
    gateway.port,
    `POST ${path} HTTP/1.1\r\nHost: gateway.test\r\nx-api-key: ${gateway.key}\r\nConnection: Upgrade, HTTP2-Settings\r\n` +
      `Upgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
  assert.deepEqual(
    talked.answers.map((one) => one?.status),
    [200],
  )
  const last = sandbox.received().at(-1)
  assert.ok(last?.headers.every(([name]) => !/upgrade|http2-settings/i.test(name)))
})

test('a WebSocket upgrade is answered 426 in the dialect, recorded as refused, and the connection is closed', async () => {
  const upgrade = (key: string): string =>
    `GET /openai/v1/responses HTTP/1.1\r\nHost: gateway.test\r\nAuthorization: Bearer ${key}\r\nConnection: Upgrade\r\n` +
    'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
  for (const key of [gateway.key, 'nobody']) {
    const talked = await talk(gateway.port, upgrade(key))
    const [answer] = talked.answers
    assert.equal(answer?.status, 426)
    assert.equal(JSON.parse(answer.body.toString()).error.code, 'request.upgrade')
    assert.deepEqual(answer.headers.get('connection'), ['close'])
    const record = await gateway.recorded(answer.headers.get('x-custody-exchange')?.[0] ?? null)
    assert.equal(record.row.state, 'refused')
    assert.equal(record.row.errorCode, 'request.upgrade')
  }
  // Reset right behind the upgrade: nobody listens on that socket any more but us.
  for (let i = 0; i < 20; i += 1) {
    const socket = connectTcp({ port: gateway.port, host: '127.0.0.1' })
    socket.on('error', () => undefined)
    socket.write(upgrade(gateway.key))
    await sleep(i % 4)
    socket.resetAndDestroy()
  }
  await gateway.idle()
})
