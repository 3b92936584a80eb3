import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { releaseLock, setLock } from '../src/identity/locks.ts'
import { systemClock } from '../src/lib/clock.ts'
import { startSandbox } from '../src/sandbox/start-sandbox.ts'
import type { Sandbox } from '../src/sandbox/start-sandbox.ts'
import { openStore } from '../src/store/store.ts'
import { runCliWith } from './harness/cli.ts'
import { chatCall, startDataPlane } from './harness/data-plane.ts'
import type { DataPlane } from './harness/data-plane.ts'
import { CI_SHAPES } from './harness/ci-claims.ts'
import type { Shape } from './harness/ci-claims.ts'
import { signed, startIssuer } from './harness/issuer.ts'
import type { TestIssuer } from './harness/issuer.ts'

const AUDIENCE = 'https://custody.example'

let sandbox: Sandbox
let gateway: DataPlane
const issuers = new Map<string, TestIssuer>()
let spiffe: TestIssuer

before(async () => {
  sandbox = await startSandbox()
  const rules: Record<string, object> = {}
  for (const [name, { rule }] of Object.entries(CI_SHAPES)) {
    const issuer = await startIssuer()
    issuers.set(name, issuer)
    rules[name] = { ...rule, issuer: issuer.url, audience: [AUDIENCE, 'custody'] }
  }
  spiffe = await startIssuer('ES256')
  const bundle = { keys: spiffe.jwks().keys.map((key) => ({ ...key, use: 'jwt-svid' })) }
  rules['spiffe'] = {
    preset: 'spiffe',
    issuer: 'spiffe://acme.example',
    jwks: JSON.stringify(bundle),
    audience: AUDIENCE,
    owner: 'alice',
    claims: { sub: 'spiffe://acme.example/ns/shop/*' },
    upstreams: ['openai'],
    models: ['echo'],
  }
  gateway = await startDataPlane(sandbox.url, {
    yaml: `trust: ${JSON.stringify({ allowPrivateIssuers: true, rules })}\n`,
  })
})

after(async () => {
  await gateway[Symbol.asyncDispose]()
  await sandbox[Symbol.asyncDispose]()
  await spiffe[Symbol.asyncDispose]()
  for (const issuer of issuers.values()) await issuer[Symbol.asyncDispose]()
})

const HEADERS: readonly ((token: string) => Record<string, string>)[] = [
  (token) => ({ authorization: `Bearer ${token}` }),
  (token) => ({ 'x-api-key': token }),
  (token) => ({ 'x-goog-api-key': token }),
  (token) => ({ 'api-key': token }),
  // What a helper command of Claude Code sends.
  (token) => ({ authorization: `Bearer ${token}`, 'x-api-key': token }),
]

async function send(
  headers: Record<string, string>,
  dialect: 'openai' | 'anthropic' = 'openai',
  model = 'echo',
) {
  const { path, body } = chatCall(dialect, false, model)
  const answer = await fetch(gateway.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
  return { answer, text: await answer.text(), id: answer.headers.get('x-custody-exchange') }
}

const tokenOf = (name: string, { claims }: Shape, more: object = {}): Promise<string> =>
  issuers.get(name)!.sign({ aud: AUDIENCE, ...claims, ...more })

for (const [name, shape] of Object.entries(CI_SHAPES)) {
  test(`${name}: the record says who it was, proven how, and which run; nothing else of the token`, async () => {
    const token = await tokenOf(name, shape, { secret_note: 'not to be kept' })
    for (const headers of HEADERS) {
      const { answer, text, id } = await send(headers(token))
      assert.equal(answer.status, 200, text)
      const { facts } = await gateway.recorded(id)
      const { principal } = facts
      assert.ok(principal !== null)
      assert.equal(principal.id, shape.principal)
      assert.equal(principal.method, 'oidc')
      assert.equal(principal.rule, name)
      assert.equal(principal.issuer, issuers.get(name)!.url)
      assert.equal(principal.owner, 'alice')
      assert.equal(principal.actor ?? '', shape.actor ?? '')
      for (const [claim, value] of Object.entries(shape.kept))
        assert.equal(principal.claims[claim], value, claim)
      assert.ok(!JSON.stringify(facts).includes('not to be kept'))
      assert.ok(!JSON.stringify(facts).includes(token.slice(-40)), 'the token is in no record')
    }
    const received = JSON.stringify(sandbox.received().at(-1))
    assert.ok(!received.includes(token.slice(-40)), 'the token goes to no provider')
  })

  test(`${name}: a token whose claims the rule does not take is refused, as is one of another key`, async () => {
    const from = sandbox.received().length
    const wrong = await send({ 'x-api-key': await tokenOf(name, shape, shape.wrong) })
    assert.equal(wrong.answer.status, 401, wrong.text)
    assert.match(wrong.text, /identity\.untrusted/)
    const other = [...issuers].find(([one]) => one !== name)![1]
    const forged = await signed(other.key(), {
      ...shape.claims,
      iss: issuers.get(name)!.url,
      aud: AUDIENCE,
      exp: Math.floor(Date.now() / 1000) + 300,
    })
    assert.match((await send({ 'x-api-key': forged })).text, /identity\.untrusted/)
    assert.equal(sandbox.received().length, from)
  })
}

test('spiffe: an SVID needs no issuer, and what its rule allows is all it may do', async () => {
  const claims = {
    iss: undefined,
    aud: [AUDIENCE],
    iat: undefined,
    sub: 'spiffe://acme.example/ns/shop/sa/checkout',
  }
  const token = await spiffe.sign(claims)
  const { answer, text, id } = await send({ authorization: `Bearer ${token}` })
  assert.equal(answer.status, 200, text)
  const { principal } = (await gateway.recorded(id)).facts
  assert.equal(principal?.id, claims.sub)
  assert.equal((await send({ 'x-api-key': token }, 'anthropic')).answer.status, 403)
  assert.equal((await send({ 'x-api-key': token }, 'openai', 'gpt-5')).answer.status, 403)
  for (const sub of [
    'spiffe://acme.example/ns/other/sa/x',
    'spiffe://evil.example/ns/shop/sa/x',
    'spiffe://acme.example.evil/ns/shop/x',
  ]) {
    const refused = await send({ 'x-api-key': await spiffe.sign({ ...claims, sub }) })
    assert.equal(refused.answer.status, 401, sub)
  }
})

test('a lock on the human who set a job off holds for the job', async () => {
  await using store = await openStore({ kind: 'sqlite', folder: gateway.folder })
  const { locks } = store.control
  const token = await tokenOf('github-actions', CI_SHAPES['github-actions']!)
  assert.equal((await send({ 'x-api-key': token })).answer.status, 200)
  const set = await setLock(locks, systemClock, 'rita', {
    kind: 'person',
    value: 'mallory',
    reason: 'offboarded',
    expiresInMs: 'never',
  })
  assert.ok(set.kind === 'set')
  const locked = await send({ 'x-api-key': token })
  assert.match(locked.text, /containment\.locked/)
  await releaseLock(locks, systemClock, set.lock.id, { by: 'rita', reason: 'done' })
  assert.equal((await send({ 'x-api-key': token })).answer.status, 200)
})

test('a token beside a gateway key does not count, and two tokens conflict', async () => {
  const one = await tokenOf('github-actions', CI_SHAPES['github-actions']!)
  const two = await tokenOf('okta', CI_SHAPES['okta']!)
  const both = await send({ 'x-api-key': one, authorization: `Bearer ${two}` })
  assert.match(both.text, /identity\.conflicting/)
  const beside = await send({ 'x-api-key': gateway.key, authorization: `Bearer ${two}` })
  assert.equal(beside.answer.status, 200)
  assert.equal((await gateway.recorded(beside.id)).facts.principal?.method, 'gateway-key')
})

test('custody show says which run of which repository it was', async () => {
  const token = await tokenOf('github-actions', CI_SHAPES['github-actions']!)
  const { id } = await send({ 'x-api-key': token })
  await gateway.recorded(id)
  const shown = await runCliWith({ env: {} }, 'show', id ?? '', '--data', gateway.folder)
  assert.equal(shown.code, 0, shown.err)
  assert.match(shown.out, /github:acme\/shop \(job\), proven by oidc/)
  assert.match(shown.out, /claims .*repository: acme\/shop.*run_id: 9001/)
})
