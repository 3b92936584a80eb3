import assert from 'node:assert/strict'
import { test } from 'node:test'
import { matcherOptions, shippedRuleset } from '../../test/harness/detectors.ts'
import { createMatcher, scanText } from './matcher.ts'
import { applyOperator, needsValue, operatorFor } from './operators.ts'
import type { Operator } from './operators.ts'
import { isCard } from './validators/payment.ts'

/** Kept apart from what follows it, so that no scanner takes the examples for live secrets. */
const PRIVATE = 'PRIVATE'

const { keys } = matcherOptions()
const apply = (operator: Operator, value = '4111 1111 1111 1111'): string =>
  applyOperator(operator, 'CREDIT_CARD', value, keys)

test('Each operator puts its own thing in the place of a value', () => {
  assert.equal(apply({ kind: 'redact' }), '')
  assert.equal(apply({ kind: 'replace', with: null }), '<CREDIT_CARD>')
  assert.equal(apply({ kind: 'replace', with: '[gone]' }), '[gone]')
  assert.equal(apply({ kind: 'mask', char: '*', keepLast: 4 }), '********1111')
  assert.equal(apply({ kind: 'hash' }), '<CREDIT_CARD:hash-19>')
  assert.equal(apply({ kind: 'encrypt' }), 'enc:19')
  assert.equal(apply({ kind: 'tokenize' }), 'tok:CREDIT_CARD:19')
  assert.equal(apply({ kind: 'keep' }), '4111 1111 1111 1111')
})

test('A mask shows at most a third of a value and hides its length', () => {
  assert.equal(apply({ kind: 'mask', char: '*', keepLast: 4 }, 'abcdef'), '********ef')
  assert.equal(apply({ kind: 'mask', char: '*', keepLast: 4 }, 'ab'), '********')
})

test('A synthetic value has the shape of the real one, is stable, and is no card', () => {
  const digest = (_purpose: string, value: string): string => `0badcafe${value.length}`
  const synthetic = applyOperator({ kind: 'synthetic' }, 'X', '4111-1111 Ab', { ...keys, digest })
  assert.match(synthetic, /^0\d{3}-\d{4} [A-Z][a-z]$/)
  assert.equal(
    synthetic,
    applyOperator({ kind: 'synthetic' }, 'X', '4111-1111 Ab', { ...keys, digest }),
  )
  assert.equal(isCard(apply({ kind: 'synthetic' })), false)
})

test('Operators are chosen by entity, with a fallback', () => {
  const table = {
    byEntity: new Map<string, Operator>([['A', { kind: 'keep' }]]),
    fallback: { kind: 'redact' } as const,
  }
  assert.equal(operatorFor(table, 'A').kind, 'keep')
  assert.equal(operatorFor(table, 'B').kind, 'redact')
})

test('A kept value is reported and not changed', () => {
  const options = matcherOptions({ operators: { byEntity: new Map(), fallback: { kind: 'keep' } } })
  const step = scanText(shippedRuleset('pii'), 'mail bob@example.com', options)
  assert.equal(step.emit, 'mail bob@example.com')
  assert.deepEqual(
    step.findings.map(({ operator }) => operator),
    ['keep'],
  )
})

test('An operator that needs the whole value waits for the end of a swallowed block, at every split', () => {
  const operator: Operator = { kind: 'tokenize' }
  assert.ok(needsValue(operator))
  const options = matcherOptions({ operators: { byEntity: new Map(), fallback: operator } })
  const ruleset = shippedRuleset('credentials')
  const pem = `-----BEGIN ${PRIVATE} KEY-----\nMIIEFakeFakeFake4Demo9Only2\nQw8Zx3Vb6==\n-----END PRIVATE KEY-----`
  const text = `a ${pem} b`
  const whole = scanText(ruleset, text, options)
  assert.equal(whole.emit, `a tok:CREDENTIAL:${pem.length} b`)
  for (let cut = 0; cut <= text.length; cut += 1) {
    const matcher = createMatcher(ruleset, options)
    const steps = [matcher.push(text.slice(0, cut)), matcher.push(text.slice(cut)), matcher.end()]
    assert.equal(steps.map(({ emit }) => emit).join(''), whole.emit)
  }
})

test('A block too long to keep is replaced by its label at every split', () => {
  const options = matcherOptions({
    operators: { byEntity: new Map(), fallback: { kind: 'encrypt' } },
  })
  const text = `-----BEGIN ${PRIVATE} KEY-----\n${'MIIEFakeFakeFake4Demo9Only2Qw8Zx3\n'.repeat(800)}`
  for (const size of [100, 5000, text.length]) {
    const matcher = createMatcher(shippedRuleset('credentials'), options)
    let emitted = ''
    for (let at = 0; at < text.length; at += size)
      emitted += matcher.push(text.slice(at, at + size)).emit
    assert.equal(emitted + matcher.end().emit, '<CREDENTIAL>')
  }
})
