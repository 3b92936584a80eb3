import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { nodeDisk } from '../src/evidence/disk.ts'
import { openLocalKeyProvider } from '../src/evidence/key-provider.ts'
import { SegmentFiles } from '../src/evidence/segment-files.ts'
import { listInstances, scanInstance } from '../src/evidence/segment-scan.ts'
import { createKey, revokeKey } from '../src/identity/key-admin.ts'
import type { KeyRequest } from '../src/identity/key-admin.ts'
import { systemClock } from '../src/lib/clock.ts'
import { startSandbox } from '../src/sandbox/start-sandbox.ts'
import { openStore } from '../src/store/store.ts'
import { startCliWith } from './harness/cli.ts'
import { chatCall, DIALECTS, startDataPlane, upstreamsAt } from './harness/data-plane.ts'
import type { DataPlane } from './harness/data-plane.ts'
import { talk } from './harness/raw-http.ts'
import type { RawAnswer } from './harness/raw-http.ts'
import { temporaryFolder } from './harness/evidence.ts'
import { contentOf, filesBelow } from './harness/stored-bytes.ts'
import { until } from './harness/until.ts'

const CRLF = '\r\n'

async function send(
  port: number,
  line: string,
  headers: readonly string[],
  body = '',
): Promise<RawAnswer> {
  const talked = await talk(
    port,
    [
      `${line} HTTP/1.1`,
      'Host: gateway.test',
      ...headers,
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join(CRLF),
  )
  const [only] = talked.answers
  assert.ok(only, line)
  return only
}

async function makeKey(folder: string, request: Partial<KeyRequest> = {}) {
  await using store = await openStore({ kind: 'sqlite', folder })
  const created = await createKey(store.keys, systemClock, {
    name: 'test',
    owner: 'ada@example.test',
    service: '',
    allowedUpstreams: null,
    allowedModels: null,
    ...request,
  })
  assert.equal(created.kind, 'created')
  return created.kind === 'created' ? created : assert.fail()
}

const { path: CHAT, body: BODY } = chatCall('openai', false)

const codeOf = (answer: RawAnswer): string =>
  JSON.parse(answer.body.toString()).error?.code ?? 'none'

async function withGateway(
  run: (gateway: DataPlane, sandboxUrl: string) => Promise<void>,
): Promise<void> {
  await using sandbox = await startSandbox()
  await using gateway = await startDataPlane(sandbox.url)
  await run(gateway, sandbox.url)
}

test('a key is taken from any of the four headers or the query, and only once', async () => {
  await using sandbox = await startSandbox()
  await using gateway = await startDataPlane(sandbox.url)
  const { key } = gateway
  const other = (await makeKey(gateway.folder)).text
  const accepted: readonly (readonly [string, readonly string[]])[] = [
    ['', [`Authorization: Bearer ${key}`]],
    ['', [`authorization: bearer   ${key}`]],
    ['', [`X-API-Key: ${key}`]],
    ['', [`x-goog-api-key: ${key}`]],
    ['', [`api-key: ${key}`]],
    [`?key=${key}`, []],
    [`?a=1&key=${key}&b=2`, []],
    ['', [`Authorization: Bearer ${key}`, `x-api-key: ${key}`]],
    ['', [`Authorization: Bearer provider-token`, `x-api-key: ${key}`]],
    ['', [`Connection: x-api-key, keep-alive`, `x-api-key: ${key}`]],
    ['', [`Connection: authorization`, `Authorization: Bearer ${key}`]],
  ]
  for (const [query, headers] of accepted) {
    const answered = await send(gateway.port, `POST ${CHAT}${query}`, headers, BODY)
    assert.equal(answered.status, 200, `${query} ${headers.join()}: ${answered.body.toString()}`)
    const { headers: arrived, path } = sandbox.received().at(-1)!
    assert.ok(!JSON.stringify(arrived).includes('cst_') && !path.includes('key='))
    assert.ok(
      !arrived.some(([name]) => /^(?:authorization|x-api-key|x-goog-api-key|api-key)$/i.test(name)),
    )
  }
  const from = sandbox.received().length
  const refused: readonly (readonly [string, string, readonly string[]])[] = [
    ['identity.missing', '', []],
    ['identity.missing', '', ['x-api-key:']],
    ['identity.malformed', '', ['x-api-key: sk-something']],
    ['identity.malformed', '', ['Authorization: Basic eDp5']],
    [
      'identity.malformed',
      '',
      [`x-api-key: ${key.replace(/.$/, (last) => (last === 'x' ? 'y' : 'x'))}`],
    ],
    ['identity.malformed', '', [`x-api-key: ${key.toUpperCase()}`]],
    ['identity.malformed', '', [`x-api-key: ${key} `.trimEnd() + '\t.']],
    ['identity.conflicting', '', [`x-api-key: ${key}`, `api-key: ${other}`]],
    ['identity.conflicting', `?key=${other}`, [`x-api-key: ${key}`]],
    ['identity.conflicting', '', [`Authorization: Bearer ${key}`, `Authorization: Bearer ${key}`]],
    ['identity.missing', '', [`X-Other: ${key}`]],
    ['identity.missing', '', [`Cookie: key=${key}`]],
  ]
  for (const [code, query, headers] of refused) {
    const answered = await send(gateway.port, `POST ${CHAT}${query}`, headers, BODY)
    assert.equal(answered.status, 401, headers.join())
    assert.equal(codeOf(answered), code, headers.join())
    assert.ok(!answered.body.toString().includes('cst_') || code === 'identity.malformed')
  }
  assert.equal(sandbox.received().length, from)
})

test('a revoked key is refused on the very next request, whoever revoked it', async () => {
  await withGateway(async (gateway) => {
    const ask = (text: string): Promise<RawAnswer> =>
      send(gateway.port, `POST ${CHAT}`, [`x-api-key: ${text}`], BODY)
    for (const by of ['store', 'process'] as const) {
      const { text, key } = await makeKey(gateway.folder)
      for (let i = 0; i < 3; i += 1) assert.equal((await ask(text)).status, 200)
      if (by === 'store') {
        await using store = await openStore({ kind: 'sqlite', folder: gateway.folder })
        await revokeKey(store.keys, systemClock, key.id)
      } else {
        await using cli = startCliWith({}, 'keys', 'revoke', key.id, '--data', gateway.folder)
        assert.equal((await cli.ended).code, 0)
      }
      const refused = await ask(text)
      assert.deepEqual([refused.status, codeOf(refused)], [401, 'identity.revoked'])
    }
  })
})

test('what a key may not reach is refused: other upstreams, other models, models that cannot be seen, and after its end', async () => {
  await using sandbox = await startSandbox()
  await using gateway = await startDataPlane(sandbox.url)
  const ask = async (text: string, line: string, body = ''): Promise<string> => {
    const answered = await send(gateway.port, line, [`x-api-key: ${text}`], body)
    return answered.status === 200 ? 'allowed' : codeOf(answered)
  }
  const bound = (await makeKey(gateway.folder, { allowedUpstreams: ['openai'] })).text
  assert.equal(await ask(bound, `POST ${CHAT}`, BODY), 'allowed')
  const messages = chatCall('anthropic', false)
  const answered = await send(
    gateway.port,
    `POST ${messages.path}`,
    [`x-api-key: ${bound}`],
    messages.body,
  )
  assert.equal(answered.status, 403)
  assert.match(answered.body.toString(), /identity\.upstream-not-allowed/)
  const narrow = (await makeKey(gateway.folder, { allowedModels: ['gpt-*', 'echo'] })).text
  const chat = (model: unknown): string =>
    JSON.stringify({ model, messages: [{ role: 'user', content: 'x' }] })
  const from = sandbox.received().length
  assert.equal(await ask(narrow, `POST ${CHAT}`, chat('gpt-5')), 'allowed')
  assert.equal(await ask(narrow, `POST ${CHAT}`, chat('o3')), 'identity.model-not-allowed')
  assert.equal(await ask(narrow, `POST ${CHAT}`, '{"messages":[]}'), 'identity.model-not-allowed')
  assert.equal(
    await ask(narrow, `POST ${CHAT}`, '{"model":"o3","model":"echo"}'),
    'request.bad-json',
  )
  assert.equal(
    await ask(narrow, `POST ${CHAT}`, '{"mod\\u0065l":"o3"}'),
    'identity.model-not-allowed',
  )
  assert.equal(
    await ask(narrow, `POST ${CHAT}`, '{"model":["echo"]}'),
    'identity.model-not-allowed',
  )
  assert.equal(
    await ask(narrow, 'POST /openai/v1/audio/transcriptions', 'model=o3'),
    'identity.model-not-allowed',
  )
  assert.equal(sandbox.received().length, from + 1)
  const short = (await makeKey(gateway.folder, { expiresInMs: 500 })).text
  await until(async () => (await ask(short, `POST ${CHAT}`, BODY)) !== 'allowed')
  assert.equal(await ask(short, `POST ${CHAT}`, BODY), 'identity.expired')
})

/** Every frame of every segment, decrypted. */
async function storedPlain(folder: string): Promise<readonly Buffer[]> {
  const files = new SegmentFiles(nodeDisk, folder, await openLocalKeyProvider(join(folder, 'keys')))
  const plain: Buffer[] = []
  for (const instance of await listInstances(nodeDisk, folder)) {
    for await (const found of scanInstance(nodeDisk, folder, instance)) {
      if (found.kind !== 'frame') continue
      const opened = await files.read(found.address)
      if (opened.plain !== null) plain.push(Buffer.from(opened.plain))
    }
  }
  return plain
}

function everyFile(folder: string): readonly (readonly [string, Buffer])[] {
  return filesBelow(folder).map((path) => [path, contentOf(path)] as const)
}

test('no credential and no cookie is found in any stored byte, in the databases or in the log', async () => {
  await using sandbox = await startSandbox()
  await using home = await temporaryFolder()
  const folder = join(home.path, 'data')
  const env = {
    UPSTREAM_SECRET: 'upstream-Secret-5d41402abc4b2a76',
    TENANT_SECRET: 'tenant-Secret-7d793037a0760186',
    CUSTODY_LOG__LEVEL: 'trace',
  }
  const yaml = join(home.path, 'custody.yaml')
  await writeFile(
    yaml,
    upstreamsAt(
      sandbox.url,
      ", credential: '${UPSTREAM_SECRET}', headers: { x-tenant-token: '${TENANT_SECRET}' }",
    ),
  )
  const up = `up --json --data ${folder} --config ${yaml} --listen 127.0.0.1:0 --admin 127.0.0.1:0`
  const gateway = startChild(env, up.split(' '))
  const port = await gateway.port
  const probe = await makeKey(folder)
  const revoked = await makeKey(folder)
  const secrets = {
    key: probe.text,
    otherKey: revoked.text,
    upstream: env.UPSTREAM_SECRET,
    tenant: env.TENANT_SECRET,
    cookie: 'cookie-Secret-9b74c9897bac770f',
    setCookie: 'set-cookie-Secret-6512bd43d9caa6e0',
    foreign: 'foreign-Secret-c20ad4d76fe97759',
  }
  const script = `x-sandbox-script: ${JSON.stringify({ headers: { 'set-cookie': secrets.setCookie, 'x-api-key': secrets.foreign } })}`
  const everywhere = [
    `Cookie: session=${secrets.cookie}`,
    `cookie: second=${secrets.cookie}`,
    `Authorization: Bearer ${secrets.foreign}`,
    `x-goog-api-key: ${secrets.foreign}`,
    `Proxy-Authorization: Basic ${secrets.foreign}`,
    `X_API_KEY: ${secrets.foreign}`,
    `X-Amz-Security-Token: ${secrets.foreign}`,
    `X-Misplaced: ${secrets.key}`,
    script,
  ]
  for (const dialect of DIALECTS) {
    for (const stream of [false, true]) {
      const { path, body } = chatCall(dialect, stream)
      const query = `${path.includes('?') ? '&' : '?'}k%65y=${secrets.key}&api_key=${secrets.foreign}`
      const answered = await send(
        port,
        `POST ${path}${query}`,
        [...everywhere, `api-key: ${secrets.key}`],
        body,
      )
      assert.equal(answered.status, 200, answered.body.toString())
    }
  }
  // Refusals are recorded too, with what came before the refusal.
  await send(
    port,
    `POST ${CHAT}`,
    [...everywhere, `x-api-key: ${secrets.otherKey}`, `api-key: ${secrets.key}`],
    BODY,
  )
  await send(port, `POST ${CHAT}?key=${secrets.otherKey}x`, everywhere, BODY)
  await send(port, `GET /${secrets.key}/v1/models?token=${secrets.key}`, everywhere)
  await send(port, `GET http://u:${secrets.key}@internal.test/#?key=${secrets.key}`, everywhere)
  await send(
    port,
    `POST ${CHAT}`,
    [`x-api-key: ${secrets.key}`, 'x-sandbox-script: {"status":500}'],
    BODY,
  )
  await send(port, `POST ${CHAT}`, [`x-api-key: ${secrets.key}`], '{"broken')
  await talk(port, `GET / HTTP/1.1${CRLF}x-api-key : ${secrets.key}${CRLF}${CRLF}`)
  await talk(
    port,
    `GET ${CHAT} HTTP/1.1${CRLF}Host: x${CRLF}Connection: upgrade${CRLF}Upgrade: websocket${CRLF}${everywhere.join(CRLF)}${CRLF}${CRLF}`,
  )
  const { err, code } = await gateway.stop()
  assert.equal(code, 0, err)
  assert.ok(err.split('\n').length > 10, 'the log was on')
  const arrived = JSON.stringify(sandbox.received())
  for (const name of ['key', 'otherKey', 'cookie', 'foreign'] as const) {
    const outside = sandbox
      .received()
      .map((one) =>
        JSON.stringify([one.path, one.headers.filter(([header]) => header !== 'x-sandbox-script')]),
      )
      .join()
    assert.ok(!outside.includes(secrets[name]), `${name} reached the provider`)
  }
  assert.ok(arrived.includes(secrets.upstream) && arrived.includes(secrets.tenant))
  const places: (readonly [string, Buffer])[] = [
    ...(await storedPlain(folder)).map((bytes, i) => [`frame ${i}`, bytes] as const),
    ...everyFile(folder),
    ['log', Buffer.from(err)],
  ]
  assert.ok(places.length > 30)
  const frames = places
    .filter(([place]) => place.startsWith('frame'))
    .map(([, bytes]) => bytes.toString('latin1'))
  for (const known of ['X-Misplaced', '(removed)', 'hello', 'x-tenant-token'])
    assert.ok(
      frames.some((text) => text.includes(known)),
      `${known} can be found`,
    )
  const faults: string[] = []
  for (const [name, secret] of Object.entries(secrets)) {
    const spellings = [
      secret,
      Buffer.from(secret).toString('base64').slice(0, -3),
      encodeURIComponent(secret),
    ]
    for (const [place, bytes] of places) {
      // The script header names its own set-cookie; only the answer's must be gone.
      const text = bytes.toString('latin1').replaceAll(/x-sandbox-script[^\n]*?\}\}/g, '')
      if (spellings.some((spelling) => text.includes(spelling))) faults.push(`${name} in ${place}`)
    }
  }
  assert.deepEqual(faults, [])
})

/** The gateway as people run it, its log kept. */
function startChild(env: Readonly<Record<string, string>>, args: readonly string[]) {
  const main = join(import.meta.dirname, '../src/main.ts')
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], {
    env: { PATH: process.env['PATH'], ...env },
  })
  let out = ''
  let err = ''
  const { promise: port, resolve, reject } = Promise.withResolvers<number>()
  child.stdout.on('data', (bytes: Buffer) => {
    out += bytes.toString()
    if (out.includes('\n')) resolve(Number(new URL(JSON.parse(out).proxyUrl).port))
  })
  child.stderr.on('data', (bytes: Buffer) => {
    err += bytes.toString()
  })
  const ended = once(child, 'close').then(([code]) => {
    reject(new Error(err))
    return code
  })
  return {
    port,
    stop: async () => {
      child.kill('SIGTERM')
      return { code: await ended, err }
    },
  }
}
