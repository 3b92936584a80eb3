import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Anthropic from '@anthropic-ai/sdk'
import { releaseLock, setLock } from '../src/identity/locks.ts'
import { systemClock } from '../src/lib/clock.ts'
import { startSandbox } from '../src/sandbox/start-sandbox.ts'
import type { Sandbox } from '../src/sandbox/start-sandbox.ts'
import { openStore } from '../src/store/store.ts'
import type { Store } from '../src/store/store.ts'
import { CI_SHAPES } from './harness/ci-claims.ts'
import { chatCall, startDataPlane } from './harness/data-plane.ts'
import type { DataPlane } from './harness/data-plane.ts'
import { startIssuer } from './harness/issuer.ts'
import type { TestIssuer } from './harness/issuer.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:'
const TYPE = 'urn:ietf:params:oauth:token-type:'
const github = CI_SHAPES['github-actions']!

let sandbox: Sandbox
let gateway: DataPlane
let issuer: TestIssuer
let store: Store

before(async () => {
  sandbox = await startSandbox()
  issuer = await startIssuer()
  const rules = {
    deploy: { ...github.rule, issuer: issuer.url, audience: 'custody', exchangeMs: '10m' },
    once: { issuer: issuer.url, audience: 'once', owner: 'alice', singleUse: true },
  }
  gateway = await startDataPlane(sandbox.url, {
    yaml: `trust: ${JSON.stringify({ allowPrivateIssuers: true, rules })}\n`,
  })
  store = await openStore({ kind: 'sqlite', folder: gateway.folder })
})

after(async () => {
  await store[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
  await sandbox[Symbol.asyncDispose]()
})

const jobToken = (more: object = {}): Promise<string> => issuer.sign({ ...github.claims, ...more })

async function ask(path: string, parameters: Record<string, string>, as: 'form' | 'json' = 'form') {
  const answer = await fetch(gateway.url + path, {
    method: 'POST',
    headers: {
      'content-type': as === 'form' ? 'application/x-www-form-urlencoded' : 'application/json',
    },
    body: as === 'form' ? new URLSearchParams(parameters) : JSON.stringify(parameters),
  })
  const text = await answer.text()
  return { status: answer.status, text, body: JSON.parse(text), headers: answer.headers }
}

const jwtBearer = async (more: Record<string, string> = {}): Promise<Record<string, string>> => ({
  grant_type: `${GRANT}jwt-bearer`,
  assertion: await jobToken(),
  ...more,
})

async function chat(token: string) {
  const { path, body } = chatCall('openai', false)
  const headers = { 'x-api-key': token, 'content-type': 'application/json' }
  const answer = await fetch(gateway.url + path, { method: 'POST', headers, body })
  return {
    status: answer.status,
    text: await answer.text(),
    id: answer.headers.get('x-custody-exchange'),
  }
}

test('the token of a job is exchanged for a Custody token bound to the same claims (RFC 7523, RFC 8693)', async () => {
  const subject = {
    grant_type: `${GRANT}token-exchange`,
    subject_token: await jobToken(),
    subject_token_type: `${TYPE}jwt`,
    requested_token_type: `${TYPE}access_token`,
  }
  for (const parameters of [await jwtBearer(), subject]) {
    const made = await ask('/oauth/token', parameters)
    assert.equal(made.status, 200, made.text)
    assert.equal(made.headers.get('cache-control'), 'no-store')
    assert.match(made.body.access_token, /^cxt_/)
    assert.deepEqual(
      [made.body.token_type, made.body.expires_in, made.body.issued_token_type],
      ['Bearer', 600, `${TYPE}access_token`],
    )
    const called = await chat(made.body.access_token)
    assert.equal(called.status, 200, called.text)
    const { facts } = await gateway.recorded(called.id)
    assert.equal(facts.principal?.id, 'github:acme/shop')
    assert.equal(facts.principal?.method, 'token-exchange')
    assert.equal(facts.principal?.claims['run_id'], '9001')
    assert.match(facts.principal?.keyId ?? '', /^ct_/)
    assert.ok(!JSON.stringify(facts).includes(made.body.access_token))
  }
})

test('the Anthropic SDK federates by itself, with nothing stored', async () => {
  const from = sandbox.received().length
  const client = new Anthropic({
    baseURL: `${gateway.url}/anthropic`,
    config: {
      organization_id: 'org-1',
      authentication: {
        type: 'oidc_federation',
        federation_rule_id: 'deploy',
        identity_token: { source: 'file', path: await tokenFile(await jobToken()) },
      },
    },
  })
  for (let turn = 0; turn < 2; turn += 1) {
    const message = await client.messages.create({
      model: 'echo',
      max_tokens: 64,
      messages: [{ role: 'user', content: 'hello' }],
    })
    assert.equal(message.type, 'message')
  }
  assert.equal(sandbox.received().length, from + 2)
  const [row] = (await gateway.rows()).filter(({ dialect }) => dialect === 'anthropic').slice(-1)
  assert.equal(row?.principal, 'github:acme/shop')
})

async function tokenFile(token: string): Promise<string> {
  const path = join(gateway.folder, 'identity-token')
  await writeFile(path, token, { mode: 0o600 })
  return path
}

test('every refusal is an OAuth error that tells nothing of the token', async () => {
  const good = await jwtBearer()
  const none = new URLSearchParams(good)
  none.append('assertion', 'x')
  const cases: readonly (readonly [Record<string, string>, string])[] = [
    [{}, 'invalid_request'],
    [{ grant_type: 'password', username: 'a', password: 'b' }, 'unsupported_grant_type'],
    [{ grant_type: 'client_credentials' }, 'unsupported_grant_type'],
    [{ ...good, assertion: '' }, 'invalid_request'],
    [{ ...good, assertion: 'nonsense' }, 'invalid_grant'],
    [{ ...good, assertion: `${good['assertion']}x` }, 'invalid_grant'],
    [{ ...good, assertion: await jobToken({ aud: 'other' }) }, 'invalid_grant'],
    [{ ...good, assertion: await jobToken({ repository_owner_id: '66' }) }, 'invalid_grant'],
    [{ ...good, assertion: await jobToken({ exp: 1000 }) }, 'invalid_grant'],
    [{ ...good, federation_rule_id: 'another' }, 'invalid_grant'],
    [{ ...good, federation_rule_id: 'once' }, 'invalid_grant'],
    [
      {
        grant_type: `${GRANT}token-exchange`,
        subject_token: good['assertion']!,
        subject_token_type: 'x',
      },
      'invalid_request',
    ],
    [
      {
        grant_type: `${GRANT}token-exchange`,
        subject_token: good['assertion']!,
        subject_token_type: `${TYPE}jwt`,
        actor_token: 'x',
      },
      'invalid_request',
    ],
    [{ grant_type: `${GRANT}saml2-bearer`, assertion: 'PHhtbC8-' }, 'invalid_grant'],
  ]
  for (const [parameters, error] of cases) {
    for (const as of ['form', 'json'] as const) {
      const refused = await ask('/v1/oauth/token', parameters, as)
      assert.equal(refused.body.error, error, JSON.stringify(parameters).slice(0, 80))
      assert.ok(refused.status === 400)
      const { assertion = '' } = parameters
      assert.ok(assertion.length < 20 || !refused.text.includes(assertion.slice(-20)))
    }
  }
  const twice = await fetch(`${gateway.url}/oauth/token`, { method: 'POST', body: none })
  assert.equal(twice.status, 400)
  assert.equal((await fetch(`${gateway.url}/oauth/token`)).status, 405)
  const huge = await fetch(`${gateway.url}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'x'.repeat(200_000),
  })
  assert.equal(huge.status, 413)
})

test('a token that counts once is exchanged once, and never sent with a call', async () => {
  const assertion = await issuer.sign({ aud: 'once', jti: 'one' })
  assert.match((await chat(assertion)).text, /identity\.single-use/)
  const parameters = { grant_type: `${GRANT}jwt-bearer`, assertion }
  const results = await Promise.all(
    Array.from({ length: 5 }, () => ask('/oauth/token', parameters)),
  )
  assert.deepEqual(
    results.map(({ status }) => status).toSorted((a, b) => a - b),
    [200, 400, 400, 400, 400],
  )
  const nameless = await issuer.sign({ aud: 'once' })
  const refused = await ask('/oauth/token', { ...parameters, assertion: nameless })
  assert.equal(refused.body.error, 'invalid_grant')
})

test('an exchanged token ends with its revocation and with a lock; a locked job gets no new one', async () => {
  const made = await ask('/oauth/token', await jwtBearer())
  const token: string = made.body.access_token
  const { id } = await chat(token)
  const keyId = (await gateway.recorded(id)).facts.principal?.keyId ?? ''
  const lock = async (kind: 'key' | 'person', value: string) => {
    const request = { kind, value, reason: 'test', expiresInMs: 'never' } as const
    const set = await setLock(store.control.locks, systemClock, 'rita', request)
    assert.ok(set.kind === 'set')
    return () =>
      releaseLock(store.control.locks, systemClock, set.lock.id, { by: 'rita', reason: 'over' })
  }
  const release = await lock('key', keyId)
  assert.match((await chat(token)).text, /containment\.locked/)
  await release()
  assert.equal((await chat(token)).status, 200)
  const free = await lock('person', 'mallory')
  assert.match((await chat(token)).text, /containment\.locked/)
  const locked = await ask('/oauth/token', await jwtBearer())
  assert.equal(locked.body.error, 'invalid_grant')
  assert.match(locked.body.error_description, /lk_/)
  await free()
  assert.equal(await store.control.exchangedTokens.revoke(keyId, Date.now()), true)
  assert.match((await chat(token)).text, /identity\.revoked/)
})

test('issuing and refusing are evidence, and no token is in it', async () => {
  await ask('/oauth/token', await jwtBearer())
  await gateway.app.evidence.flush()
  const events = (await gateway.app.index.events(1000)).map(({ event }) => event)
  const issued = events.find(({ type }) => type === 'token.issued')
  assert.equal(issued?.details['rule'], 'deploy')
  assert.equal(issued?.details['actor'], 'mallory')
  assert.ok(events.some(({ type }) => type === 'token.refused'))
  assert.ok(!JSON.stringify(events).includes('cxt_'))
  assert.ok(!JSON.stringify(events).includes('eyJ'))
})
