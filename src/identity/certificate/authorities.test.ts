import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { makeAuthority } from '../../../test/harness/certificates.ts'
import type { Authority, IssuedCertificate } from '../../../test/harness/certificates.ts'
import { authoritiesIn, createAuthorities } from './authorities.ts'
import { pemBlocks } from './pem-blocks.ts'
import { readRevocationLists } from './revocation-list.ts'

const HOUR_MS = 3_600_000

let root: Authority
let branch: Authority
let stranger: Authority
let good: IssuedCertificate
let bad: IssuedCertificate
let below: IssuedCertificate
before(async () => {
  root = await makeAuthority('Acme')
  branch = await root.below('Acme Branch')
  stranger = await makeAuthority('Acme')
  good = await root.issue({ uris: ['spiffe://acme/a'] })
  bad = await root.issue({ uris: ['spiffe://acme/b'] })
  below = await branch.issue({ uris: ['spiffe://acme/c'] })
})

const pem = (...some: readonly Authority[]): string => some.map(({ cert }) => cert).join('')

async function judging(
  authorities: string,
  lists: readonly string[] | null,
  whenUnknown: 'refuse' | 'pass' = 'refuse',
) {
  const ours = authoritiesIn(authorities)
  const reading = lists === null ? null : await readRevocationLists(lists.join(''), ours)
  assert.ok(reading?.kind !== 'problem', JSON.stringify(reading))
  const facts = { authorities: ours, lists: reading?.lists ?? null, whenUnknown }
  const book = createAuthorities(facts)
  return (one: IssuedCertificate, ...chain: readonly IssuedCertificate[]) =>
    book.judge({ der: one.der, chain: chain.map(({ der }) => der), problem: '' }, Date.now())
}

const derOf = (list: string): Buffer => Buffer.concat([...pemBlocks('X509 CRL', list)])
const listOf = (der: Buffer): string =>
  `-----BEGIN X509 CRL-----\n${der.toString('base64')}\n-----END X509 CRL-----\n`

test('what a list names is revoked, and what no list is asked about is good', async () => {
  const judge = await judging(pem(root), [await root.revoke({ certificates: [bad] })])
  assert.equal(judge(good), 'good')
  assert.equal(judge(bad), 'revoked')
  const without = await judging(pem(root), null)
  assert.equal(without(bad), 'good')
})

test('a list that is overdue or not yet in force makes unknown what it does not name, and as the operator wants it', async () => {
  for (const times of [
    { fromMs: Date.now() - 2 * HOUR_MS, untilMs: Date.now() - HOUR_MS },
    { fromMs: Date.now() + HOUR_MS, untilMs: Date.now() + 2 * HOUR_MS },
  ]) {
    const list = await root.revoke({ certificates: [bad], ...times })
    const refusing = await judging(pem(root), [list])
    assert.equal(refusing(good), 'unknown')
    assert.equal(refusing(bad), 'revoked')
    const passing = await judging(pem(root), [list], 'pass')
    assert.equal(passing(good), 'good')
    assert.equal(passing(bad), 'revoked')
    // A newer list beside it makes it known again.
    const both = await judging(pem(root), [list, await root.revoke({ certificates: [] })])
    assert.equal(both(good), 'good')
  }
})

test('each authority of a chain needs a list of its own, and a revoked authority takes its certificates along', async () => {
  const rootList = await root.revoke({ certificates: [] })
  const branchList = await branch.revoke({ certificates: [] })
  const whole = await judging(pem(root, branch), [rootList, branchList])
  assert.equal(whole(below, branch), 'good')
  const half = await judging(pem(root, branch), [rootList])
  assert.equal(half(below, branch), 'unknown')
  const sent = await judging(pem(root), [await root.revoke({ certificates: [branch] })], 'pass')
  assert.equal(sent(below, branch), 'revoked')
})

test('what authorities of ours did not issue is not ours, whatever its issuer is called', async () => {
  const judge = await judging(pem(root), null)
  assert.equal(judge(await stranger.issue({ uris: ['spiffe://acme/a'] })), 'not-ours')
  assert.equal(judge(below), 'not-ours')
  assert.equal(judge(below, branch), 'good')
  assert.equal(judge(below, stranger), 'not-ours')
  // A certificate that is no authority issues nothing.
  assert.equal(judge(below, good, root), 'not-ours')
})

test('other authorities count from the moment they are replaced', async () => {
  const book = createAuthorities({
    authorities: authoritiesIn(pem(root)),
    lists: null,
    whenUnknown: 'refuse',
  })
  const certificate = { der: good.der, chain: [], problem: '' }
  assert.equal(book.judge(certificate, 0), 'good')
  book.replace({ authorities: authoritiesIn(pem(stranger)), lists: null, whenUnknown: 'refuse' })
  assert.equal(book.judge(certificate, 0), 'not-ours')
})

test('a file of lists is refused whole when one of them says less than it seems to', async () => {
  const ours = authoritiesIn(pem(root))
  const fine = await root.revoke({ certificates: [bad] })
  for (const [name, list, words] of [
    ['nothing', '', /no X509 CRL/],
    ['of a stranger', await stranger.revoke({ certificates: [] }), /none of the authorities/],
    ['without a next update', await root.revoke({ certificates: [], untilMs: null }), /until when/],
    [
      'of some certificates',
      await root.revoke({ certificates: [], isPartial: true }),
      /some certificates/,
    ],
    ['bytes behind it', listOf(Buffer.concat([derOf(fine), Buffer.alloc(1)])), /cannot be read/],
    ['no list', listOf(Buffer.alloc(3)), /cannot be read/],
  ] as const) {
    const reading = await readRevocationLists(name === 'nothing' ? '' : fine + list, ours)
    assert.ok(reading.kind === 'problem', name)
    assert.match(reading.problem, words, name)
  }
  // A bit that flips in a list spoils its signature.
  const der = derOf(fine)
  const at = der.indexOf(Buffer.from('Acme')) + 25
  der[at] = (der[at] ?? 0) ^ 1
  const forged = listOf(der)
  assert.equal((await readRevocationLists(forged, ours)).kind, 'problem')
})
