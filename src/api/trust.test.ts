import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startConsole } from '../../test/harness/console.ts'
import type { TestConsole } from '../../test/harness/console.ts'
import { startIssuer } from '../../test/harness/issuer.ts'
import type { TestIssuer } from '../../test/harness/issuer.ts'
import { until } from '../../test/harness/until.ts'
import { keepRules } from '../app/rule-upkeep.ts'
import { openStore } from '../store/store.ts'

let console: TestConsole
let issuer: TestIssuer
before(async () => {
  issuer = await startIssuer()
  const rules = {
    configured: {
      issuer: issuer.url,
      audience: 'custody',
      claims: { team: 'shop' },
      actor: '{by}',
      owner: 'nobody',
    },
  }
  console = await startConsole({
    yaml: `trust: ${JSON.stringify({ allowPrivateIssuers: true, rules })}\n`,
  })
})
after(async () => {
  await console[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
})

const jwks = () => JSON.stringify(issuer.jwks())
const written = (owner: string, more: object = {}) => ({
  issuer: 'https://issuer.example',
  jwks: jwks(),
  audience: 'custody',
  claims: { sub: 'deploy*' },
  actor: '{by}',
  service: 'deploy',
  owner,
  ...more,
})
const call = async (claims: object): Promise<readonly [number, string]> => {
  const token = await issuer.sign({ iss: 'https://issuer.example', ...claims })
  const answer = await fetch(`${console.gateway.url}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'echo', messages: [{ role: 'user', content: 'x' }] }),
  })
  return [answer.status, await answer.text()]
}
const make = (name: string, rule: object) =>
  console.admin('POST', '/trust-rules', { body: { name, rule } })
const ruleNamed = async (name: string) =>
  (await console.admin('GET', '/trust-rules')).body.items.find(
    (rule: { name: string }) => rule.name === name,
  )

test('a rule is changed on the version it was read at, and holds from the next call on', async () => {
  await console.person('ana', ['admin'])
  const made = await make('deploy', written('ana'))
  assert.equal(made.status, 201, made.text)
  assert.deepEqual(
    [made.body.flags, made.body.service, made.body.createdBy !== ''],
    [[], 'deploy', true],
  )
  assert.equal((await call({ sub: 'deploy-1' }))[0], 200)
  const put = (rule: object, etag: string) =>
    console.admin('PUT', '/trust-rules/deploy', { body: { rule }, headers: { 'if-match': etag } })
  const narrow = written('ana', { claims: { sub: 'deploy-2' } })
  const changed = await put(narrow, made.body.etag)
  assert.equal(changed.status, 200, changed.text)
  assert.deepEqual(changed.body.written, narrow)
  assert.equal((await call({ sub: 'deploy-1' }))[0], 401)
  assert.equal((await call({ sub: 'deploy-2' }))[0], 200)
  assert.equal((await put(narrow, made.body.etag)).status, 412)
  assert.equal((await put({ ...narrow, audience: undefined }, changed.body.etag)).status, 422)
  const shared = { preset: 'github-actions', audience: 'custody', owner: 'ana', claims: {} }
  const refused = await put(shared, changed.body.etag)
  assert.equal(refused.status, 422)
  assert.match(refused.text, /signs for everybody/)
  assert.deepEqual((await ruleNamed('deploy')).written, narrow)
})

test('rules of custody.yaml are shown with what is wrong with them, and changed there alone', async () => {
  const rule = await ruleNamed('configured')
  assert.deepEqual(
    [rule.isConfigured, rule.written, rule.etag, rule.flags],
    [true, null, null, ['ownerless']],
  )
  for (const [method, path, options] of [
    [
      'PUT',
      '/trust-rules/configured',
      { body: { rule: written('ana') }, headers: { 'if-match': '"v1"' } },
    ],
    ['POST', '/trust-rules/configured/hand-over', { body: { owner: 'ana' } }],
    ['DELETE', '/trust-rules/configured', {}],
  ] as const) {
    const answer = await console.admin(method, path, options)
    assert.equal(answer.status, 409, `${method} ${answer.text}`)
    assert.match(answer.text, /api\.configured/)
  }
  assert.equal((await make('configured', written('ana'))).status, 409)
})

test('a rule is handed over to an active person, and a disabled owner is flagged and refused', async () => {
  const leaver = await console.person('leaver', ['member'])
  await console.person('heir', ['member'])
  await make('orphan', written('leaver', { claims: { sub: 'orphan' } }))
  assert.equal((await call({ sub: 'orphan', by: 'leaver' }))[0], 200)
  const used = async () => (await ruleNamed('orphan')).lastUsedAtMs !== null
  await until(used, () => 'the use is written')
  const held = await console.admin('GET', `/people/${leaver.id}/holdings`)
  assert.deepEqual(held.body.rules, [{ name: 'orphan', service: 'deploy', isConfigured: false }])
  assert.deepEqual(
    held.body.jobs.map(({ rule, principal }: Record<string, unknown>) => [rule, principal]),
    [['orphan', 'orphan']],
  )
  const { etag } = (await console.admin('GET', `/people/${leaver.id}`)).body
  await console.admin('PATCH', `/people/${leaver.id}`, {
    body: { disabled: true },
    headers: { 'if-match': etag },
  })
  assert.deepEqual((await ruleNamed('orphan')).flags, ['owner-gone'])
  assert.equal((await call({ sub: 'orphan' }))[0], 400)
  const give = (owner: string) =>
    console.admin('POST', '/trust-rules/orphan/hand-over', { body: { owner } })
  for (const owner of ['leaver', 'stranger', '']) assert.equal((await give(owner)).status, 422)
  const given = await give('heir')
  assert.deepEqual([given.body.owner, given.body.flags], ['heir', []])
  assert.equal((await call({ sub: 'orphan' }))[0], 200)
  await console.gateway.app.evidence.flush()
  const { items } = (await console.admin('GET', '/audit?limit=200')).body
  assert.ok(
    items.some(
      (one: { operation: string; target: string }) =>
        one.operation === 'trust.hand-over' && one.target === 'orphan',
    ),
  )
})

test('what somebody leaves behind is named in the evidence of their leaving', async () => {
  const person = await console.person('otto', ['member'])
  await console.keyFor('otto')
  await make('ottos', written('otto', { claims: { sub: 'otto' } }))
  const { etag } = (await console.admin('GET', `/people/${person.id}`)).body
  await console.admin('PATCH', `/people/${person.id}`, {
    body: { disabled: true },
    headers: { 'if-match': etag },
  })
  await console.gateway.app.evidence.flush()
  const events = (await console.gateway.app.index.events(1000)).map(({ event }) => event)
  const left = events.find(
    ({ type, details }) => type === 'person.disabled' && details['login'] === 'otto',
  )
  assert.match(String(left?.details['keys']), /^key_\w{26}$/)
  assert.equal(left?.details['rules'], 'ottos')
})

test('a rule that expired lets in neither tokens nor what was made of them, says so, and is renewed by its owner', async () => {
  await make('late', written('ana', { claims: { sub: 'late' } }))
  const token = await issuer.sign({ iss: 'https://issuer.example', sub: 'late' })
  const exchange = async () => {
    const answer = await fetch(`${console.gateway.url}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: token,
      }),
    })
    return [answer.status, await answer.text()] as const
  }
  const types = async (): Promise<readonly string[]> => {
    await console.gateway.app.evidence.flush()
    const rows = await console.gateway.app.index.events(1000)
    return rows.flatMap(({ event }) => (event.details['rule'] === 'late' ? [event.type] : []))
  }
  const noted = (type: string) => until(async () => (await types()).includes(type))
  await noted('trust-rule.created')
  const [, made] = await exchange()
  const { access_token: key } = JSON.parse(made)
  await console.chat('before', { key })
  // Another worker, whose clock says that nobody used it for long.
  await using store = await openStore({ kind: 'sqlite', folder: console.gateway.folder })
  const later = { nowMs: () => Date.now() + 91 * 86_400_000, monotonicMs: () => 0 }
  await using upkeep = keepRules({
    control: {
      ...store.control,
      trustRuleUses: { ...store.control.trustRuleUses, list: async () => [] },
    },
    clock: later,
    log: { warn: () => {} },
    configured: () => [],
    keyRules: () => ({ staleAfterMs: 1, graceMs: 1, ownersArePeople: false }),
  })
  await upkeep.look()
  const refused = async () => (await call({ sub: 'late' }))[1].includes('identity.rule-ended')
  await until(refused, () => 'the end is known')
  await noted('trust-rule.ended')
  const byKey = await fetch(`${console.gateway.url}/openai/v1/models`, {
    headers: { authorization: `Bearer ${key}` },
  })
  assert.equal(byKey.status, 401)
  assert.match(await byKey.text(), /rule-ended/)
  assert.match((await exchange())[1], /invalid_grant.*has expired/)
  const shown = await ruleNamed('late')
  assert.equal(shown.ended.because, 'stale')
  assert.equal(shown.endsAtMs, null)
  const { items } = (await console.admin('GET', '/exchanged-tokens')).body
  assert.ok(items.every(({ rule }: { rule: string }) => rule !== 'late'))
  const renewed = await console.admin('POST', '/trust-rules/late/hand-over', {
    body: { owner: 'ana' },
  })
  assert.deepEqual([renewed.status, renewed.body.ended], [200, null])
  assert.equal((await call({ sub: 'late' }))[0], 200)
  await noted('trust-rule.changed')
  const told = (await types()).filter((type) => type.startsWith('trust-rule.'))
  assert.deepEqual(told.toSorted(), [
    'trust-rule.changed',
    'trust-rule.created',
    'trust-rule.ended',
  ])
})

test('guessing credentials is slowed down by address, and a good one from there never is', async () => {
  const send = (key: string) =>
    fetch(`${console.gateway.url}/openai/v1/chat/completions`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'echo', messages: [{ role: 'user', content: 'x' }] }),
    })
  let slowed: Response | null = null
  for (let n = 0; n < 2_000 && slowed === null; n += 1) {
    const answer = await send(`cst_guess${n}`)
    if (answer.status === 429) slowed = answer
    else assert.equal(answer.status, 401)
  }
  assert.match((await slowed?.text()) ?? '', /identity\.throttled/)
  assert.equal((await send(console.gateway.key)).status, 200)
})
