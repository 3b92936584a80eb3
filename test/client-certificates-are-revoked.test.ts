import assert from 'node:assert/strict'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { startSandbox } from '../src/sandbox/start-sandbox.ts'
import type { Sandbox } from '../src/sandbox/start-sandbox.ts'
import { CN, SERVER_AUTH, makeAuthority } from './harness/certificates.ts'
import type { Authority, IssuedCertificate } from './harness/certificates.ts'
import { chatCall, startDataPlane } from './harness/data-plane.ts'
import type { DataPlane } from './harness/data-plane.ts'
import { until } from './harness/until.ts'

let sandbox: Sandbox
let authority: Authority
let folder: string
let gateway: DataPlane
/** The gateway's own certificate does not change. */
let trusted: string

const rules = {
  mesh: { kind: 'certificate', claims: { uri: 'spiffe://acme.example/*' }, owner: 'alice' },
}

before(async () => {
  sandbox = await startSandbox()
  authority = await makeAuthority('Acme Root')
  trusted = authority.cert
  const server = await authority.issue({
    subject: [[CN, 'localhost']],
    dns: ['localhost'],
    purposes: [SERVER_AUTH],
  })
  folder = await mkdtemp(join(tmpdir(), 'custody-crl-'))
  await put('ca.pem', authority.cert)
  await put('crl.pem', await authority.revoke({ certificates: [] }))
  await put('cert.pem', server.cert)
  await put('key.pem', server.key)
  const [certFile, keyFile, caFile, crlFile] = ['cert.pem', 'key.pem', 'ca.pem', 'crl.pem'].map(
    (name) => join(folder, name),
  )
  const tls = { certFile, keyFile, clientCertificates: { caFile, crlFile } }
  gateway = await startDataPlane(sandbox.url, {
    yaml: `tls: ${JSON.stringify(tls)}\ntrust: ${JSON.stringify({ rules })}\n`,
  })
})

after(async () => {
  await gateway[Symbol.asyncDispose]()
  await sandbox[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

/** As whoever rotates files does: whole, or not at all. */
async function put(name: string, text: string): Promise<void> {
  await writeFile(join(folder, `${name}.next`), text)
  await rename(join(folder, `${name}.next`), join(folder, name))
}

const issued = (name: string, by = authority): Promise<IssuedCertificate> =>
  by.issue({ uris: [`spiffe://acme.example/${name}`] })

function send(client: IssuedCertificate, agent: Agent | false = false) {
  const { path, body } = chatCall('openai', false)
  return new Promise<{ status: number; text: string; id: string }>((resolve, reject) => {
    const call = request(
      {
        host: 'localhost',
        port: gateway.port,
        path,
        method: 'POST',
        agent,
        ca: trusted,
        cert: client.cert,
        key: client.key,
        headers: { 'content-type': 'application/json' },
      },
      (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (piece: string) => (text += piece))
        const id = String(answer.headers['x-custody-exchange'])
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text, id }))
        answer.on('error', reject)
      },
    )
    call.on('error', reject)
    call.end(body)
  })
}

const refused = async (client: IssuedCertificate, words: RegExp, agent: Agent | false = false) => {
  const { status, text } = await send(client, agent)
  return status === 401 && words.test(text)
}

async function eventsOf(type: string): Promise<number> {
  await gateway.app.evidence.flush()
  return (await gateway.app.index.events(1000)).filter(({ event }) => event.type === type).length
}

test('a certificate that is revoked while the gateway runs is refused on the record, also on a connection that lives', async () => {
  const [one, other] = [await issued('one'), await issued('other')]
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  try {
    assert.equal((await send(one, agent)).status, 200)
    assert.equal((await send(other)).status, 200)
    const before = await eventsOf('config.reloaded')
    await put('crl.pem', await authority.revoke({ certificates: [one] }))
    await until(() => refused(one, /is revoked/))
    assert.ok(await refused(one, /is revoked/, agent))
    const { id } = await send(one)
    assert.equal((await gateway.recorded(id)).closing?.errorCode, 'identity.certificate')
    assert.equal((await send(other)).status, 200)
    await until(async () => (await eventsOf('config.reloaded')) > before)
    await put('crl.pem', await authority.revoke({ certificates: [] }))
    await until(async () => (await send(one)).status === 200)
  } finally {
    agent.destroy()
  }
})

test('a list that nobody renewed in time refuses everybody, until there is a new one', async () => {
  const client = await issued('overdue')
  const untilMs = Date.now() - 1_000
  await put('crl.pem', await authority.revoke({ certificates: [], untilMs }))
  await until(() => refused(client, /not known: no list/))
  await put('crl.pem', await authority.revoke({ certificates: [] }))
  await until(async () => (await send(client)).status === 200)
})

test('a list that cannot be used is refused, and the one before it stays in force', async () => {
  const client = await issued('kept')
  await put('crl.pem', await authority.revoke({ certificates: [client] }))
  await until(() => refused(client, /is revoked/))
  const before = await eventsOf('config.refused')
  const stranger = await makeAuthority('Acme Root')
  await put('crl.pem', await stranger.revoke({ certificates: [] }))
  await until(async () => (await eventsOf('config.refused')) > before)
  assert.ok(await refused(client, /is revoked/))
  await put('crl.pem', await authority.revoke({ certificates: [] }))
  await until(async () => (await send(client)).status === 200)
})

test('other authorities count without a restart: theirs is let in, what the old ones issued no longer, on no connection', async () => {
  const old = await issued('old')
  const next = await makeAuthority('Acme Next')
  const young = await issued('young', next)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  try {
    assert.equal((await send(old, agent)).status, 200)
    assert.ok(await refused(young, /not issued by an authority/))
    await put('ca.pem', `${authority.cert}${next.cert}`)
    await put('crl.pem', (await lists(authority, next)).join(''))
    await until(async () => (await send(young)).status === 200)
    assert.equal((await send(old, agent)).status, 200)
    await put('crl.pem', (await lists(next)).join(''))
    await put('ca.pem', next.cert)
    await until(() => refused(old, /not issued by an authority/))
    assert.ok(await refused(old, /not issued by an authority/, agent))
    assert.equal((await send(young)).status, 200)
  } finally {
    agent.destroy()
  }
})

const lists = (...some: readonly Authority[]): Promise<readonly string[]> =>
  Promise.all(some.map((one) => one.revoke({ certificates: [] })))
