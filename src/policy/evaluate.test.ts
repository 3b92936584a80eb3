import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { readPolicy } from '../config/policy/read-policy.ts'
import { VERDICTS } from '../model/decision.ts'
import { evaluate, isInForce } from './evaluate.ts'
import { explain } from './explain.ts'
import type { PolicyFacts } from './facts.ts'
import type { Policy } from './policy.ts'
import { givenFacts, runTests } from './run-tests.ts'

function policyOf(rules: readonly string[] | string): Policy {
  const text = `version: 1\nrules:\n${typeof rules === 'string' ? rules : rules.join('')}`
  const reading = readPolicy(text, 'test')
  if (reading.kind !== 'policy') assert.fail(JSON.stringify(reading.problems, null, 1))
  return reading.loaded.policy
}

const rule = (fields: string): string =>
  `  - { title: T, on: request, stage: enforce, ${fields} }\n`

const facts = (given: Parameters<typeof givenFacts>[1], policy: Policy): PolicyFacts =>
  givenFacts(policy, given)

const CONDITIONS = [
  'keywords: [alpha]',
  'keywords: [beta], occurrence: new',
  'entities: [CREDIT_CARD]',
  "patterns: ['gamma-[0-9]{1,4}']",
  'size: { bytes: 40 }',
  'groups: [staff]',
  "models: ['gpt-*']",
  'hours: { from: "08:00", to: "18:00", days: [mon], zone: Europe/Zurich }',
  'when: "findings.count() > 1 && caller.kind == \\"person\\""',
  'when: "caller.claims.absent == \\"x\\""',
  'keywords: [alpha], unless: { groups: [staff] }',
]

test('a rule on a fingerprint fires for that value and for no other of its kind', () => {
  const policy = policyOf(
    rule('id: one-card, entities: [CREDIT_CARD], fingerprints: [9f86d081884c7d65], then: deny'),
  )
  const seen = (fingerprint: string): PolicyFacts => ({
    ...facts({ text: '' }, policy),
    findings: [
      { rule: 'credit-card', entity: 'CREDIT_CARD', fingerprint, isNew: true, role: 'user' },
    ],
  })
  const verdictOf = (fingerprint: string) => evaluate(policy, seen(fingerprint)).verdict
  assert.equal(verdictOf(`9f86d081884c7d65${'9'.repeat(48)}`), 'deny')
  // As the index keeps them.
  assert.equal(verdictOf('9f86d081884c7d65'), 'deny')
  assert.equal(verdictOf(`9f86d081884c7d66${'9'.repeat(48)}`), 'allow')
})

test('a fingerprint that is none, or that narrows nothing, is refused', () => {
  for (const fields of [
    'entities: [CREDIT_CARD], fingerprints: [4111]',
    'entities: [CREDIT_CARD], fingerprints: ["9F86D081884C7D65"]',
    'keywords: [alpha], fingerprints: [9f86d081884c7d65]',
    'fingerprints: [9f86d081884c7d65]',
  ]) {
    const text = `version: 1\nrules:\n${rule(`id: r, ${fields}, then: deny`)}`
    assert.equal(readPolicy(text, 'test').kind, 'problems', fields)
  }
})

const anyRule = (id: number): fc.Arbitrary<string> =>
  fc
    .record({
      condition: fc.constantFrom(...CONDITIONS),
      verdict: fc.constantFrom(...VERDICTS),
      stage: fc.constantFrom('enforce', 'shadow', "'canary: 50%'", 'off'),
      fail: fc.constantFrom('open', 'closed'),
    })
    .map(
      ({ condition, verdict, stage, fail }) =>
        `  - { id: r${id}, title: T, on: request, ${condition}, then: ${verdict}, stage: ${stage}, fail: ${fail} }\n`,
    )

const rules = fc
  .integer({ min: 1, max: 8 })
  .chain((length) => fc.tuple(...Array.from({ length }, (_, id) => anyRule(id))))
const texts = fc
  .array(fc.constantFrom('alpha', 'beta', 'gamma-12', '4111 1111 1111 1111', 'words'), {
    maxLength: 5,
  })
  .map((words) => words.join(' '))
const given = fc.record({
  text: texts,
  carriedOver: fc.boolean(),
  caller: fc.record({ groups: fc.constantFrom(['staff'], [], ['other']) }),
  model: fc.constantFrom('gpt-5', 'claude'),
})

test('the verdict is the same whatever the order of rules, and the same each time', () => {
  fc.assert(
    fc.property(rules, given, fc.nat(), fc.string({ minLength: 4 }), (written, what, turn, lot) => {
      const at = turn % written.length
      const one = policyOf(written)
      const other = policyOf([...written.slice(at), ...written.slice(0, at)].toReversed())
      const seen = { ...facts(what, one), lot }
      const { policy: _policy, ...first } = evaluate(one, seen)
      const { policy: _other, ...second } = evaluate(other, seen)
      assert.deepEqual(first, second)
      assert.deepEqual(evaluate(one, seen), evaluate(one, seen))
    }),
    { numRuns: 150 },
  )
})

test('the verdict is the strictest in force; rules in shadow never make it', () => {
  fc.assert(
    fc.property(rules, given, fc.string({ minLength: 4 }), (written, what, lot) => {
      const policy = policyOf(written)
      const { verdict, hits, deciding } = evaluate(policy, { ...facts(what, policy), lot })
      const inForce = hits.filter((hit) => hit.inForce)
      const strictest = Math.max(0, ...inForce.map((hit) => VERDICTS.indexOf(hit.verdict)))
      assert.equal(verdict, VERDICTS[strictest])
      assert.equal(deciding === null, inForce.length === 0)
      for (const hit of hits) if (hit.stage === 'shadow') assert.equal(hit.inForce, false)
      const without = policyOf(written.map((one) => one.replace(/stage: [^,]+/, 'stage: shadow')))
      assert.equal(evaluate(without, { ...facts(what, without), lot }).verdict, 'allow')
    }),
    { numRuns: 150 },
  )
})

test('evaluation is total: facts of any kind give a decision, and explain agrees with it', () => {
  const weird = fc.record({
    atMs: fc.double({ min: -8e14, max: 8e14, noNaN: true }),
    model: fc.string(),
    upstream: fc.string(),
    tools: fc.array(fc.string()),
    inspection: fc.constantFrom('done', 'unread', 'failed'),
    lot: fc.string(),
  })
  fc.assert(
    fc.property(rules, given, weird, (written, what, odd) => {
      const policy = policyOf(written)
      const seen: PolicyFacts = { ...facts(what, policy), ...odd }
      const { hits } = evaluate(policy, seen)
      const fired = explain(policy, seen)
        .filter(({ outcome }) => outcome === 'fired' || outcome === 'watched')
        .map((one) => one.rule)
      assert.deepEqual(
        fired.toSorted(),
        hits.map((hit) => hit.rule),
      )
    }),
    { numRuns: 150 },
  )
})

test('what cannot be decided goes the way of the rule, and is no excuse', () => {
  const text = { text: 'anything' }
  const cases = [
    [rule('id: a, keywords: [x], then: deny, fail: closed'), 'deny'],
    [rule('id: a, keywords: [x], then: deny, fail: open'), 'allow'],
    [rule('id: a, size: { bytes: 1 }, then: deny'), 'deny'],
    [rule('id: a, size: { bytes: 1 }, then: deny, unless: { keywords: [x] }'), 'deny'],
    [rule('id: a, when: "findings.count() > 0", then: hold'), 'hold'],
    [rule('id: a, when: "caller.claims.none == 1", then: mask'), 'mask'],
    [rule('id: a, keywords: [x], then: allow, tags: [t]'), 'allow'],
  ] as const
  for (const [written, verdict] of cases) {
    const policy = policyOf(written)
    const seen: PolicyFacts = { ...facts(text, policy), inspection: 'failed' }
    assert.equal(evaluate(policy, seen).verdict, verdict, written)
  }
})

test('a canary is the same for a conversation every time, and about its share of all', () => {
  const [one] = policyOf(
    rule("id: a, then: deny, stage: 'canary: 30%'").replace('stage: enforce, ', ''),
  ).rules
  assert.ok(one !== undefined)
  const lots = Array.from({ length: 4000 }, (_, n) => `lot ${n}`)
  const share = lots.filter((lot) => isInForce(one, lot)).length / lots.length
  assert.ok(share > 0.26 && share < 0.34, String(share))
  for (const lot of lots.slice(0, 100)) assert.equal(isInForce(one, lot), isInForce(one, lot))
})

test('only a tool result counts for a rule on tool results', () => {
  const policy = policyOf(
    '  - { id: a, title: T, on: tool_result, keywords: [alpha], then: deny, stage: enforce }\n',
  )
  const verdict = (what: Parameters<typeof givenFacts>[1]): string =>
    evaluate(policy, givenFacts(policy, what)).verdict
  assert.equal(verdict({ text: 'alpha' }), 'allow')
  assert.equal(verdict({ text: 'alpha', toolResult: 'beta' }), 'allow')
  assert.equal(verdict({ text: 'words', toolResult: 'alpha' }), 'deny')
})

test('a declared service can make a rule fire and excuses nothing', () => {
  const policy = policyOf([
    rule('id: a, services: [billing], then: deny'),
    rule('id: b, keywords: [alpha], then: hold, unless: { services: [search] }'),
  ])
  const verdict = (what: Parameters<typeof givenFacts>[1]): string =>
    evaluate(policy, givenFacts(policy, what)).verdict
  assert.equal(verdict({ service: 'billing' }), 'deny')
  assert.equal(verdict({ service: 'billing', caller: { service: 'search' } }), 'allow')
  assert.equal(verdict({ text: 'alpha', service: 'search' }), 'hold')
  assert.equal(verdict({ text: 'alpha', caller: { service: 'search' } }), 'allow')
})

test('tests of a rule see that rule alone, as if it were enforced', () => {
  const policy = policyOf([
    rule('id: a, keywords: [alpha], then: deny').replace('enforce', 'off'),
    rule('id: b, then: allow, size: { bytes: 10 }, alert: log'),
  ])
  const outcomes = runTests(
    policy,
    new Map([
      [
        'a',
        [
          { name: 'found', given: { text: 'ALPHA' }, expect: 'deny' as const },
          { name: 'wrong', given: { text: 'beta' }, expect: 'deny' as const },
        ],
      ],
      ['b', [{ name: 'large', given: { bytes: 11 }, expect: 'fires' as const }]],
    ]),
  )
  assert.deepEqual(
    outcomes.map(({ rule: id, passed, got }) => [id, passed, got]),
    [
      ['a', true, 'deny'],
      ['a', false, 'allow'],
      ['b', true, 'fires'],
    ],
  )
})
