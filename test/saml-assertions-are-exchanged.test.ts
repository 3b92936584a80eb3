import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startSandbox } from '../src/sandbox/start-sandbox.ts'
import type { Sandbox } from '../src/sandbox/start-sandbox.ts'
import { chatCall, startDataPlane } from './harness/data-plane.ts'
import type { DataPlane } from './harness/data-plane.ts'
import { makeKeyPair, samlResponse } from './harness/saml.ts'
import type { KeyPair, SamlAnswer } from './harness/saml.ts'

const ENDPOINT = 'https://custody.example/oauth/token'
const ISSUER = 'https://idp.acme.example'

let sandbox: Sandbox
let gateway: DataPlane
let idp: KeyPair
let ids = 0

before(async () => {
  sandbox = await startSandbox()
  idp = makeKeyPair('idp')
  const rules = {
    staff: {
      kind: 'saml',
      issuer: ISSUER,
      jwks: idp.certificate,
      audience: ENDPOINT,
      claims: { team: 'shop' },
      principal: '{subject}',
      principalKind: 'person',
      groupsClaim: 'groups',
      service: 'reports',
      keep: ['subject', 'team'],
      owner: 'alice',
    },
  }
  gateway = await startDataPlane(sandbox.url, { yaml: `trust: ${JSON.stringify({ rules })}\n` })
})

after(async () => {
  await gateway[Symbol.asyncDispose]()
  await sandbox[Symbol.asyncDispose]()
})

async function assertion(change: Partial<SamlAnswer> = {}, by: KeyPair = idp): Promise<string> {
  ids += 1
  const xml = await samlResponse(by, null, {
    issuer: ISSUER,
    audience: ENDPOINT,
    recipient: ENDPOINT,
    inResponseTo: '',
    subject: 'kim@acme.example',
    attributes: { team: ['shop'], groups: ['eu', 'reports'] },
    nowMs: Date.now(),
    signed: 'assertion',
    assertionId: `_assertion${ids}`,
    ...change,
  })
  const start = xml.indexOf('<saml:Assertion')
  const end = xml.indexOf('</saml:Assertion>') + '</saml:Assertion>'.length
  return xml.slice(start, end)
}

async function exchange(xml: string) {
  const answer = await fetch(`${gateway.url}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:saml2-bearer',
      assertion: Buffer.from(xml).toString('base64url'),
    }),
  })
  return { status: answer.status, body: JSON.parse(await answer.text()) }
}

test('a signed assertion is exchanged for a token whose calls are recorded in the name of its subject', async () => {
  const xml = await assertion()
  const given = await exchange(xml)
  assert.equal(given.status, 200, JSON.stringify(given.body))
  const { path, body } = chatCall('openai', false)
  const answer = await fetch(gateway.url + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${given.body.access_token}`,
      'content-type': 'application/json',
    },
    body,
  })
  assert.equal(answer.status, 200, await answer.text())
  const recorded = await gateway.recorded(answer.headers.get('x-custody-exchange'))
  const { principal } = recorded.facts
  assert.deepEqual(
    [principal?.id, principal?.kind, principal?.method, principal?.service, principal?.groups],
    ['kim@acme.example', 'person', 'token-exchange', 'reports', ['eu', 'reports']],
  )
  assert.deepEqual(
    [principal?.issuer, principal?.rule, principal?.owner, principal?.claims],
    [ISSUER, 'staff', 'alice', { subject: 'kim@acme.example', team: 'shop' }],
  )
  const replayed = await exchange(xml)
  assert.deepEqual([replayed.status, replayed.body.error], [400, 'invalid_grant'])
})

test('an assertion that proves nothing here is refused', async () => {
  const cases: readonly (readonly [string, Promise<string>])[] = [
    ['not signed', assertion({ signed: 'none' })],
    ['signed by somebody else', assertion({}, makeKeyPair('stranger'))],
    ['another issuer', assertion({ issuer: 'https://idp.evil.example' })],
    ['another audience', assertion({ audience: 'https://other.example/oauth/token' })],
    ['another recipient', assertion({ recipient: 'https://other.example/oauth/token' })],
    ['over', assertion({ nowMs: Date.now() - 3_600_000 })],
    ['not begun', assertion({ nowMs: Date.now() + 3_600_000 })],
    ['in answer to something', assertion({ inResponseTo: '_request' })],
    ['of another team', assertion({ attributes: { team: ['bank'] } })],
    ['without the claim', assertion({ attributes: {} })],
    ['changed after it was signed', assertion().then((xml) => xml.replace('kim@', 'ceo@'))],
    [
      'with a comment in the name',
      assertion().then((xml) => xml.replace('kim@acme', 'kim@acme<!-- -->')),
    ],
  ]
  for (const [name, making] of cases) {
    const { status, body } = await exchange(await making)
    assert.deepEqual([status, body.error], [400, 'invalid_grant'], name)
  }
})
