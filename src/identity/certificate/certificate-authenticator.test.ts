import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { makeAuthority } from '../../../test/harness/certificates.ts'
import type { IssuedCertificate } from '../../../test/harness/certificates.ts'
import { ruleOf } from '../../../test/harness/trust.ts'
import type { TrustRule } from '../../model/trust.ts'
import { createCertificateAuthenticator } from './certificate-authenticator.ts'
import { readCertificate } from './read-certificate.ts'

const HOUR_MS = 3_600_000
const rule = (uri: string): TrustRule =>
  ruleOf({ kind: 'certificate', claims: { uri }, owner: 'alice' })

let client: IssuedCertificate
before(async () => {
  const authority = await makeAuthority('Acme')
  client = await authority.issue({ uris: ['spiffe://acme/a'], notAfterMs: Date.now() + HOUR_MS })
})

function over(rules: { now: readonly TrustRule[] | Error; version: string }) {
  const clock = { now: Date.now() }
  let reads = 0
  const authenticate = createCertificateAuthenticator({
    book: {
      version: () => rules.version,
      rules: () => (rules.now instanceof Error ? Promise.reject(rules.now) : rules.now),
      issuersOf: () => [],
    },
    authorities: { judge: () => 'good' },
    clock: { nowMs: () => clock.now, monotonicMs: () => clock.now },
    read: (der, fingerprint) => {
      reads += 1
      return readCertificate(der, fingerprint)
    },
  })
  return { authenticate, clock, reads: () => reads }
}

test('a connection that outlives its certificate is refused from then on', async () => {
  const { authenticate, clock } = over({ now: [rule('spiffe://acme/*')], version: '1' })
  const certificate = { der: client.der, chain: [], problem: '' }
  assert.equal((await authenticate(certificate)).kind, 'known')
  clock.now += 2 * HOUR_MS
  assert.deepEqual(await authenticate(certificate), {
    kind: 'refused',
    detail: 'The client certificate has expired.',
  })
})

test('a certificate is read once, and judged anew when the rules change', async () => {
  const rules = { now: [rule('spiffe://acme/*')] as readonly TrustRule[], version: '1' }
  const { authenticate, reads } = over(rules)
  const idNow = async () => {
    const verdict = await authenticate({ der: client.der, chain: [], problem: '' })
    return verdict.kind === 'known' ? (verdict.principal?.id ?? null) : verdict.kind
  }
  assert.equal(await idNow(), 'spiffe://acme/a')
  assert.equal(await idNow(), 'spiffe://acme/a')
  rules.now = []
  rules.version = '2'
  assert.equal(await idNow(), null)
  rules.now = [rule('spiffe://bank/*'), rule('spiffe://acme/a')]
  rules.version = '3'
  assert.equal(await idNow(), 'spiffe://acme/a')
  assert.equal(reads(), 1)
})

test('while the rules cannot be read nobody is let in, and that is said apart from a refusal', async () => {
  const { authenticate } = over({ now: new Error('no database'), version: '1' })
  await assert.rejects(async () => authenticate({ der: client.der, chain: [], problem: '' }), {
    code: 'identity.unavailable',
  })
})

test('a rule that ended lets no certificate in and another one still does', async () => {
  const ended = { ...rule('spiffe://acme/*'), endedAtMs: 1 }
  const verdictBy = async (...rules: readonly TrustRule[]) =>
    over({ now: rules, version: '1' }).authenticate({ der: client.der, chain: [], problem: '' })
  const verdict = await verdictBy(ended, rule('spiffe://bank/*'))
  assert.ok(verdict.kind === 'known')
  assert.deepEqual([verdict.principal, verdict.hasEnded], [null, true])
  const other = await verdictBy(ended, rule('spiffe://acme/a'))
  assert.ok(other.kind === 'known')
  assert.deepEqual([other.principal?.id, other.hasEnded], ['spiffe://acme/a', false])
})
