import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from './harness/evidence.ts'
import { startConsole } from './harness/console.ts'
import { until } from './harness/until.ts'
import { webhookHeaders } from '../src/telemetry/sinks/webhook-sender.ts'

const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
const env = { HOOK_SECRET: SECRET, HEC_TOKEN: 'token-of-the-collector' }
const CONTENT = 'Zebra-4711 was here'

interface Got {
  readonly path: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
}

interface Receiver extends AsyncDisposable {
  readonly url: string
  readonly got: Got[]
  answer: (got: Got) => readonly [status: number, body: string]
}

async function startReceiver(answer: Receiver['answer'] = () => [200, '{}']): Promise<Receiver> {
  const got: Got[] = []
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const one = {
        path: request.url ?? '',
        headers: request.headers,
        text: Buffer.concat(pieces).toString('utf8'),
      }
      got.push(one)
      const [status, body] = receiver.answer(one)
      response.writeHead(status).end(body)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}`,
    got,
    answer,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return receiver
}

const parse = (text: string) => JSON.parse(text)

test('every kind of receiver is told of an exchange and of a lock, without content', async () => {
  await using hook = await startReceiver()
  await using otlp = await startReceiver()
  let asked = 0
  await using splunk = await startReceiver(({ path }) => {
    if (!path.endsWith('/ack')) return [200, '{"text":"Success","code":0,"ackId":7}']
    asked += 1
    return [200, JSON.stringify({ acks: { '7': asked > 1 } })]
  })
  const lines: Buffer[] = []
  const syslog = createTcpServer((socket) => socket.on('data', (bytes) => lines.push(bytes)))
  syslog.listen(0, '127.0.0.1')
  await once(syslog, 'listening')
  using _stopped = { [Symbol.dispose]: () => void syslog.close() }
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'events.jsonl')
  const { port } = syslog.address() as AddressInfo
  await using console = await startConsole({
    env,
    yaml: `exports:
  webhooks: { soc: { url: '${hook.url}/in', secret: '\${HOOK_SECRET}' } }
  splunk: { siem: { url: '${splunk.url}', token: '\${HEC_TOKEN}', format: ocsf } }
  syslog: { old: { address: '127.0.0.1:${port}', tls: false } }
  otlp: { tel: { url: '${otlp.url}' } }
  files: { local: { path: '${file}', format: ecs } }
`,
  })
  await until(async () => {
    const { body } = await console.admin('GET', '/status')
    const checks = Object.entries(body.checks).filter(([name]) => name.startsWith('export '))
    return checks.length === 5 && checks.every(([, text]) => text === 'ok')
  })
  const id = await console.chat(CONTENT)
  const lock = await console.admin('POST', '/locks', {
    body: {
      kind: 'principal',
      value: 'mallory',
      reason: 'looking into incident 12',
      expiresInMs: 'never',
    },
  })
  assert.equal(lock.status, 201, lock.text)
  const local = () => readFile(file, 'utf8').catch(() => '')
  const texts = {
    webhook: () => hook.got.map(({ text }) => text).join('\n'),
    splunk: () => splunk.got.map(({ text }) => text).join('\n'),
    syslog: () => Buffer.concat(lines).toString('utf8'),
    otlp: () => otlp.got.map(({ text }) => text).join('\n'),
    file: local,
  }
  for (const [name, text] of Object.entries(texts)) {
    await until(async () => {
      const now = await text()
      return now.includes(`${id}.closed`) && now.includes('lock.set')
    })
    assert.ok(!(await text()).includes('Zebra'), name)
  }
  for (const { headers, text } of hook.got) {
    const sent = headers['webhook-timestamp']
    const event = parse(text)
    const expected = webhookHeaders(event.id, Number(sent), text, SECRET)
    assert.equal(headers['webhook-signature'], expected['webhook-signature'])
    assert.equal(headers['webhook-id'], event.id)
  }
  // The exchange is a span too, under its id.
  const spans = otlp.got.filter(({ path }) => path === '/v1/traces').map(({ text }) => text)
  assert.ok(spans.some((text) => text.includes(id)))
  assert.ok(asked > 1, 'the collector was asked until it acknowledged')
  const [first] = splunk.got
  assert.equal(first?.headers['authorization'], 'Splunk token-of-the-collector')
  assert.match(String(first?.headers['x-splunk-request-channel']), /^[0-9a-f]{8}-/)
  const metrics = await (await fetch(`${console.gateway.adminUrl}/metrics`)).text()
  assert.match(
    metrics,
    /custody_export_events_total\{sink="webhook-soc",result="delivered"\} [1-9]/,
  )
})

test('a receiver that is away is told later, also after a restart, and what it will not take is kept aside', async () => {
  await using hook = await startReceiver(() => [503, ''])
  await using folder = await temporaryFolder()
  const options = {
    env,
    folder: folder.path,
    yaml: `exports: { webhooks: { soc: { url: '${hook.url}', secret: '\${HOOK_SECRET}' } } }\n`,
  }
  const ids: string[] = []
  let token = ''
  {
    await using console = await startConsole(options)
    token = (await console.person('ada', ['admin'])).token
    const check = async () =>
      (await console.admin('GET', '/status')).body.checks['export webhook-soc'] as
        | string
        | undefined
    await until(async () => (await check()) === 'not delivered: status 503')
    assert.equal((await console.admin('GET', '/status')).body.ready, true)
    ids.push(await console.chat('one'), await console.chat('two'))
  }
  hook.got.length = 0
  const taken: string[] = []
  hook.answer = ({ text }) => {
    const { id } = parse(text)
    if (id === `${ids[0]}.closed`) return [422, '']
    taken.push(id)
    return [204, '']
  }
  await using console = await startConsole({ ...options, token })
  await until(() => taken.includes(`${ids[1]}.closed`))
  await until(async () => {
    const { body } = await console.admin('GET', '/status')
    return body.checks['export webhook-soc'] === '1 dead letters'
  })
  const dead = join(folder.path, 'data', 'exports', 'webhook-soc', 'dead.jsonl')
  const { reason, event } = parse(await readFile(dead, 'utf8'))
  assert.deepEqual([reason, event.id], ['status 422', `${ids[0]}.closed`])
})

test('addresses in clear text, literal and weak secrets are refused', async () => {
  for (const [yaml, path] of [
    [
      `webhooks: { a: { url: 'http://siem.example', secret: '\${HOOK_SECRET}' } }`,
      'webhooks.a.url',
    ],
    [
      `webhooks: { a: { url: 'https://u:p@siem.example', secret: '\${HOOK_SECRET}' } }`,
      'webhooks.a.url',
    ],
    [`webhooks: { a: { url: 'https://siem.example', secret: 'whsec_x' } }`, 'webhooks.a.secret'],
    [
      `webhooks: { a: { url: 'https://siem.example', secret: '\${HEC_TOKEN}' } }`,
      'webhooks.a.secret',
    ],
    [`splunk: { a: { url: 'ftp://siem.example', token: '\${HEC_TOKEN}' } }`, 'splunk.a.url'],
    [`syslog: { a: { address: 'siem.example' } }`, 'syslog.a.address'],
    [`files: { a: { path: x, format: cef } }`, 'files.a.format'],
    [
      `s3: { a: { endpoint: 'http://s3.example', bucket: b, accessKeyId: a, secretAccessKey: '\${HEC_TOKEN}' } }`,
      's3.a.endpoint',
    ],
    [
      `s3: { a: { endpoint: 'https://s3.example', bucket: b, accessKeyId: a, secretAccessKey: plain } }`,
      's3.a.secretAccessKey',
    ],
  ] as const) {
    await assert.rejects(
      startConsole({ env, yaml: `exports: { ${yaml} }\n` }),
      (error: Error) => error.message.includes(`exports.${path}`),
      yaml,
    )
  }
})
