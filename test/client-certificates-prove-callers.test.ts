import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect as connectHttp2 } from 'node:http2'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setLock, releaseLock } from '../src/identity/locks.ts'
import { systemClock } from '../src/lib/clock.ts'
import { startSandbox } from '../src/sandbox/start-sandbox.ts'
import type { Sandbox } from '../src/sandbox/start-sandbox.ts'
import { openStore } from '../src/store/store.ts'
import { CLIENT_AUTH, CN, OU, SERVER_AUTH, makeAuthority } from './harness/certificates.ts'
import type { Authority, IssuedCertificate } from './harness/certificates.ts'
import { chatCall, startDataPlane } from './harness/data-plane.ts'
import type { DataPlane } from './harness/data-plane.ts'

const HOUR_MS = 3_600_000

let sandbox: Sandbox
let authority: Authority
let stranger: Authority
let server: IssuedCertificate
let folder: string
let gateway: DataPlane

const rules = {
  mesh: {
    kind: 'certificate',
    claims: { uri: 'spiffe://acme.example/ns/shop/*' },
    service: 'shop',
    groups: ['mesh'],
    owner: 'alice',
    upstreams: ['openai'],
  },
  builders: {
    kind: 'certificate',
    issuer: 'CN=Acme Root',
    claims: { 'subject.OU': 'ci', dns: '*.build.acme.example' },
    principal: 'builder:{subject.CN}',
    principalKind: 'job',
    owner: 'bob',
  },
  mail: {
    kind: 'certificate',
    claims: { email: '*@acme.example' },
    principal: '{email}',
    principalKind: 'person',
    owner: 'bob',
  },
}

before(async () => {
  sandbox = await startSandbox()
  authority = await makeAuthority('Acme Root')
  stranger = await makeAuthority('Acme Root')
  server = await authority.issue({
    subject: [[CN, 'localhost']],
    dns: ['localhost'],
    purposes: [SERVER_AUTH],
  })
  folder = await mkdtemp(join(tmpdir(), 'custody-mtls-'))
  await writeFile(join(folder, 'ca.pem'), authority.cert)
  await writeFile(join(folder, 'cert.pem'), server.cert)
  await writeFile(join(folder, 'key.pem'), server.key)
  gateway = await startDataPlane(sandbox.url, { yaml: yamlOf(false) })
})

after(async () => {
  await gateway[Symbol.asyncDispose]()
  await sandbox[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

function yamlOf(required: boolean): string {
  const [certFile, keyFile, caFile] = ['cert.pem', 'key.pem', 'ca.pem'].map((name) =>
    join(folder, name),
  )
  const tls = { certFile, keyFile, clientCertificates: { caFile, required } }
  return `tls: ${JSON.stringify(tls)}\ntrust: ${JSON.stringify({ rules })}\n`
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly id: string
}

function send(
  client: IssuedCertificate | null,
  headers: Record<string, string> = {},
  at: DataPlane = gateway,
): Promise<Answer> {
  const { path, body } = chatCall('openai', false)
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: 'localhost',
        port: at.port,
        path,
        method: 'POST',
        agent: false,
        ca: authority.cert,
        ...(client === null ? {} : { cert: client.cert, key: client.key }),
        headers: { 'content-type': 'application/json', ...headers },
      },
      (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (piece: string) => (text += piece))
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            text,
            id: String(answer.headers['x-custody-exchange']),
          }),
        )
        answer.on('error', reject)
      },
    )
    call.on('error', reject)
    call.end(body)
  })
}

const shop = (): Promise<IssuedCertificate> =>
  authority.issue({ subject: [], uris: ['spiffe://acme.example/ns/shop/sa/cart'] })

test('a workload certificate is a credential: its name, rule, owner and kept claims are in the record', async () => {
  const client = await shop()
  const { status, id, text } = await send(client)
  assert.equal(status, 200, text)
  const { principal } = (await gateway.recorded(id)).facts
  const fingerprint = hash('sha256', client.der, 'hex')
  assert.deepEqual(principal, {
    id: 'spiffe://acme.example/ns/shop/sa/cart',
    kind: 'service',
    method: 'mtls',
    service: 'shop',
    groups: ['mesh'],
    keyId: null,
    owner: 'alice',
    actor: '',
    rule: 'mesh',
    issuer: 'CN=Acme Root',
    claims: {
      uri: 'spiffe://acme.example/ns/shop/sa/cart',
      serial: principal?.claims['serial'],
      fingerprint,
    },
    certificate: fingerprint,
    allowedUpstreams: ['openai'],
    allowedModels: null,
  })
})

test('rules map subject, DNS name and e-mail address', async () => {
  for (const [wish, id] of [
    [
      {
        subject: [
          [CN, 'seven'],
          [OU, 'ci'],
          [OU, 'linux'],
        ],
        dns: ['a.build.acme.example'],
      },
      'builder:seven',
    ],
    [{ emails: ['rita@acme.example'] }, 'rita@acme.example'],
  ] as const) {
    const answer = await send(await authority.issue(wish))
    assert.equal(answer.status, 200, answer.text)
    const { principal } = (await gateway.recorded(answer.id)).facts
    assert.deepEqual([principal?.id, principal?.method], [id, 'mtls'])
  }
})

test('HTTP/2 callers prove themselves by certificate as well', async () => {
  const client = await shop()
  const session = connectHttp2(`https://localhost:${gateway.port}`, {
    ca: authority.cert,
    cert: client.cert,
    key: client.key,
  })
  try {
    for (let turn = 0; turn < 2; turn += 1) {
      const { path, body } = chatCall('openai', false)
      const stream = session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/json',
      })
      const status = new Promise((resolve, reject) => {
        stream.on('response', (headers) => resolve(headers[':status']))
        stream.on('error', reject)
      })
      stream.end(body)
      stream.resume()
      assert.equal(await status, 200)
      await new Promise((resolve) => stream.once('close', resolve))
    }
  } finally {
    session.close()
  }
})

test('certificates that prove nothing are refused, on the record, with what is wrong', async () => {
  const nothingSent = (await send(null)).text
  assert.match(nothingSent, /identity\.missing/)
  const names = { uris: ['spiffe://acme.example/ns/shop/sa/cart'] }
  const cases: readonly (readonly [string, Promise<IssuedCertificate>, RegExp])[] = [
    ['another authority of the same name', stranger.issue(names), /authority of this gateway/],
    ['self-signed', makeAuthority('spiffe://acme.example/ns/shop/sa/cart'), /authority of this/],
    ['expired', authority.issue({ ...names, notAfterMs: Date.now() - HOUR_MS / 2 }), /has expired/],
    [
      'not valid yet',
      authority.issue({ ...names, notBeforeMs: Date.now() + HOUR_MS / 2 }),
      /not valid yet/,
    ],
    ['made for servers', authority.issue({ ...names, purposes: [SERVER_AUTH] }), /not made for/],
    ['without a purpose', authority.issue({ ...names, purposes: null }), /not made for client/],
    [
      'of an authority',
      authority.issue({ ...names, isAuthority: true, purposes: [CLIENT_AUTH] }),
      /authority proves no caller/,
    ],
    [
      'two SPIFFE names',
      authority.issue({ uris: [...names.uris, 'spiffe://x/y'] }),
      /one way only/,
    ],
    ['no rule', authority.issue({ uris: ['spiffe://acme.example/ns/bank/x'] }), /No trust rule/],
    [
      'two names where the rule takes one',
      authority.issue({ emails: ['a@acme.example', 'b@acme.example'] }),
      /No trust rule/,
    ],
    [
      'a name that only looks alike',
      authority.issue({ uris: ['spiffe://acme.example.evil/ns/shop/x'] }),
      /No trust rule/,
    ],
  ]
  for (const [name, making, expected] of cases) {
    const { status, text, id } = await send(await making)
    assert.equal(status, 401, name)
    assert.match(text, /identity\.certificate/, name)
    assert.match(text, expected, name)
    const { facts, closing } = await gateway.recorded(id)
    assert.deepEqual([facts.principal, closing?.errorCode], [null, 'identity.certificate'], name)
  }
})

test('a certificate in a header is no certificate, and is not sent on', async () => {
  const { cert, der } = await shop()
  const encoded = encodeURIComponent(cert)
  const forged = {
    'x-forwarded-client-cert': `Hash=${hash('sha256', der, 'hex')};URI=spiffe://acme.example/ns/shop/sa/cart;Cert="${encoded}"`,
    'client-cert': `:${der.toString('base64')}:`,
    'client-cert-chain': `:${der.toString('base64')}:`,
    'x-ssl-client-cert': encoded,
    'x-ssl-client-verify': 'SUCCESS',
    'ssl-client-cert': encoded,
    'x-client-cert': encoded,
    'x-amzn-mtls-clientcert': encoded,
    'x-arr-clientcert': der.toString('base64'),
  }
  for (const [name, value] of Object.entries(forged)) {
    const { status, text } = await send(null, { [name]: value })
    assert.equal(status, 401, name)
    assert.match(text, /identity\.missing/, name)
  }
  const { id, text } = await send(null, { ...forged, authorization: `Bearer ${gateway.key}` })
  const { facts } = await gateway.recorded(id)
  assert.equal(facts.principal?.method, 'gateway-key', text)
  const sent = facts.sent?.headers.map(([name]) => name.toLowerCase()) ?? []
  assert.deepEqual(
    sent.filter((name) => Object.hasOwn(forged, name)),
    [],
  )
})

test('beside a certificate a key says who calls; a wrong key is not made good by it, nor a bad certificate by a key', async () => {
  const client = await shop()
  const good = { authorization: `Bearer ${gateway.key}` }
  const both = await send(client, good)
  const { principal } = (await gateway.recorded(both.id)).facts
  assert.deepEqual(
    [principal?.method, principal?.certificate],
    ['gateway-key', hash('sha256', client.der, 'hex')],
  )
  const wrong = await send(client, { authorization: `Bearer ${gateway.key.slice(0, -4)}aaaa` })
  assert.equal(wrong.status, 401)
  const basic = await send(client, { authorization: 'Basic YTpi' })
  assert.equal(basic.status, 401)
  const unclaimed = await send(client, { 'x-api-key': 'unused' })
  assert.equal(unclaimed.status, 200, unclaimed.text)
  const bad = await send(await stranger.issue({ uris: ['spiffe://acme.example/ns/shop/a'] }), good)
  assert.equal(bad.status, 401)
  assert.match(bad.text, /identity\.certificate/)
})

test('a lock on certificate, principal or the owner of its rule revokes it', async () => {
  const client = await shop()
  const fingerprint = hash('sha256', client.der, 'hex')
  await using store = await openStore({ kind: 'sqlite', folder: gateway.folder })
  const { locks } = store.control
  for (const [kind, value] of [
    ['key', fingerprint],
    ['principal', 'spiffe://acme.example/ns/shop/sa/cart'],
    ['person', 'alice'],
    ['service', 'shop'],
  ] as const) {
    const reason = 'its private key leaked'
    const set = await setLock(locks, systemClock, 'rita', {
      kind,
      value,
      reason,
      expiresInMs: 'never',
    })
    assert.equal(set.kind, 'set', kind)
    const locked = await send(client)
    assert.equal(locked.status, 400, kind)
    assert.match(locked.text, /containment\.locked/, kind)
    if (set.kind === 'set')
      await releaseLock(locks, systemClock, set.lock.id, { by: 'rita', reason: 'tested' })
  }
  const again = await send(client)
  assert.equal(again.status, 200, again.text)
})

test('where a certificate is required, nothing is answered to who has none that verifies', async () => {
  await using strict = await startDataPlane(sandbox.url, { yaml: yamlOf(true) })
  assert.equal((await send(await shop(), {}, strict)).status, 200)
  const foreign = await stranger.issue({ uris: ['spiffe://acme.example/ns/shop/a'] })
  const good = { authorization: `Bearer ${strict.key}` }
  for (const client of [null, foreign])
    await assert.rejects(send(client, good, strict), /ECONNRESET|alert|certificate|socket/i)
})
