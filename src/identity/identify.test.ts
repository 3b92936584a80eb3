import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Authenticator, IdentityResult, Principal } from '../model/principal.ts'
import { mintKey } from './gateway-key.ts'
import { createIdentifier } from './identify.ts'

const PRINCIPAL: Principal = {
  id: 'alice@example.com',
  kind: 'person',
  method: 'oidc',
  service: '',
  groups: [],
  keyId: null,
  issuer: 'https://issuer.example',
  claims: {},
  allowedUpstreams: null,
  allowedModels: null,
}
const ALICE: IdentityResult = { kind: 'principal', principal: PRINCIPAL }
const BOB: IdentityResult = { kind: 'principal', principal: { ...PRINCIPAL, id: 'bob' } }

/** Knows the credentials of the table; answers late on request. */
function authenticator(table: Record<string, IdentityResult>, isLate = false): Authenticator {
  return {
    name: 'table',
    authenticate: (credential) => {
      const answer = table[credential] ?? null
      return isLate ? Promise.resolve(answer) : answer
    },
  }
}

const bearer = (credential: string): string[] => ['Authorization', `Bearer ${credential}`]

const failure = (reason: string) => ({ kind: 'failure', reason, keyId: null, detail: '' })

test('the answer comes at once when the authenticators answer at once', () => {
  const identify = createIdentifier([authenticator({}), authenticator({ a: ALICE })])
  assert.deepEqual(identify(bearer('a'), ''), ALICE)
  assert.deepEqual(identify(bearer('b'), ''), failure('malformed'))
})

test('an authenticator that is not responsible passes the credential on, late or not', async () => {
  for (const isLate of [false, true]) {
    const identify = createIdentifier([
      authenticator({ other: BOB }, isLate),
      authenticator({ a: ALICE }),
      authenticator({ a: BOB }),
    ])
    assert.deepEqual(await identify(bearer('a'), ''), ALICE)
    assert.deepEqual(await identify(bearer('nobody'), ''), failure('malformed'))
  }
})

test('a request without credential is missing one', () => {
  const identify = createIdentifier([authenticator({})])
  assert.deepEqual(identify([], ''), failure('missing'))
  assert.deepEqual(identify(['Cookie', 'a'], '?q=1'), failure('missing'))
})

test('two different gateway keys conflict before anyone is asked', () => {
  const identify = createIdentifier([])
  const headers = [...bearer(mintKey().text), 'x-api-key', mintKey().text]
  assert.deepEqual(identify(headers, ''), failure('conflicting'))
})

test('two claimed credentials conflict, one claimed beside an unclaimed one counts', async () => {
  for (const isLate of [false, true]) {
    const identify = createIdentifier([authenticator({ a: ALICE, b: BOB }, isLate)])
    const both = await identify([...bearer('a'), 'x-api-key', 'b'], '')
    assert.deepEqual(both, failure('conflicting'))
    assert.deepEqual(await identify([...bearer('a'), 'x-api-key', 'unclaimed'], ''), ALICE)
  }
})

test('the failure of a responsible authenticator is the answer', async () => {
  const expired: IdentityResult = { kind: 'failure', reason: 'expired', keyId: null }
  const identify = createIdentifier([authenticator({ a: expired }), authenticator({ a: ALICE })])
  assert.deepEqual(await identify(bearer('a'), ''), failure('expired'))
})

test('an authenticator that breaks is not an answer', async () => {
  const broken: Authenticator = {
    name: 'broken',
    authenticate: () => Promise.reject(new Error('no database')),
  }
  const identify = createIdentifier([broken, authenticator({ a: ALICE })])
  await assert.rejects(async () => identify(bearer('a'), ''), /no database/)
})

test('an AWS signature is explained without repeating it', () => {
  const identify = createIdentifier([])
  const signature = 'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/2026/x/y/aws4_request'
  const answer = identify(['Authorization', signature], '')
  assert.ok(!(answer instanceof Promise) && answer.kind === 'failure')
  assert.equal(answer.reason, 'malformed')
  assert.match(answer.detail, /AWS_BEARER_TOKEN_BEDROCK/)
  assert.doesNotMatch(answer.detail, /AKIA/)
})

test('another scheme is explained', () => {
  const answer = createIdentifier([])(['Authorization', 'Basic YTpi'], '')
  assert.ok(!(answer instanceof Promise) && answer.kind === 'failure')
  assert.equal(answer.reason, 'malformed')
  assert.match(answer.detail, /Bearer/)
})
