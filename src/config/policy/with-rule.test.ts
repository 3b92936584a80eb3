import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPolicy } from './read-policy.ts'
import { starterPolicyText } from './starter.ts'
import { withRule } from './with-rule.ts'

const RULE = {
  id: 'leak-7',
  title: 'Case 7: a text that leaked',
  on: ['request'],
  keywords: ['Bluebird closes on 14 December', 'a: "b" # c'],
  // oxlint-disable-next-line unicorn/no-thenable -- the name is the policy's
  then: 'deny',
  stage: 'enforce',
}

function rulesOf(text: string) {
  const reading = readPolicy(text, 'test')
  if (reading.kind !== 'policy') assert.fail(JSON.stringify(reading.problems))
  return reading.loaded.policy.rules
}

test('a rule is added behind the others, and comments stay', () => {
  const starter = starterPolicyText()
  const { text, rule } = withRule(starter, RULE)
  assert.deepEqual(
    rulesOf(text).map(({ id }) => id),
    [...rulesOf(starter).map(({ id }) => id), 'leak-7'],
  )
  for (const line of starter.split('\n').filter((one) => one.startsWith('#')))
    assert.ok(text.includes(line), line)
  assert.deepEqual(rulesOf(`version: 1\nrules:\n${rule}`), rulesOf(text).slice(-1))
  assert.deepEqual(rulesOf(text).at(-1)?.criteria.content?.keywords, RULE.keywords)
})

test('without a policy, and with one that has no rules, it becomes the only rule', () => {
  for (const before of ['', '\n', 'version: 1\nrules: []\n', 'version: 1\n'])
    assert.deepEqual(
      rulesOf(withRule(before, RULE).text).map(({ id }) => id),
      ['leak-7'],
    )
})
