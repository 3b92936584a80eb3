import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shippedPacks, shippedRuleset } from '../../test/harness/detectors.ts'
import { holdCosts } from './hold-cost.ts'
import { checkExamples, loadRules } from './load-rules.ts'

const good = {
  id: 'demo-key',
  entity: 'CREDENTIAL',
  name: 'Demo key',
  pattern: '\\b(?P<secret>demo_[a-z]{8})\\b',
  marker: 'demo_',
  score: 0.9,
  examples: { positive: ['use demo_abcdefgh'], negative: ['demo_abc'] },
}

function problems(change: object, macros: object = {}): string {
  const built = loadRules([{ pack: 'own', macros, rules: [{ ...good, ...change }] }], {
    packs: ['own'],
    without: [],
  })
  return built.kind === 'problems' ? built.problems.map(({ problem }) => problem).join('; ') : ''
}

test('A complete rule is accepted', () => {
  assert.equal(problems({}), '')
})

const refused: readonly (readonly [why: string, change: object, problem: RegExp])[] = [
  [
    'without positive examples',
    { examples: { positive: [], negative: ['x'] } },
    /no positive example/,
  ],
  [
    'without negative examples',
    { examples: { positive: ['demo_abcdefgh'] } },
    /no negative example/,
  ],
  ['without examples', { examples: undefined }, /no positive example.*no negative example/],
  [
    'whose positive example is not found',
    { examples: { positive: ['nothing'], negative: ['x'] } },
    /positive example 1 is not found/,
  ],
  [
    'whose negative example is found',
    { examples: { positive: ['demo_abcdefgh'], negative: ['x', 'demo_hgfedcba'] } },
    /negative example 2 is found/,
  ],
  ['whose match lacks its marker', { marker: 'other_' }, /lacks the marker/],
  ['with an unbounded secret', { pattern: '(?P<secret>demo_[a-z]+)' }, /unbounded.*eager/],
  [
    'with a very long secret',
    { pattern: '(?P<secret>[a-z]{900}[0-9]{900})' },
    /1800 characters long/,
  ],
  [
    'with unbounded context',
    { pattern: 'x.*(?P<secret>demo_[a-z]{8})' },
    /context before the secret/,
  ],
  ['with an empty secret', { pattern: 'demo_(?P<secret>[a-z]{0,8})' }, /can be empty/],
  ['with look-ahead', { pattern: 'demo_(?=x)' }, /look-around/],
  ['with look-behind', { pattern: '(?<=x)demo_' }, /look-around/],
  ['with a back-reference', { pattern: '(demo)\\1' }, /back-reference/],
  [
    'over the budget of one rule',
    { pattern: 'x(?:(?:a?){100}){100}(?P<secret>y)' },
    /context before the secret/,
  ],
  [
    'over the budget of instructions',
    { pattern: '(?P<secret>(?:(?:a?|b?|c?|d?|e?|f?){1,30}){1,39}x)' },
    /over budget/,
  ],
  ['that backtracking engines choke on', { pattern: '(?P<secret>(?:a+)+b)' }, /unbounded/],
  ['with an unknown validator', { validators: ['magic'] }, /validator magic is not known/],
  ['with an unknown field', { regexp: 'x' }, /field regexp is not known/],
  ['with an unknown macro', { pattern: '{{nope}}(?P<secret>x)' }, /macro nope is not defined/],
  ['without a score', { score: undefined }, /score must be/],
  ['with a score above one', { score: 2 }, /score must be/],
  ['with a bad id', { id: 'Demo Key' }, /id must be/],
  ['with a bad entity', { entity: 'credential' }, /entity must be/],
  ['with an unknown stream class', { stream: 'later' }, /stream must be/],
  ['that is inline with a tail', { tail: '[a-z]' }, /inline rule has no tail/],
  ['that is eager without a tail', { stream: 'eager' }, /tail must be/],
  ['that swallows without an end', { stream: 'swallow', tail: '[a-z]' }, /until must be/],
]

for (const [why, change, problem] of refused) {
  test(`A rule ${why} is refused`, () => {
    assert.match(problems(change), problem)
  })
}

test('A ruleset over the budget of instructions is refused', () => {
  const limits = { instructionsMax: 10, tableBytesMax: 1 << 20 }
  const built = loadRules([{ pack: 'own', rules: [good] }], { packs: ['own'], without: [] }, limits)
  const [problem] = built.kind === 'problems' ? built.problems : []
  assert.match(
    problem?.problem ?? '',
    /^all rules together are over budget \(10 instructions\); .*\(demo-key \d+\).* terms/,
  )
})

test('Packs are found by name, include others and never bring a rule twice', () => {
  const documents = [
    { pack: 'one', rules: [good] },
    { pack: 'two', include: ['one'], rules: [] },
  ]
  const built = loadRules(documents, { packs: ['one', 'two'], without: [] })
  assert.equal(built.kind === 'ruleset' && built.ruleset.rules.length, 1)
  const missing = loadRules(documents, { packs: ['three'], without: [] })
  assert.match(JSON.stringify(missing), /there is no pack three; there are one, two/)
  const twice = loadRules([...documents, { pack: 'three', rules: [good] }], {
    packs: ['one', 'three'],
    without: [],
  })
  assert.match(JSON.stringify(twice), /another rule with this id/)
})

test('A rule can be left out by id', () => {
  const built = loadRules(shippedPacks(), { packs: ['pii'], without: ['email'] })
  assert.ok(built.kind === 'ruleset' && built.ruleset.rules.every(({ id }) => id !== 'email'))
})

test('Every shipped rule behaves on its own examples', () => {
  assert.deepEqual(checkExamples(shippedRuleset('strict')), [])
})

test('The shipped packs are as large as they promise', () => {
  assert.ok(shippedRuleset('credentials').rules.length >= 300)
  const nationalIds = shippedRuleset('pii').rules.filter(({ entity }) => /^[A-Z]{2}_/.test(entity))
  assert.ok(new Set(nationalIds.map(({ entity }) => entity.slice(0, 2))).size >= 20)
  const parts = ['credentials', 'pci', 'pii', 'phi'].map(
    (pack) => shippedRuleset(pack).rules.length,
  )
  assert.equal(
    shippedRuleset('strict').rules.length,
    parts.reduce((a, b) => a + b, 0),
  )
})

test('The hold cost of a rule shows what makes a rule dear', () => {
  const [dear, cheap] = [
    {
      ...good,
      id: 'middle',
      pattern: '\\b(?P<secret>[a-z]{1,40}_demo)\\b',
      marker: '_demo',
      examples: { positive: ['abc_demo'], negative: ['abc'] },
    },
    good,
  ]
  const built = loadRules([{ pack: 'own', rules: [cheap, dear] }], { packs: ['own'], without: [] })
  assert.ok(built.kind === 'ruleset')
  const costs = holdCosts(built.ruleset.rules, 'every word may be the beginning of such a key')
  assert.equal(costs[0]?.rule, 'middle')
  assert.ok((costs[0]?.mean ?? 0) > 2 && (costs[1]?.mean ?? 9) < 0.1)
})
