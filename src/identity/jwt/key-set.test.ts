import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startIssuer } from '../../../test/harness/issuer.ts'
import { outcome, ruleOf, trusting } from '../../../test/harness/trust.ts'
import type { Clock } from '../../lib/clock.ts'
import { guardedFetch } from './guarded-fetch.ts'
import { until } from '../../../test/harness/until.ts'

const MINUTE = 60_000

/** Both clocks move together, and only when told. */
function heldClock(): Clock & { pass: (ms: number) => void } {
  let passed = 0
  const base = Date.now()
  return {
    nowMs: () => base + passed,
    monotonicMs: () => 1000 + passed,
    pass: (ms) => {
      passed += ms
    },
  }
}

async function start() {
  const issuer = await startIssuer()
  const clock = heldClock()
  const rule = ruleOf({
    issuer: issuer.url,
    audience: 'custody',
    owner: 'alice',
    lifetimeMaxMs: '90d',
  })
  const long = { exp: Math.floor(Date.now() / 1000) + 80 * 86_400 }
  return {
    issuer,
    clock,
    ask: trusting([rule], clock),
    token: () => issuer.sign(long),
    [Symbol.asyncDispose]: () => issuer[Symbol.asyncDispose](),
  }
}

test('many tokens at once make one fetch of the keys', async () => {
  await using it = await start()
  const tokens = await Promise.all(
    Array.from({ length: 20 }, () => it.issuer.sign({ jti: String(Math.random()) })),
  )
  const results = await Promise.all(tokens.map((token) => it.ask(token)))
  assert.deepEqual(new Set(results.map(outcome)), new Set(['accepted']))
  assert.equal(it.issuer.keyRequests(), 1)
})

test('a rotated key is learned, once, and not more often than the cooldown allows', async () => {
  await using it = await start()
  assert.equal(outcome(await it.ask(await it.token())), 'accepted')
  await it.issuer.rotate()
  assert.equal(outcome(await it.ask(await it.token())), 'untrusted', 'within the cooldown')
  assert.equal(it.issuer.keyRequests(), 1)
  it.clock.pass(31_000)
  assert.equal(outcome(await it.ask(await it.issuer.sign({ jti: 'later' }))), 'accepted')
  assert.equal(it.issuer.keyRequests(), 2)
})

test('invented key ids do not make us call the issuer again and again', async () => {
  await using it = await start()
  await it.ask(await it.token())
  it.clock.pass(31_000)
  for (let n = 0; n < 50; n += 1) {
    const token = await it.issuer.sign({ jti: String(n) }, { kid: `invented ${n}` })
    assert.equal(outcome(await it.ask(token)), 'untrusted')
  }
  assert.equal(it.issuer.keyRequests(), 2)
})

test('while the issuer is away its known keys go on, and after a day they do not', async () => {
  await using it = await start()
  const token = await it.token()
  assert.equal(outcome(await it.ask(token)), 'accepted')
  it.issuer.fail(true)
  for (let hour = 0; hour < 23; hour += 1) {
    it.clock.pass(60 * MINUTE)
    assert.equal(outcome(await it.ask(token)), 'accepted', `hour ${hour}`)
    assert.equal(
      outcome(
        await it.ask(
          await it.issuer.sign({ exp: Math.floor(Date.now() / 1000) + 86_400 * 3, jti: `${hour}` }),
        ),
      ),
      'accepted',
    )
  }
  it.clock.pass(120 * MINUTE)
  await assert.rejects(it.ask(token), { code: 'identity.unavailable' })
  it.issuer.fail(false)
  it.clock.pass(6_000)
  assert.equal(outcome(await it.ask(token)), 'accepted')
})

test('an issuer that never answered is unavailable, and known as soon as it answers', async () => {
  await using it = await start()
  it.issuer.fail(true)
  await assert.rejects(it.ask(await it.token()), { code: 'identity.unavailable' })
  it.issuer.fail(false)
  it.clock.pass(6_000)
  assert.equal(outcome(await it.ask(await it.token())), 'accepted')
})

test('a key that the issuer withdrew signs nobody in any more, though its token was verified before', async () => {
  await using it = await start()
  const token = await it.token()
  assert.equal(outcome(await it.ask(token)), 'accepted')
  await it.issuer.rotate()
  it.clock.pass(11 * MINUTE)
  // The first call after the keys have aged asks for them without waiting; those that follow see the answer.
  await it.ask(token)
  let last = 'accepted'
  await until(async () => {
    last = outcome(await it.ask(token))
    return last !== 'accepted'
  })
  assert.equal(last, 'untrusted')
  assert.equal(it.issuer.keyRequests(), 2)
})

test('an issuer is not asked at addresses where none should be', async () => {
  await using it = await start()
  for (const url of [
    'http://169.254.169.254/latest/meta-data',
    'https://169.254.169.254/',
    'https://[fd00:ec2::254]/',
    'https://10.0.0.1/',
    'https://127.0.0.1:1/',
    'https://2130706433/',
    'https://[::ffff:127.0.0.1]/',
    'https://localhost/',
    'http://example.com/',
    it.issuer.url,
  ]) {
    await assert.rejects(guardedFetch(false)(url), /refused range|https alone/, url)
  }
  await assert.rejects(guardedFetch(true)('https://169.254.169.254/'), /refused range/)
  await assert.rejects(guardedFetch(true)('http://10.0.0.1/'), /https alone/)
})

test('a discovery document of another issuer is not believed', async () => {
  await using it = await start()
  const other = it.issuer.url.replace('127.0.0.1', 'localhost')
  const rule = ruleOf({ issuer: other, audience: 'custody', owner: 'alice' })
  await assert.rejects(trusting([rule])(await it.issuer.sign({ iss: other })), {
    code: 'identity.unavailable',
  })
})
