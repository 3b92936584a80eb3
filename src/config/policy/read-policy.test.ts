import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { lintPolicy } from '../../policy/lint.ts'
import { runTests } from '../../policy/run-tests.ts'
import { policyHash, readPolicy } from './read-policy.ts'
import { starterPolicyText } from './starter.ts'

function problemsOf(text: string): readonly string[] {
  const reading = readPolicy(text, 'p.yaml')
  return reading.kind === 'policy'
    ? []
    : reading.problems.map(({ line, path, message }) => `${line} ${path}: ${message}`)
}

const one = (fields: string): string =>
  `version: 1\nrules:\n  - { id: a, title: T, on: request, ${fields} }\n`

test('the starter policy has no problem, no doubt, and passes its own tests', () => {
  const reading = readPolicy(starterPolicyText(), 'starter')
  if (reading.kind !== 'policy') assert.fail(JSON.stringify(reading.problems))
  const { policy, tests } = reading.loaded
  assert.deepEqual(lintPolicy(policy, tests), [])
  assert.deepEqual(
    runTests(policy, tests).filter(({ passed }) => !passed),
    [],
  )
})

test('all problems come at once, with their lines', () => {
  const text = `version: 1
rules:
  - id: Bad Id
    title: x
    on: requests
    then: block
  - id: b
    title: y
    on: response
    then: hold
    colour: red
  - id: c
    title: z
    on: request
    entities: [CREDIT_CARDS]
    then: deny
`
  assert.deepEqual(problemsOf(text), [
    '3 rules.0.id: the value is not acceptable',
    '5 rules.0.on: the value is not acceptable',
    '6 rules.0.then: the value is not acceptable',
    '11 rules.1.colour: unknown key',
    '15 rules.2.entities.0: there is none of this name',
  ])
})

test('what cannot work is refused', () => {
  const refused: readonly (readonly [fields: string, problem: RegExp])[] = [
    ["patterns: ['a+'], then: deny", /no longest match/],
    ["patterns: ['('], then: deny", /not closed/],
    ["patterns: ['a{0,3}'], then: deny", /matches the empty text/],
    ["keywords: ['\\u200b'], then: deny", /nothing of this keyword is left/],
    ['packs: [secrets], then: deny', /none of this name/],
    ['detectors: [nothing], then: deny', /none of this name/],
    ['atLeast: 2, then: deny', /nothing is looked for/],
    ['size: {}, then: deny', /no threshold/],
    ['hours: { from: "08:00", to: "08:00" }, then: deny', /the range is empty/],
    ['hours: { from: "08:00", to: "09:00", zone: Mars/Olympus }, then: deny', /zone is not known/],
    ['keywords: [x], then: deny, mask: hash', /belongs to rules with `then: mask`/],
    ['keywords: [x], then: mask, mask: keep', /keep masks nothing/],
    ['keywords: [x], then: deny, approval: { quorum: 2 }', /belongs to rules with `then: hold`/],
    ['keywords: [x], then: deny, unless: {}', /excuses everything/],
    ['then: deny, when: "foo"', /foo is not known/],
    ['then: deny, when: "caller.nme == 1"', /caller.nme is not known/],
    ['then: deny, when: "findings.count(model) > 1"', /entity written as a text/],
    ['then: deny, when: "findings.count(\\"CARD\\") > 1"', /none of this name/],
    ['then: deny, when: "evil(1)"', /function evil is not known/],
    ['then: deny, when: "1 +"', /no CEL expression/],
    ['then: deny, when: "tools.exists(t, tools.exists(u, u == t))"', /loop inside a loop/],
    [`then: deny, when: "${Array.from({ length: 120 }, () => 'true').join(' && ')}"`, /parts/],
  ]
  for (const [fields, problem] of refused)
    assert.match(problemsOf(one(fields)).join('\n'), problem, fields)
  const twice = '  - { id: a, title: T, on: request, then: allow }\n'
  assert.match(problemsOf(`version: 1\nrules:\n${twice}${twice}`).join(), /another rule/)
  const held = 'version: 1\nrules:\n  - { id: a, title: T, on: response, then: hold }\n'
  assert.match(problemsOf(held).join(), /cannot be held/)
})

test('no hostile expression takes long or escapes', () => {
  const hostile = [
    '"a".matches("(a*)*b")',
    `${'('.repeat(3000)}true${')'.repeat(3000)}`,
    'caller.constructor.constructor == 1',
    '__proto__ == 1',
  ]
  for (const source of hostile) {
    const before = process.cpuUsage()
    readPolicy(one(`then: deny, when: '${source}'`), 'p')
    assert.ok(process.cpuUsage(before).user < 5_000_000, source.slice(0, 40))
  }
})

test('doubts are told: no test, never fires, decides nothing, no condition', () => {
  const doubts = (text: string): string => {
    const reading = readPolicy(text, 'p')
    if (reading.kind !== 'policy') assert.fail(JSON.stringify(reading.problems))
    return lintPolicy(reading.loaded.policy, reading.loaded.tests)
      .map(({ rule, message }) => `${rule}: ${message}`)
      .join('\n')
  }
  assert.match(doubts(one('keywords: [x], then: deny')), /no test/)
  assert.match(doubts(one('then: deny')), /no condition/)
  assert.match(doubts(one('keywords: [x], atLeast: 2, then: deny')), /atLeast is more/)
  assert.match(doubts(one('groups: [a], then: deny, unless: { groups: [a, b] }')), /never fires/)
  assert.match(doubts(one("patterns: ['проект'], then: deny")), /probably never fire/)
  assert.doesNotMatch(doubts(one("patterns: ['\\bproj-[0-9]{3}\\b'], then: deny")), /never fire/)
  assert.match(doubts(one("keywords: [x], then: deny, stage: 'canary: 0%'")), /canary of 0%/)
  const covered = `version: 1
rules:
  - { id: wide, title: T, on: request, keywords: [x, y], then: deny, stage: enforce }
  - { id: narrow, title: T, on: [tool_result], keywords: [x], groups: [g], then: mask, stage: enforce }
`
  assert.match(doubts(covered), /narrow: the rule decides nothing: wide/)
})

test('the hash is that of the file', () => {
  const text = one('then: allow')
  const reading = readPolicy(text, 'p')
  assert.equal(reading.kind === 'policy' && reading.loaded.policy.hash, policyHash(text))
})

test('the example of the guide is a policy', () => {
  const guide = readFileSync(new URL('../../../docs/guide/policy.md', import.meta.url), 'utf8')
  const examples = [...guide.matchAll(/```yaml\n(version: 1\n[\s\S]*?)```/g)].map(
    ([, text]) => text ?? '',
  )
  assert.equal(examples.length, 1)
  for (const text of examples) {
    const reading = readPolicy(text, 'guide')
    if (reading.kind !== 'policy') assert.fail(JSON.stringify(reading.problems))
    assert.ok(runTests(reading.loaded.policy, reading.loaded.tests).every(({ passed }) => passed))
  }
})
