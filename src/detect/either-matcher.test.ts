import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { matcherOptions, rulesetOf } from '../../test/harness/detectors.ts'
import { eitherMatcher } from './either-matcher.ts'
import { createJsonMatcher } from './json-fragments.ts'
import { createMatcher } from './matcher.ts'

const RULES = rulesetOf([
  {
    id: 'word',
    entity: 'WORD',
    pattern: 'key: (?P<secret>[!-~]{3,9})',
    examples: { positive: ['key: abc'], negative: ['ab'] },
  },
])

function masked(pieces: readonly string[]): string {
  const matcher = eitherMatcher(
    () => createMatcher(RULES, matcherOptions()),
    () =>
      createJsonMatcher(RULES, {
        ...matcherOptions(),
        numbers: 'string',
        maskKeys: false,
        secretKeys: new Set(['pin']),
      }),
  )
  const steps = [...pieces.map((piece) => matcher.push(piece)), matcher.end()]
  return steps.map(({ emit }) => emit).join('')
}

const values = fc.constantFrom('a "b" c', 'key: ab\\"d', 'key: abcd', 'x', '\n', 'key: "q"')

test('JSON in any pieces stays JSON, and what is masked in it is masked whole', () => {
  fc.assert(
    fc.property(
      fc.array(values, { maxLength: 4 }),
      fc.constantFrom('', '\n\n', ' '.repeat(70)),
      fc.nat(80),
      (list, blank, cut) => {
        const text = blank + JSON.stringify({ pin: 'abc', list })
        const out = masked([text.slice(0, cut), text.slice(cut)])
        assert.equal(out, masked(text.split('')))
        if (blank.length > 64) return
        const shown = list.map((one) => one.replace(/key: .*/s, 'key: <WORD>'))
        assert.deepEqual(JSON.parse(out), { pin: '<SECRET_FIELD>', list: shown })
      },
    ),
  )
})

test('other texts, empty ones and blank ones are masked as text', () => {
  assert.equal(masked(['say {"key: abc"']), 'say {"key: <WORD>')
  for (const text of ['', '  ', '\n', ' '.repeat(200)]) {
    assert.equal(masked([text]), text)
    assert.equal(masked(text.split('')), text)
  }
})
