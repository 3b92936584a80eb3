import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertFlat } from './harness/steps.ts'
import { matcherOptions, shippedRuleset } from './harness/detectors.ts'
import { HOSTILE_UNITS, hostileText } from './harness/hostile-texts.ts'
import { maskingPaths, textPath } from './harness/masking-paths.ts'
import { scanText } from '../src/detect/matcher.ts'

/** The long suite goes to a megabyte. */
const SIZES = { short: [4_500], long: 9_000 }

for (const name of Object.keys(HOSTILE_UNITS)) {
  test(`Searching ${name} takes as many steps per character in a long text as in a short one`, async () => {
    await assertFlat(textPath('strict'), (length) => hostileText(name, length), SIZES)
  })
}

for (const [path, work] of Object.entries(maskingPaths('pii'))) {
  test(`On its way as ${path} a text takes as many steps per character when it is long`, async () => {
    for (const name of ['controls and quotes', 'tokens and addresses'])
      await assertFlat(work, (length) => hostileText(name, length), { short: [1_500], long: 6_000 })
  })
}

test('A search that goes back to the start at each character does not pass as flat', async () => {
  const square = (text: string): number => {
    let same = 0
    for (let at = 0; at < text.length; at += 1)
      for (let back = 0; back < at; back += 1) if (text[at] === text[back]) same += 1
    return same
  }
  await assert.rejects(
    assertFlat(square, (length) => 'ab'.repeat(length / 2), { short: [100], long: 300 }, [
      '/test/masking-costs',
    ]),
    /steps per character became/,
  )
})

test('The automaton visits a bounded number of states however long the text is', () => {
  const ruleset = shippedRuleset('strict')
  const { automaton } = ruleset
  for (const name of Object.keys(HOSTILE_UNITS)) {
    scanText(ruleset, hostileText(name, 1_000), matcherOptions())
    const before = automaton.states
    scanText(ruleset, hostileText(name, 3_000), matcherOptions())
    assert.ok(automaton.states - before <= 64, name)
  }
})
