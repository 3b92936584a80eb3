import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askedRule, grantRow } from '../../test/store/approval-samples.ts'
import { EPOCH_MS } from '../../test/store/samples.ts'
import type { HeldRequest } from './grant-covers.ts'
import { coverage, coveringGrant } from './grant-covers.ts'

const NOW = EPOCH_MS + 1000

function held(changes: Partial<HeldRequest> = {}): HeldRequest {
  return {
    digest: 'digest-1',
    principal: 'dana',
    upstream: 'openai',
    conversation: 'cv_1',
    asks: [askedRule()],
    sentMasked: new Set(),
    ...changes,
  }
}

test('a grant covers the request that was approved', () => {
  assert.equal(coverage(grantRow(1), held(), NOW), 'use')
})

test('a grant does not cover another caller, upstream, rule, finding or body', () => {
  for (const changes of [
    { principal: 'erin' },
    { upstream: 'anthropic' },
    { asks: [askedRule({ rule: 'other' })] },
    { asks: [askedRule(), askedRule({ rule: 'other' })] },
    { asks: [askedRule({ findings: ['fp-1', 'fp-2'] })] },
    { asks: [askedRule({ findings: [] })] },
    { digest: 'digest-2' },
  ])
    assert.equal(coverage(grantRow(1), held(changes), NOW), null, JSON.stringify(changes))
})

test('a grant that expired, was used up or revoked covers nothing new', () => {
  for (const changes of [
    { expiresAtMs: NOW },
    { uses: 3 },
    { revokedAtMs: NOW },
    { carryUntilMs: NOW },
  ])
    assert.equal(coverage(grantRow(1, changes), held(), NOW), null, JSON.stringify(changes))
})

test('a value that was sent masked passes a grant that masks it again, or that has let it go', () => {
  const asks = [askedRule({ newFindings: ['fp-1'], findings: ['fp-1'] })]
  const next = (sentMasked: readonly string[]): HeldRequest =>
    held({ digest: 'next', asks, sentMasked: new Set(sentMasked) })
  const masks = grantRow(1, { masked: true })
  assert.equal(coverage(masks, next(['fp-1']), NOW), 'carry')
  assert.equal(coverage(masks, next(['fp-2']), NOW), null)
  assert.equal(coverage(grantRow(1, { uses: 1 }), next(['fp-1']), NOW), 'carry')
  assert.equal(coverage(grantRow(1, { uses: 0 }), next(['fp-1']), NOW), null)
})

test('what was approved and only stays in its conversation is not asked again', () => {
  const next = held({ digest: 'next', asks: [askedRule({ newFindings: [] })] })
  assert.equal(coverage(grantRow(1), next, NOW), 'carry')
  assert.equal(coverage(grantRow(1, { uses: 3, expiresAtMs: NOW }), next, NOW), 'carry')
  assert.equal(coverage(grantRow(1), { ...next, conversation: 'cv_2' }, NOW), null)
  assert.equal(coverage(grantRow(1), { ...next, conversation: null }, NOW), null)
  assert.equal(coverage(grantRow(1, { revokedAtMs: NOW }), next, NOW), null)
  const empty = held({ digest: 'next', asks: [askedRule({ findings: [], newFindings: [] })] })
  assert.equal(
    coverage(grantRow(1, { rules: [{ rule: 'cards', findings: [] }] }), empty, NOW),
    null,
  )
})

test('a grant for a conversation covers what follows in it, until a finding is new', () => {
  const grant = grantRow(1, { kind: 'conversation', usesMax: null })
  assert.equal(coverage(grant, held({ digest: 'next' }), NOW), 'use')
  assert.equal(coverage(grant, held({ digest: 'next', conversation: 'cv_2' }), NOW), null)
  assert.equal(
    coverage(grant, held({ digest: 'next', asks: [askedRule({ findings: ['fp-2'] })] }), NOW),
    null,
  )
})

test('of several grants the one that masks is preferred', () => {
  const plain = grantRow(1)
  const masked = grantRow(2, { masked: true })
  assert.equal(coveringGrant([plain, masked], held(), NOW)?.grant.id, masked.id)
  assert.equal(coveringGrant([plain], held(), NOW)?.grant.id, plain.id)
  assert.equal(coveringGrant([], held(), NOW), null)
})
