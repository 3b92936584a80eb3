import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import type { ReceivedRequest } from './received-log.ts'
import { ReceivedLog } from './received-log.ts'
import type { Sandbox } from './start-sandbox.ts'
import { startSandbox } from './start-sandbox.ts'

const BODY = JSON.stringify({ model: 'echo', messages: [{ role: 'user', content: 'héllo' }] })
const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex')

const chat = (sandbox: Sandbox, body = BODY) =>
  fetch(`${sandbox.url}/v1/chat/completions?x=1`, { method: 'POST', body })

async function listOf(sandbox: Sandbox, query = ''): Promise<readonly ReceivedRequest[]> {
  const answer = await fetch(`${sandbox.url}/__received${query}`)
  return JSON.parse(await answer.text())
}

/** Sends `text` as it is, and gives what comes back until the sandbox closes. */
async function sendRaw(sandbox: Sandbox, text: string): Promise<string> {
  const socket = connect(sandbox.port, '127.0.0.1')
  let answer = ''
  socket.setEncoding('utf8').on('data', (chunk) => (answer += chunk))
  socket.write(text)
  await once(socket, 'close')
  return answer
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(5)
}

test('a request is listed with its bytes, digest, and headers in wire order and case', async () => {
  await using sandbox = await startSandbox()
  const head = [
    'POST /v1/chat/completions?x=1 HTTP/1.1',
    'hOsT: sandbox',
    'X-Twice: a',
    `Content-Length: ${Buffer.byteLength(BODY)}`,
    'x-twice: b',
    'Connection: close',
  ]
  const answer = await sendRaw(sandbox, `${head.join('\r\n')}\r\n\r\n${BODY}`)
  const [seen] = await listOf(sandbox)
  assert.equal(seen?.seq, 1)
  assert.equal(seen?.path, '/v1/chat/completions?x=1')
  assert.deepEqual(
    seen?.headers.map(([name, value]) => `${name}: ${value}`),
    head.slice(1),
  )
  assert.equal(Buffer.from(seen?.body ?? '', 'base64').toString(), BODY)
  assert.deepEqual([seen?.bodyBytes, seen?.bodySha256], [Buffer.byteLength(BODY), sha256(BODY)])
  assert.deepEqual([seen?.status, seen?.finished, seen?.aborted], [200, true, false])
  const sent = answer.slice(answer.indexOf('\r\n\r\n') + 4)
  assert.equal(sandbox.answerOf(1).toString(), sent)
  assert.deepEqual([seen?.answerBytes, seen?.answerSha256], [Buffer.byteLength(sent), sha256(sent)])
})

test('the raw answer can be fetched with its status and headers', async () => {
  await using sandbox = await startSandbox()
  const answer = await (await chat(sandbox)).text()
  const raw = await fetch(`${sandbox.url}/__received/1/answer`)
  assert.equal(await raw.text(), answer)
  assert.equal(raw.headers.get('x-answer-status'), '200')
  const headers = JSON.parse(raw.headers.get('x-answer-headers') ?? '')
  assert.deepEqual(headers[0], ['content-type', 'application/json'])
  assert.equal((await fetch(`${sandbox.url}/__received/2/answer`)).status, 404)
  assert.throws(() => sandbox.answerOf(2))
})

test('the list can start after a number, be cleared, and never lists itself', async () => {
  await using sandbox = await startSandbox()
  for (let i = 0; i < 3; i += 1) await (await chat(sandbox)).text()
  assert.deepEqual(
    (await listOf(sandbox, '?since=1')).map((request) => request.seq),
    [2, 3],
  )
  assert.equal((await fetch(`${sandbox.url}/__received`, { method: 'DELETE' })).status, 204)
  assert.deepEqual(await listOf(sandbox), [])
  await (await chat(sandbox)).text()
  assert.deepEqual(
    sandbox.received().map((request) => request.seq),
    [4],
  )
})

test('control paths refuse other methods, other paths and a since that is no number', async () => {
  await using sandbox = await startSandbox()
  for (const [method, path, status] of [
    ['POST', '/__received', 405],
    ['GET', '/__received/x', 404],
    ['GET', '/__received/1/answer', 404],
    ['GET', '/__received?since=x', 400],
  ] as const) {
    const answer = await fetch(sandbox.url + path, { method })
    assert.equal(answer.status, status, path)
    await answer.text()
  }
})

test('a caller that leaves in the middle is marked, with the bytes it was sent', async () => {
  await using sandbox = await startSandbox({ script: { events: 1000, intervalMs: 5 } })
  const leaving = new AbortController()
  const answer = await fetch(`${sandbox.url}/v1/chat/completions`, {
    method: 'POST',
    body: BODY.replace('{', '{"stream":true,'),
    signal: leaving.signal,
  })
  await answer.body?.getReader().read()
  leaving.abort()
  await until(() => sandbox.received()[0]?.aborted === true)
  const [seen] = sandbox.received()
  assert.equal(seen?.finished, false)
  assert.ok((seen?.answerBytes ?? 0) > 0)
})

test('a caller that leaves in the middle of its request is marked too', async () => {
  await using sandbox = await startSandbox()
  const socket = connect(sandbox.port, '127.0.0.1')
  socket.write('POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"model"')
  await until(() => sandbox.received()[0]?.bodyBytes === 8)
  socket.destroy()
  await until(() => sandbox.received()[0]?.aborted === true)
  assert.equal(sandbox.received()[0]?.status, null)
})

test('the log keeps the last 1,000 requests and 64 MiB and says what it dropped', () => {
  const start = { method: 'POST', path: '/', httpVersion: '1.1', headers: [], startedAt: 0 }
  const many = new ReceivedLog()
  for (let i = 0; i < 1010; i += 1) many.begin(many.nextSeq(), start)
  assert.deepEqual([many.list().length, many.dropped, many.list()[0]?.seq], [1000, 10, 11])
  const large = new ReceivedLog()
  for (let i = 0; i < 5; i += 1) {
    large.begin(large.nextSeq(), start).request.add(Buffer.alloc(20 * 1024 * 1024))
  }
  assert.deepEqual(
    large.list().map((request) => request.seq),
    [3, 4, 5],
  )
  assert.equal(large.dropped, 2)
})

test('a body above 32 MiB is hashed and counted but not kept', () => {
  const log = new ReceivedLog()
  const start = { method: 'POST', path: '/', httpVersion: '1.1', headers: [], startedAt: 0 }
  const entry = log.begin(log.nextSeq(), start)
  const chunk = Buffer.alloc(17 * 1024 * 1024, 'x')
  entry.request.add(chunk)
  entry.request.add(chunk)
  const [seen] = log.list()
  assert.deepEqual([seen?.bodyKept, seen?.body, seen?.bodyBytes], [false, '', 34 * 1024 * 1024])
  assert.equal(seen?.bodySha256, sha256(Buffer.concat([chunk, chunk])))
})

test('a caller that leaves before the answer begins was answered nothing', async () => {
  await using sandbox = await startSandbox({ script: { delayMs: 60_000 } })
  const leaving = new AbortController()
  const call = fetch(`${sandbox.url}/v1/models`, { signal: leaving.signal })
  await until(() => sandbox.received().length === 1)
  leaving.abort()
  await assert.rejects(call)
  await until(() => sandbox.received()[0]?.aborted === true)
  const [seen] = sandbox.received()
  assert.deepEqual([seen?.status, seen?.answerBytes, seen?.finished], [null, 0, false])
})

test('without recording nothing is listed and the answers are the same', async () => {
  await using silent = await startSandbox({ record: false })
  await using recording = await startSandbox()
  assert.equal(await (await chat(silent)).text(), await (await chat(recording)).text())
  assert.deepEqual(silent.received(), [])
})

test('HTTP/2 with prior knowledge is served on the same port, many streams at once', async () => {
  await using sandbox = await startSandbox()
  const session = connectHttp2(sandbox.url)
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const stream = session.request({ ':method': 'POST', ':path': '/v1/chat/completions' })
      stream.end(BODY)
      const chunks: Buffer[] = []
      for await (const chunk of stream) chunks.push(chunk)
      return Buffer.concat(chunks).toString()
    }),
  )
  session.close()
  assert.equal(new Set(answers).size, 1)
  assert.equal(JSON.parse(answers[0] ?? '').choices[0].message.content, 'héllo')
  assert.ok(sandbox.received().every((request) => request.httpVersion === '2.0'))
})

test('an HTTP/2 stream that is cut fails alone', async () => {
  await using sandbox = await startSandbox()
  const session = connectHttp2(sandbox.url)
  const cut = session.request({
    ':method': 'POST',
    ':path': '/v1/chat/completions',
    'x-sandbox-script': '{"cutAfterBytes":100}',
  })
  cut.end(BODY)
  await assert.rejects(async () => {
    for await (const _ of cut);
  })
  const fine = session.request({ ':method': 'GET', ':path': '/v1/models' })
  fine.resume()
  const [headers] = await once(fine, 'response')
  assert.equal(headers[':status'], 200)
  session.close()
})

test('a preface that arrives byte by byte is still HTTP/2, and a lone P is still HTTP/1.1', async () => {
  await using sandbox = await startSandbox()
  const socket = connect(sandbox.port, '127.0.0.1')
  for (const byte of Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')) {
    socket.write(Buffer.of(byte))
    await new Promise((resolve) => setImmediate(resolve))
  }
  socket.write(Buffer.of(0, 0, 0, 4, 0, 0, 0, 0, 0))
  const [settings] = await once(socket, 'data')
  assert.equal(settings[3], 4)
  socket.destroy()
  const plain = connect(sandbox.port, '127.0.0.1')
  plain.write('P')
  await sleep(10)
  plain.write('UT / HTTP/1.1\r\nHost: x\r\n\r\n')
  const [answer] = await once(plain, 'data')
  assert.match(String(answer), /^HTTP\/1\.1 404/)
  plain.destroy()
})

test('a probe of the base URL is greeted, under every mount', async () => {
  await using sandbox = await startSandbox()
  for (const path of ['/', '/anthropic', '/openai/', '/bedrock/us-east-1']) {
    assert.equal((await fetch(sandbox.url + path, { method: 'HEAD' })).status, 200, path)
  }
})

test('/v1/models answers in the shape of the client that asks', async () => {
  await using sandbox = await startSandbox()
  const keysOf = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(sandbox.url + path, { headers })
    return Object.keys(JSON.parse(await answer.text())).join(' ')
  }
  assert.equal(await keysOf('/v1/models'), 'object data')
  const anthropic = 'data has_more first_id last_id'
  assert.equal(await keysOf('/v1/models', { 'anthropic-version': '2023-06-01' }), anthropic)
  assert.equal(await keysOf('/anthropic/v1/models'), anthropic)
  assert.equal(await keysOf('/v1/models', { 'x-goog-api-key': 'none' }), 'models')
  assert.equal(await keysOf('/v1/models', { 'x-goog-api-client': 'gl-node' }), 'models')
  assert.equal(await keysOf('/v1beta/models?key=none'), 'models')
})
